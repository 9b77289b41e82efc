# Runs inside a Linux of its own, in a share that the kernel's client mounted; busybox sh. One line a fact: "ok" or "FAIL".
export HOME=/tmp
t() { name=$1; shift; if "$@" > /tmp/said 2>&1; then echo "ok $name"; else echo "FAIL $name: $(tr '\n' ' ' < /tmp/said)"; fi; }
is() { [ "$2" = "$3" ] && echo "ok $1" || echo "FAIL $1: '$2' is not '$3'"; }
kind() { stat -c %F "$1" 2>&1; }

for how in nfs wsl; do
  remount seal,reparse=$how || { echo "FAIL $how: no mount"; continue; }
  t "$how mkdir" mkdir $how
  cd $how
  echo hi > target; mkdir dir; echo inner > dir/inner
  t "$how link to a file" ln -s target rel
  t "$how link to a directory" ln -s dir dlink
  t "$how link to nowhere" ln -s nowhere/x dangling
  t "$how absolute link" ln -s /etc/passwd abs
  t "$how fifo" mkfifo fifo
  t "$how character device" mknod chr c 1 3
  t "$how block device" mknod blk b 8 1
  t "$how hard link" ln target hard
  t "$how rename of a link" mv rel renamed
  cd ..
done
for how in nfs wsl; do
  remount seal,reparse=$how
  for made in nfs wsl; do
    cd $made; w="$made seen by $how:"
    is "$w link" "$(readlink renamed)" target
    is "$w through it" "$(cat renamed)" hi
    is "$w link to a directory" "$(readlink dlink)" dir
    is "$w through that" "$(cat dlink/inner)" inner
    is "$w link to nowhere" "$(readlink dangling)" nowhere/x
    is "$w fifo" "$(kind fifo)" fifo
    is "$w character device" "$(kind chr) $(stat -c %t:%T chr)" "character special file 1:3"
    is "$w block device" "$(kind blk) $(stat -c %t:%T blk)" "block special file 8:1"
    is "$w hard links" "$(stat -c %h hard)" 2
    cd ..
  done
done

mkdir /src /src/sd; echo a > /src/a; ln -s a /src/la; ln -s ../a /src/sd/lb; mkfifo /src/ff; ln /src/a /src/hl
t "cp -a" cp -a /src copied
is "cp -a: links" "$(readlink copied/la) $(readlink copied/sd/lb) $(kind copied/ff)" "a ../a fifo"
t "tar" sh -c 'tar -C / -cf - src | tar -xf - -C .'
is "tar: links" "$(readlink src/la) $(readlink src/sd/lb) $(kind src/ff)" "a ../a fifo"
if [ -x /bin/git ]; then
  git config --global --add safe.directory '*'; git config --global user.name a; git config --global user.email a@b
  mkdir /repo; ( cd /repo; git init -q .; echo x > f; ln -s f l; mkdir d; ln -s ../f d/up; git add -A; git commit -qm one )
  t "git clone" git clone -q /repo clone
  is "git clone: links" "$(readlink clone/l) $(readlink clone/d/up)" "f ../f"
  is "git status" "$(git -C clone status --short)" ""
  t "git fsck" git -C clone fsck
fi
dd if=/dev/urandom of=/tmp/big bs=1M count=16 2>/dev/null
t "16 MiB written" cp /tmp/big big
remount seal
t "16 MiB read" cmp /tmp/big big
t "append" sh -c 'echo tail >> big; [ "$(tail -c 5 big)" = tail ]'
t "many files" sh -c 'for i in $(seq 200); do echo $i > n$i || exit 1; done; [ $(ls -d n[0-9]* | wc -l) = 200 ] && rm n[0-9]*'
t "remove a tree" rm -r copied
# NTFS keeps the names of EAs in upper case, and this client compares them exactly.
is "an attribute" "$(setfattr -n user.foo -v bar big && getfattr --only-values -n user.FOO big)" bar
echo "end"
