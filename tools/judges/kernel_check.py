"""What the kernel's client left, seen by the local command: bytes written out from [MS-FSCC] 2.1.2 by hand."""
import os
import struct
import subprocess
import sys

FOLDER, POINTSMAN = sys.argv[1:3]


def utf16(text):
    return text.encode("utf-16-le")


def point(tag, body):
    return struct.pack("<IHH", tag, len(body), 0) + body


def native(text, absolute=False):
    """A symbolic link as fs/smb/client sends it: substitute and print name are the same, one behind the other."""
    name = utf16(text.replace("/", "\\"))
    return point(0xA000000C, struct.pack("<HHHHI", len(name), len(name), 0, len(name), 0 if absolute else 1) + name * 2)


def nfs(kind, data=b""):
    return point(0x80000014, struct.pack("<Q", kind) + data)


def wsl_symlink(text):
    return point(0xA000001D, struct.pack("<I", 2) + text.encode())


LNK, FIFO, CHR, BLK = 0x00000000014B4E4C, 0x000000004F464946, 0x0000000000524843, 0x00000000004B4C42
NFS_NODES = {"fifo": nfs(FIFO), "char": nfs(CHR, struct.pack("<II", 1, 3)), "block": nfs(BLK, struct.pack("<II", 8, 17))}
WSL_NODES = {"fifo": point(0x80000024, b""), "char": point(0x80000025, b""), "block": point(0x80000026, b"")}
LINKS = {"to-file": "file", "to-dir": "dir", "dangling": "nowhere"}


def expected(form):
    """Every point of a folder of forms."""
    nodes = WSL_NODES if form == "wsl" else NFS_NODES
    if form == "symlink_nfs":
        links = {name: nfs(LNK, utf16(target)) for name, target in LINKS.items()}
    elif form == "symlink_wsl":
        links = {name: wsl_symlink(target) for name, target in LINKS.items()}
    elif form in ("mfsymlinks",):
        links = {}
    else:
        links = {name: native(target) for name, target in LINKS.items()}
    return {**links, **nodes}


for form in ("default", "nfs", "wsl", "symlink_native", "symlink_nfs", "symlink_wsl", "mfsymlinks", "vers30", "vers302", "posix"):
    folder = os.path.join(FOLDER, f"f-{form}")
    if not os.path.isdir(folder):
        continue
    for name, wanted in sorted(expected(form).items()):
        ran = subprocess.run([POINTSMAN, "get", "--raw", os.path.join(folder, name)], capture_output=True)
        if ran.stdout == wanted:
            print(f"{form}.bytes.{name}\tpass")
        else:
            why = ran.stdout.hex() or " ".join(ran.stderr.decode().split())
            print(f"{form}.bytes.{name}\tfail\tgot {why}, wanted {wanted.hex()}")
