# Runs inside the machine of kclient.sh, in the mounted share, until SECONDS_TO_GO are over (a line put before this one sets it).
# Prints a line for each error, then `@@ROUNDS rounds errors`; its status says whether there was one.
now() { cut -d. -f1 /proc/uptime; }
end=$(($(now) + SECONDS_TO_GO)) rounds=0 errors=0
wrong() {
    errors=$((errors + 1))
    [ $errors -gt 20 ] || echo "@@ERROR kernel round $rounds: $*"
}
is() { [ "$2" = "$3" ] || wrong "$1: got '$3', wanted '$2'"; }
does() { # COMMAND...
    why=$("$@" 2>&1) || wrong "$*: $why"
}
again() { # OPTIONS: it changes the working directory, so it runs in no shell of its own
    remount "$1" > /tmp/why 2>&1 || wrong "remount $1: $(cat /tmp/why)"
}
kind() { stat -c '%F' "$1"; }
dd if=/dev/urandom of=/tmp/data bs=64k count=8 2>/dev/null
sum=$(md5sum < /tmp/data)

while [ "$(now)" -lt $end ]; do
    d=kernel/r$((rounds % 16))
    does mkdir -p $d/dir
    does cp /tmp/data $d/data
    does ln -s data $d/link
    does ln -s dir $d/to-dir
    does ln -s nowhere $d/dangling
    does mkfifo $d/fifo
    does mknod $d/char c 1 3
    does ln $d/data $d/hard
    is readlink data "$(readlink $d/link)"
    is dangling nowhere "$(readlink $d/dangling)"
    is through "$sum" "$(md5sum < $d/link)"
    echo below > $d/dir/below
    is below below "$(cat $d/to-dir/below)"
    is fifo fifo "$(kind $d/fifo)"
    is char 'character special file' "$(kind $d/char)"
    is links 2 "$(stat -c %h $d/data)"
    does mv $d/link $d/moved
    is moved data "$(readlink $d/moved)"
    does setfattr -n user.KEY -v "v$rounds" $d/data
    is xattr "v$rounds" "$(getfattr --only-values -n user.KEY $d/data 2>&1)"
    is listed 'char dangling data dir fifo hard moved to-dir' "$(ls $d | tr '\n' ' ' | sed 's/ $//')"
    # Others write this all the time: what is cached of it is broken by the server.
    is common 64 "$(wc -c < common/now | tr -d ' ')"
    does sh -c "printf '%-63s\n' 'kernel $rounds' | dd of=common/now conv=notrunc bs=64 2>/dev/null"
    case $((rounds % 12)) in
    3) again seal ;;
    6) again reparse=wsl ;;
    9) again nosharesock,actimeo=0 ;;
    11) again vers=3.0 ;;
    esac
    is remounted "$sum" "$(md5sum < $d/hard)"
    does rm -r $d
    rounds=$((rounds + 1))
    sleep 1
done
echo "@@ROUNDS $rounds $errors"
[ $errors = 0 ]
