#!/bin/sh
# ntfs.sh DIR: what judges NTFS images, put into DIR where Debian does not install it: ntfsck of ntfsprogs-plus (from
# Debian sid, with the libc that it wants), dissect.target from PyPI, a kernel with ntfs3.
# What is there already stays. Needs root on Debian.
set -eu
dir=$1
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
export DEBIAN_FRONTEND=noninteractive

apt-get update -q
apt-get install -y -q --no-install-recommends ntfs-3g attr libfsntfs-utils qemu-system-x86 busybox-static cpio xz-utils \
    procps python3-venv

if [ ! -x "$dir/bin/ntfsck" ]; then
    # An apt of its own, so that the machine's does not learn of sid.
    apt="$dir/apt"
    mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial" "$apt/etc/preferences.d" \
        "$apt/etc/sources.list.d" "$apt/etc/apt.conf.d" "$dir/sid" "$dir/bin"
    key=/usr/share/keyrings/debian-archive-keyring.gpg
    echo "deb [signed-by=$key] http://deb.debian.org/debian sid main" > "$apt/etc/sources.list"
    sid() {
        apt-get -o Dir="$apt" -o Dir::State="$apt/state" -o Dir::Cache="$apt/cache" -o Dir::Etc="$apt/etc" \
            -o Dir::State::status=/var/lib/dpkg/status -o APT::Sandbox::User=root "$@"
    }
    sid update -q
    # With the libc that it wants, beside the machine's.
    (cd "$dir/sid" && sid download -q ntfsprogs-plus libc6 libuuid1 && for deb in *.deb; do dpkg-deb -x "$deb" .; done)
    ntfsck=$(find "$dir/sid" -name ntfsck -type f | head -1)
    loader=$(find "$dir/sid" -name 'ld-linux-x86-64.so.2' | head -1)
    libraries="$dir/sid/usr/lib/x86_64-linux-gnu:$dir/sid/lib/x86_64-linux-gnu"
    printf '#!/bin/sh\nexec "%s" --library-path "%s" "%s" "$@"\n' "$loader" "$libraries" "$ntfsck" > "$dir/bin/ntfsck"
    chmod +x "$dir/bin/ntfsck"
    "$dir/bin/ntfsck" -V
fi

if ! "$dir/venv/bin/python" -c 'import dissect.ntfs' 2> /dev/null; then
    python3 -m venv "$dir/venv"
    "$dir/venv/bin/pip" install -q dissect.target
fi

if [ ! -d "$dir/kernel" ]; then
    # The package that the newest depends on. Debian's own kernels have had ntfs3 since 6.12; bookworm has that as well.
    for meta in linux-image-6.12-cloud-amd64 linux-image-cloud-amd64; do
        image=$(apt-cache depends "$meta" 2> /dev/null | sed -n 's/.*Depends: \(linux-image-[^ ]*\)/\1/p' | head -1)
        [ -z "$image" ] || break
    done
    mkdir -p "$dir/deb"
    (cd "$dir/deb" && apt-get download -q -o APT::Sandbox::User=root "$image")
    for deb in "$dir"/deb/*.deb; do dpkg-deb -x "$deb" "$dir/kernel"; done
fi
