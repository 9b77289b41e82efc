#!/bin/sh
# kernel.sh KERNEL_DIR SCRIPT IMAGE...: boots an unpacked Debian kernel under qemu with the images as /dev/vda, /dev/vdb ...
# and runs SCRIPT there (busybox sh). Its output stands between "@@BEGIN" and "@@END".
set -eu
kernel=$1 script=$2; shift 2
vmlinuz=$(find "$kernel" -name 'vmlinuz-*' -type f | head -1)
modules=$(find "$kernel" -path '*/lib/modules/*' -name kernel -type d | head -1)
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
mkdir -p "$work/root/bin" "$work/root/mnt" "$work/root/dev" "$work/root/proc" "$work/root/sys"
cp "$(command -v busybox)" "$work/root/bin/busybox"
for name in virtio virtio_ring virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk ntfs3; do
    found=$(find "$modules" -name "$name.ko*" | head -1)
    case $found in
        *.xz) xz -dc "$found" > "$work/root/$name.ko" ;;
        ?*) cp "$found" "$work/root/$name.ko" ;;
    esac
done
cp "$script" "$work/root/script"
cat > "$work/root/init" <<'INIT'
#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
# Which needs which differs from kernel to kernel: what fails for want of another is tried again.
for round in 1 2 3 4; do
    for module in /*.ko; do insmod "$module" 2> /dev/null; done
done
echo "@@BEGIN"; sh /script 2>&1; echo "@@END"
poweroff -f
INIT
chmod +x "$work/root/init"
(cd "$work/root" && find . | cpio -o -H newc --quiet | gzip -1) > "$work/initrd"
drives=""
for image in "$@"; do drives="$drives -drive file=$image,format=raw,if=virtio"; done
# shellcheck disable=SC2086
timeout 240 qemu-system-x86_64 -accel tcg,thread=multi -cpu max -m 512 -display none -monitor none -serial stdio -no-reboot \
    $drives -kernel "$vmlinuz" -initrd "$work/initrd" -append "console=ttyS0 quiet rdinit=/init panic=-1 mitigations=off tsc=reliable random.trust_cpu=on" </dev/null
