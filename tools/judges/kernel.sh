# Runs inside the machine of kclient.sh, in the mounted share: a line a test, `name<TAB>pass` or `name<TAB>fail<TAB>why`.
say() { # NAME EXPECTED GOT
    if [ "$2" = "$3" ]; then printf '%s\tpass\n' "$1"; else printf '%s\tfail\tgot %s, wanted %s\n' "$1" "$(echo "$3" | tr '\n\t' '  ' | cut -c1-200)" "$2"; fi
}
holds() { # NAME COMMAND...
    name=$1; shift
    if why=$("$@" 2>&1); then printf '%s\tpass\n' "$name"; else printf '%s\tfail\t%s: %s\n' "$name" "$*" "$(echo "$why" | tr '\n\t' '  ' | cut -c1-200)"; fi
}
kind() { stat -c '%F' "$1"; }

# What the local command made.
say local.symlink local-target "$(readlink local-link)"
say local.symlink_followed target "$(cat local-link)"
say local.nfs_fifo fifo "$(kind local-fifo)"
say local.wsl_symlink local-target "$(readlink local-wsl)"
holds local.vendor_tag_is_listed sh -c 'ls | grep -qx local-vendor'

# Every form of link and special file, in every form the kernel knows, and again after a remount.
forms() { # FOLDER ABSOLUTE
    mkdir "$1" && cd "$1" || return
    echo hello > file; mkdir dir; echo below > dir/below
    ln -s file to-file; ln -s dir to-dir; ln -s nowhere dangling; ln -s "$2" absolute; ln -s ../"$1"/dir/below climbing
    mkfifo fifo; mknod char c 1 3; mknod block b 8 17
    cd ..
}
look() { # FOLDER PREFIX ABSOLUTE
    say "$2.file" file "$(readlink "$1/to-file")"
    say "$2.file_followed" hello "$(cat "$1/to-file" 2>&1)"
    say "$2.dir_followed" below "$(ls "$1/to-dir/" 2>&1)"
    say "$2.through_dir" below "$(cat "$1/to-dir/below" 2>&1)"
    say "$2.nowhere" nowhere "$(readlink "$1/dangling")"
    say "$2.absolute" "$3" "$(readlink "$1/absolute")"
    say "$2.climbing" below "$(cat "$1/climbing" 2>&1)"
    say "$2.fifo" fifo "$(kind "$1/fifo")"
    say "$2.char" 'character special file 1:3' "$(stat -c '%F %t:%T' "$1/char")"
    say "$2.block" 'block special file 8:11' "$(stat -c '%F %t:%T' "$1/block")"
}
try() { # NAME OPTIONS ABSOLUTE ABSOLUTE_AFTER
    if ! remount "$2" 2>/dev/null; then
        printf '%s\tskip\tthis kernel does not know %s\n' "$1.mount" "$2"; remount seal; return
    fi
    forms "f-$1" "$3"; look "f-$1" "$1" "$3"
    remount "$2"; look "f-$1" "$1.remounted" "$4"
}
# 6.12 writes an absolute target without its first slash into a native link, and reads it so: what is stored is what it sent.
# Later ones make a native link of an absolute target only below symlinkroot=, as /mnt/c for C:, and refuse the others
# without asking the server. symlink=unix, symlink=none and reparse=none ask for SMB1's extensions or for nothing.
case $(uname -r) in
6.12.*) native=/etc/absolute; native_after=etc/absolute; posix_after=etc/absolute; at= ;;
*) native=/mnt/c/absolute; native_after=$native; posix_after=$native; at=,symlinkroot=/mnt/ ;;
esac
try default seal$at $native $native_after
try nfs seal,reparse=nfs$at $native $native_after
try wsl seal,reparse=wsl$at $native $native_after
try symlink_native seal,symlink=native$at $native $native_after
try symlink_nfs seal,symlink=nfs /etc/absolute /etc/absolute
try symlink_wsl seal,symlink=wsl /etc/absolute /etc/absolute
try symlink_mf seal,symlink=mfsymlinks,mfsymlinks /etc/absolute /etc/absolute
try symlink_sfu seal,symlink=sfu,sfu /etc/absolute /etc/absolute
try mfsymlinks seal,mfsymlinks /etc/absolute /etc/absolute
try vers30 seal,vers=3.0$at $native $native_after
try vers302 seal,vers=3.0.2$at $native $native_after
try posix seal,posix $native $posix_after
remount seal

# Names.
mkdir names; cd names
echo data > a; ln -s a link; mkfifo pipe
mv link moved; say rename.symlink a "$(readlink moved)"
say rename.old_is_gone 1 "$(readlink link >/dev/null 2>&1; echo $?)"
mkdir d; mv moved d/deeper; say rename.across a "$(readlink d/deeper)"
mv pipe pipe2; say rename.fifo fifo "$(kind pipe2)"
mv d e; say rename.directory a "$(readlink e/deeper)"
ln a hard; say hardlink.count '2 2' "$(stat -c %h a) $(stat -c %h hard)"
say hardlink.inode "$(stat -c %i a)" "$(stat -c %i hard)"
echo more >> hard; say hardlink.data 'data more' "$(cat a | tr '\n' ' ' | sed 's/ $//')"
rm a; say hardlink.left 1 "$(stat -c %h hard)"
echo new > replacement; mv replacement hard; say rename.replaces new "$(cat hard)"
rm e/deeper; rmdir e; say remove.directory 1 "$(ls -d e >/dev/null 2>&1; echo $?)"
cd ..

# Copies and archives of a tree of links.
cp -a f-default copy; say cp.file hello "$(cat copy/to-file)"
say cp.nowhere nowhere "$(readlink copy/dangling)"
say cp.fifo fifo "$(kind copy/fifo)"
say cp.char '1:3' "$(stat -c '%t:%T' copy/char)"
tar cf /tmp/tree.tar f-default; mkdir out; tar xf /tmp/tree.tar -C out
look out/f-default tar "$(readlink f-default/absolute)"
rm -rf out copy; say rm.tree 1 "$(ls -d out >/dev/null 2>&1; echo $?)"

# Files.
dd if=/dev/urandom of=/tmp/big bs=64k count=64 2>/dev/null; cp /tmp/big big; sync
say data.copy "$(md5sum < /tmp/big)" "$(md5sum < big)"
remount seal; say data.remounted "$(md5sum < /tmp/big)" "$(md5sum < big)"
truncate -s 100 big; say data.truncated 100 "$(stat -c %s big)"
echo tail >> big; say data.appended 105 "$(stat -c %s big)"
mkdir many; for i in $(seq 300); do : > many/$i; done; say directory.many 300 "$(ls many | wc -l)"
rm -rf many; say directory.emptied 1 "$(ls -d many >/dev/null 2>&1; echo $?)"
# The server keeps names of EAs in upper case, as NTFS does.
setfattr -n user.key -v value big; say xattr.value value "$(getfattr --only-values -n user.KEY big 2>/dev/null)"
touch -d '2001-02-03 04:05:06' big; say times.set 981173106 "$(stat -c %Y big)"
chmod 444 big; say attributes.read_only r "$(ls -l big | cut -c2)"; chmod 644 big
say statfs 1 "$(df . | tail -1 | grep -c "$MNT")"

# git.
if git --version >/dev/null 2>&1; then
    export HOME=/tmp GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
    ln -s git /bin/git-upload-pack; ln -s git /bin/git-receive-pack
    ( mkdir /tmp/repo; cd /tmp/repo; git init -q; git config core.symlinks true
      for i in 1 2 3 4 5 6 7 8; do mkdir d$i; echo $i > d$i/f; ln -s ../d$i/f d$i/l; done; ln -s nowhere n; git add .; git commit -qm one ) >/dev/null 2>&1
    holds git.clone git clone -q /tmp/repo clone
    cd clone
    say git.symlinks 9 "$(find . -type l | wc -l)"
    # The mount shows mode bits of its own, which is no change of the files.
    git config core.fileMode false; say git.status '' "$(git status --porcelain 2>&1)"
    holds git.fsck git fsck
    echo x > x; ln -s x y; git add x y; holds git.commit git commit -qm two
    holds git.switch git checkout -q HEAD~1
    cd ..
else
    printf 'git.clone\tskip\tno git on the host to copy in\n'
fi
