"""One of the clients of `cargo xtask judge soak`: works on the share in rounds until its time is over, and compares all it gets.

Arguments: ROLE PORT SHARE USER PASSWORD FOLDER POINTSMAN SECONDS; ROLE is one of smbclient, smbprotocol, impacket, command.
FOLDER is what the share shows. Prints a line for each error, then `ROLE<TAB>rounds<TAB>errors`. Exits with 1 after an error.
"""
import io
import os
import random
import struct
import subprocess
import sys
import tempfile
import time
import traceback
import uuid

import smb_channel

ROLE, PORT, SHARE, USER, PASSWORD, FOLDER, POINTSMAN, SECONDS = sys.argv[1:9]
PORT, SECONDS = int(PORT), float(SECONDS)
SERVER = smb_channel.Server(PORT, SHARE, USER, PASSWORD)
# The bytes of files come from chance that repeats.
CHANCE = random.Random(ROLE)
# Errors that are told; all are counted.
TOLD_MAX = 20

SET, GET, DELETE = 0x000900A4, 0x000900A8, 0x000900AC
VENDOR = uuid.UUID("6b1b4f2e-55d0-4a11-9f0e-3a52c1c2d3e4")
# What several clients read and write at once: of this length, whoever wrote it.
COMMON, COMMON_LEN = "common/now", 64


def same(got, wanted, what=""):
    if got != wanted:
        raise AssertionError(f"{what}: got {got!r:.300}, wanted {wanted!r:.300}")


def vendor_bytes(data):
    return struct.pack("<IHH", 0x00004711, len(data), 0) + VENDOR.bytes_le + data


def common_bytes(number):
    return f"{ROLE} {number}".ljust(COMMON_LEN - 1, ".").encode() + b"\n"


def is_common(data):
    return len(data) == COMMON_LEN and data.endswith(b"\n") and data[:1].isalpha()


# ---- Debian's smbclient

def smbclient_round(number):
    dialect = ("SMB2_02", "SMB2_10", "SMB3_00", "SMB3_02", "SMB3_11")[number % 5]
    protection = ("off", "sign", "encrypt")[number // 5 % 3]
    if protection == "encrypt" and dialect.startswith("SMB2"):
        protection = "sign"
    folder = f"smbclient\\r{number % 16}"
    data = CHANCE.randbytes(CHANCE.choice((0, 10, 5000, 70_000, 1_500_000)))
    with tempfile.TemporaryDirectory() as there:
        with open(os.path.join(there, "in"), "wb") as out:
            out.write(data)
        script = (
            f"lcd {there}; mkdir {folder}; cd {folder}; put in a; rename a b; get b out; scopy b c; get c out2; ls; "
            f"allinfo b; rm b; rm c; cd \\; rmdir {folder}; ls common\\*; get common\\now now"
        )
        base = ["smbclient", f"//127.0.0.1/{SHARE}", "-p", str(PORT), "-U", f"{USER}%{PASSWORD}", "-m", dialect]
        ran = subprocess.run(
            [*base, f"--client-protection={protection}", "-c", script], capture_output=True, text=True, timeout=120
        )
        text = ran.stdout + ran.stderr
        what = f"{dialect} {protection}"
        same(ran.returncode, 0, f"{what}: {text}")
        # allinfo asks for a short name, which a share without any refuses.
        others = [line for line in text.splitlines() if "NT_STATUS" in line and "alt name" not in line]
        same(others, [], what)
        for copy in ("out", "out2"):
            same(open(os.path.join(there, copy), "rb").read() == data, True, f"{what}: {copy}")
        now = open(os.path.join(there, "now"), "rb").read()
        same(is_common(now), True, f"{what}: {now!r}")


# ---- smbprotocol

def unc(name):
    return rf"\\127.0.0.1\{SHARE}\{name}".replace("/", "\\")


def options():
    return {"username": USER, "password": PASSWORD, "port": PORT}


def control(name, code, data=b"", output_size=0):
    """One FSCTL on an open of the object itself."""
    from smbclient._io import SMBFileIO
    from smbprotocol.open import CreateOptions, FilePipePrinterAccessMask as Mask

    access = Mask.FILE_READ_ATTRIBUTES | Mask.FILE_WRITE_ATTRIBUTES | Mask.SYNCHRONIZE
    with SMBFileIO(unc(name), mode="r+", share_access="rwd", desired_access=access,
                   create_options=CreateOptions.FILE_OPEN_REPARSE_POINT, **options()) as opened:
        return smb_channel.fsctl(opened, code, data, output_size)


def smbprotocol_round(number):
    import smbclient
    import smbclient.path

    # Now and then all is dropped and another logon begins, sealed or signed.
    if number % 50 == 0:
        smbclient.reset_connection_cache()
        smbclient.register_session("127.0.0.1", encrypt=number % 100 == 0, **options())
    folder = f"smbprotocol/r{number % 32}"
    smbclient.makedirs(unc(f"{folder}/below"), **options())
    data = CHANCE.randbytes(CHANCE.choice((1, 4096, 300_000)))
    with smbclient.open_file(unc(f"{folder}/file"), mode="wb", **options()) as out:
        out.write(data)
    smbclient.symlink("file", unc(f"{folder}/link"), **options())
    same(smbclient.readlink(unc(f"{folder}/link"), **options()), unc(f"{folder}/file"))
    with smbclient.open_file(unc(f"{folder}/link"), mode="rb", **options()) as opened:
        same(opened.read() == data, True, "through the link")
    smbclient.rename(unc(f"{folder}/link"), unc(f"{folder}/below/link"), **options())
    point = vendor_bytes(CHANCE.randbytes(CHANCE.choice((0, 100, 16_000))))
    control(f"{folder}/file", SET, point)
    same(control(f"{folder}/file", GET, output_size=16_384), point, "the point")
    control(f"{folder}/file", DELETE, vendor_bytes(b""))
    found = sorted(entry.name for entry in smbclient.scandir(unc(folder), **options()))
    same(found, ["below", "file"])
    smbclient.setxattr(unc(f"{folder}/file"), b"KEY", struct.pack("<I", number), **options())
    same(smbclient.getxattr(unc(f"{folder}/file"), b"KEY", **options()), struct.pack("<I", number))
    for name in ("file", "below/link"):
        smbclient.remove(unc(f"{folder}/{name}"), **options())
    smbclient.rmdir(unc(f"{folder}/below"), **options())
    smbclient.rmdir(unc(folder), **options())
    # What others keep in their caches is broken by this.
    with smbclient.open_file(unc(COMMON), mode="r+b", share_access="rwd", **options()) as opened:
        same(is_common(opened.read()), True, COMMON)
        opened.seek(0)
        opened.write(common_bytes(number))
    if number % 10 == 0:
        comes_back(number)


def comes_back(number):
    """A durable handle over a wire that is cut; every third is left to the server, whose time it runs out of."""
    from smbprotocol.create_contexts import CreateContextName as Name

    guid, create_guid = uuid.uuid4(), uuid.uuid4().bytes_le
    name = f"smbprotocol\\durable{number % 30}"
    connection, tree = SERVER.channel(guid)
    asks = struct.pack("<IIQ", 0, 0, 0) + create_guid
    first = smb_channel.opened(tree, name, Name.SMB2_CREATE_DURABLE_HANDLE_REQUEST_V2, asks)
    first.write(b"before the cut", 0)
    smb_channel.cut(connection)
    if number % 30 == 0:
        return
    connection, tree = SERVER.channel(guid)
    returns = first.file_id + create_guid + struct.pack("<I", 0)
    again = smb_channel.opened(tree, name, Name.SMB2_CREATE_DURABLE_HANDLE_RECONNECT_V2, returns)
    same(again.read(0, 14), b"before the cut")
    again.close()
    connection.disconnect(True)


# ---- impacket

def impacket_round(number):
    from impacket.smb3structs import SMB2_DIALECT_30, SMB2_DIALECT_311, SMB2_DIALECT_002, SMB2_DIALECT_21
    from impacket.smbconnection import SMBConnection

    dialect = (SMB2_DIALECT_30, SMB2_DIALECT_311, SMB2_DIALECT_002, SMB2_DIALECT_21)[number % 4]
    connection = SMBConnection("127.0.0.1", "127.0.0.1", sess_port=PORT, preferredDialect=dialect, timeout=60)
    connection.login(USER, PASSWORD)
    folder = f"impacket\\r{number % 16}"
    data = CHANCE.randbytes(CHANCE.choice((7, 60_000, 400_000)))
    connection.createDirectory(SHARE, folder)
    connection.putFile(SHARE, f"{folder}\\in", io.BytesIO(data).read)
    connection.rename(SHARE, f"{folder}\\in", f"{folder}\\out")
    back = io.BytesIO()
    connection.getFile(SHARE, f"{folder}\\out", back.write)
    same(back.getvalue() == data, True, "what came back")
    tree = connection.connectTree(SHARE)
    connection.createDirectory(SHARE, f"{folder}\\mount")
    # impacket itself refuses to make mount points in 3.1.1.
    mounts = dialect != SMB2_DIALECT_311
    if mounts:
        connection.createMountPoint(tree, f"{folder}\\mount", "C:\\impacket")
    entries = {entry.get_longname(): entry.get_attributes() for entry in connection.listPath(SHARE, f"{folder}\\*")}
    same(sorted(entries), [".", "..", "mount", "out"])
    same(entries["mount"] & 0x410, 0x410 if mounts else 0x10)
    if mounts:
        connection.removeMountPoint(tree, f"{folder}\\mount")
    connection.disconnectTree(tree)
    connection.deleteDirectory(SHARE, f"{folder}\\mount")
    connection.deleteFile(SHARE, f"{folder}\\out")
    connection.deleteDirectory(SHARE, folder)
    same(SHARE in [share["shi1_netname"].rstrip("\0") for share in connection.listShares()], True)
    # Some go without a word, as clients do that crash.
    if number % 3:
        # logoff() alone would leave the connection to the server's idle_timeout.
        connection.close()
    else:
        connection.getSMBServer().get_socket().close()


# ---- our own command, as a client and beside the server

def command(*words, given=None):
    environment = {**os.environ, "POINTSMAN_PASSWORD": PASSWORD}
    ran = subprocess.run([POINTSMAN, *words], capture_output=True, input=given, env=environment, timeout=120)
    same(ran.returncode, 0, f"{words}: {ran.stderr}")
    return ran.stdout


def command_round(number):
    name = f"command/f{number % 16}"
    place = f"smb://{USER}@127.0.0.1:{PORT}/{SHARE}/{name}"
    local = os.path.join(FOLDER, name)
    point = vendor_bytes(CHANCE.randbytes(CHANCE.choice((0, 500, 16_000))))
    # Either side sets, the other sees it.
    here, there = (place, local) if number % 2 else (local, place)
    if not os.path.exists(local):
        open(local, "wb").close()
    command("set", here, "--raw", "-", given=point)
    same(command("get", "--raw", there), point, "the point")
    found = command("find", "--paths", f"smb://{USER}@127.0.0.1:{PORT}/{SHARE}/command") if number % 5 == 0 else None
    if found is not None:
        same(os.path.basename(name).encode() in found, True, found)
    command("delete", there)


ROUNDS = {
    "smbclient": (smbclient_round, 1.0),
    "smbprotocol": (smbprotocol_round, 0.2),
    "impacket": (impacket_round, 0.5),
    "command": (command_round, 1.0),
}


def main():
    one, pause = ROUNDS[ROLE]
    end = time.monotonic() + SECONDS
    number = errors = 0
    while time.monotonic() < end:
        try:
            one(number)
        except BaseException as error:  # a client that exits is a failure too
            errors += 1
            if errors <= TOLD_MAX:
                why = " ".join(f"{type(error).__name__}: {error}".split())[:600]
                print(f"@@ERROR {ROLE} round {number} at {time.strftime('%H:%M:%S')}: {why}", flush=True)
                if os.environ.get("JUDGE_TRACE"):
                    traceback.print_exc()
            if isinstance(error, KeyboardInterrupt):
                break
            time.sleep(1)
        number += 1
        time.sleep(pause)
    print(f"{ROLE}\t{number}\t{errors}", flush=True)
    # What a library leaves open must not keep it from ending.
    sys.stdout.flush()
    os._exit(1 if errors else 0)


main()
