"""Clients from PyPI, Debian's smbclient and the local command against one share.

Prints a line a test, `name<TAB>pass` or `name<TAB>fail<TAB>why`, which `cargo xtask judge clients` compares with
conformance/clients.tsv. Arguments: PORT SHARE USER PASSWORD DIRECTORY POINTSMAN; DIRECTORY is what the share shows.
The bytes below are written out from [MS-FSCC] 2.1.2; neither side's codec made them.
"""
import os
import re
import stat
import struct
import subprocess
import sys
import tempfile
import traceback
import uuid

import smb_channel

PORT, SHARE, USER, PASSWORD, FOLDER, POINTSMAN = sys.argv[1:7]
PORT = int(PORT)
SERVER = smb_channel.Server(PORT, SHARE, USER, PASSWORD)
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def utf16(text):
    return text.encode("utf-16-le")


def same(got, wanted, what=""):
    if got != wanted:
        raise AssertionError(f"{what}: got {got!r}, wanted {wanted!r}")


def local_raw(name):
    """The bytes that the local command sees, without the server."""
    return subprocess.run([POINTSMAN, "get", "--raw", os.path.join(FOLDER, name)], check=True, capture_output=True).stdout


def local(word, *arguments, given=None):
    return subprocess.run([POINTSMAN, word, *arguments], check=True, capture_output=True, input=given).stdout


# [MS-FSCC] 2.1.2.4, .5 and .3, by hand.
def symlink_bytes(substitute, shown, relative):
    sub, prn = utf16(substitute), utf16(shown)
    body = struct.pack("<HHHHI", 0, len(sub), len(sub), len(prn), 1 if relative else 0) + sub + prn
    return struct.pack("<IHH", 0xA000000C, len(body), 0) + body


def junction_bytes(substitute, shown):
    sub, prn = utf16(substitute), utf16(shown)
    body = struct.pack("<HHHH", 0, len(sub), len(sub) + 2, len(prn)) + sub + b"\0\0" + prn + b"\0\0"
    return struct.pack("<IHH", 0xA0000003, len(body), 0) + body


def vendor_bytes(tag, guid, data):
    return struct.pack("<IHH", tag, len(data), 0) + guid.bytes_le + data


# ---- smbprotocol

SET, GET, DELETE = 0x000900A4, 0x000900A8, 0x000900AC


def unc(name):
    return rf"\\127.0.0.1\{SHARE}\{name}"


def options():
    return {"username": USER, "password": PASSWORD, "port": PORT}


class WithOptions:
    """smbclient's functions, each told the port and the user."""

    def __init__(self, module):
        self.module = module

    def __getattr__(self, name):
        found = getattr(self.module, name)
        if not callable(found):
            return WithOptions(found)
        return lambda *given, **named: found(*given, **named, **options())


def prepare():
    import smbclient
    import smbclient.path

    smbclient.register_session("127.0.0.1", encrypt=True, **options())
    return WithOptions(smbclient)


def control(name, code, data=b"", directory=False, output_size=0, follow=False):
    """One FSCTL on an open of the object itself."""
    import smbclient
    from smbclient._io import SMBDirectoryIO, SMBFileIO
    from smbprotocol.open import CreateOptions, FilePipePrinterAccessMask

    kind = SMBDirectoryIO if directory else SMBFileIO
    create_options = 0 if follow else CreateOptions.FILE_OPEN_REPARSE_POINT
    access = (
        FilePipePrinterAccessMask.FILE_READ_ATTRIBUTES
        | FilePipePrinterAccessMask.FILE_WRITE_ATTRIBUTES
        | FilePipePrinterAccessMask.SYNCHRONIZE
    )
    with kind(unc(name), mode="r+" if not directory else "r", share_access="rwd", desired_access=access,
              create_options=create_options, **options()) as opened:
        return smb_channel.fsctl(opened, code, data, output_size)


def touch(name, data=b""):
    smbclient = prepare()
    with smbclient.open_file(unc(name), mode="wb") as out:
        out.write(data)


def status_of(call):
    from smbprotocol.exceptions import SMBResponseException

    try:
        call()
    except SMBResponseException as error:
        return error.status
    except OSError as error:
        return getattr(error, "ntstatus", repr(error))
    return 0


@test
def smbprotocol_makes_a_symlink_to_a_file_and_reads_through_it():
    smbclient = prepare()
    touch("sp_target", b"through the link")
    smbclient.symlink("sp_target", unc("sp_link"))
    same(smbclient.readlink(unc("sp_link")), unc("sp_target"))
    same(local_raw("sp_link"), symlink_bytes("sp_target", "sp_target", True), "local")
    same(control("sp_link", GET, output_size=16384), local_raw("sp_link"), "wire")
    with smbclient.open_file(unc("sp_link"), mode="rb") as opened:
        same(opened.read(), b"through the link")


@test
def smbprotocol_makes_a_symlink_to_a_directory_and_lists_through_it():
    smbclient = prepare()
    smbclient.makedirs(unc(r"sp_dir\below"), exist_ok=True)
    touch(r"sp_dir\below\file", b"x")
    smbclient.symlink(r"sp_dir\below", unc("sp_dirlink"), target_is_directory=True)
    same(smbclient.listdir(unc("sp_dirlink")), ["file"])
    with smbclient.open_file(unc(r"sp_dirlink\file"), mode="rb") as opened:
        same(opened.read(), b"x")
    same(stat.S_ISLNK(smbclient.lstat(unc("sp_dirlink")).st_mode), True)
    same(stat.S_ISDIR(smbclient.stat(unc("sp_dirlink")).st_mode), True)


@test
def smbprotocol_makes_an_absolute_symlink_that_leads_into_the_share():
    smbclient = prepare()
    touch("sp_abs_target", b"absolute")
    smbclient.symlink(unc("sp_abs_target"), unc("sp_abs"))
    same(smbclient.readlink(unc("sp_abs")), unc("sp_abs_target"))
    with smbclient.open_file(unc("sp_abs"), mode="rb") as opened:
        same(opened.read(), b"absolute")


@test
def smbprotocol_makes_a_link_that_leads_nowhere_and_removes_it():
    smbclient = prepare()
    smbclient.symlink("sp_nowhere_to_be_found", unc("sp_dangling"))
    same(smbclient.path.lexists(unc("sp_dangling")), True)
    same(smbclient.path.exists(unc("sp_dangling")), False)
    smbclient.remove(unc("sp_dangling"))
    same(smbclient.path.lexists(unc("sp_dangling")), False)
    same(os.path.lexists(os.path.join(FOLDER, "sp_dangling")), False)


@test
def smbprotocol_sets_a_junction_on_a_directory_byte_true():
    smbclient = prepare()
    smbclient.mkdir(unc("sp_junction"))
    sent = junction_bytes(r"\??\C:\sp_dir", r"C:\sp_dir")
    same(control("sp_junction", SET, sent, directory=True), b"")
    same(control("sp_junction", GET, directory=True, output_size=16384), sent, "wire")
    same(local_raw("sp_junction"), sent, "local")
    entries = {entry.name: entry for entry in smbclient.scandir(unc(""))}
    same(entries["sp_junction"].smb_info.file_attributes & 0x410, 0x410, "attributes in a listing")
    same(entries["sp_junction"].smb_info.ea_size, 0xA0000003, "tag in a listing")


@test
def smbprotocol_a_junction_on_a_file_is_refused():
    touch("sp_plain")
    sent = junction_bytes(r"\??\C:\x", r"C:\x")
    same(status_of(lambda: control("sp_plain", SET, sent)), 0xC0000103)


@test
def smbprotocol_sets_a_vendors_tag_byte_true_and_deletes_it():
    smbclient = prepare()
    guid = uuid.UUID("6b1b4f2e-55d0-4a11-9f0e-3a52c1c2d3e4")
    for name, directory, size in (("sp_vendor", False, 1000), ("sp_vendor_empty", False, 0), ("sp_vendor_dir", True, 16360)):
        if directory:
            smbclient.mkdir(unc(name))
        else:
            touch(name, b"data stays")
        sent = vendor_bytes(0x00004711, guid, bytes(i * 7 & 255 for i in range(size)))
        control(name, SET, sent, directory=directory)
        same(control(name, GET, directory=directory, output_size=16384), sent, f"wire {name}")
        same(local_raw(name), sent, f"local {name}")
        wrong = vendor_bytes(0x00004711, uuid.UUID(int=1), b"")
        same(status_of(lambda: control(name, DELETE, wrong, directory=directory)), 0xC00002B2, "another vendor's GUID")
        control(name, DELETE, vendor_bytes(0x00004711, guid, b""), directory=directory)
        same(status_of(lambda: control(name, GET, directory=directory, output_size=16384)), 0xC0000275, "after delete")
    same(open(os.path.join(FOLDER, "sp_vendor"), "rb").read(), b"data stays")


@test
def smbprotocol_a_fifo_of_nfs_and_one_of_wsl_come_back_byte_true():
    nfs = struct.pack("<IHHQ", 0x80000014, 8, 0, 0x000000004F464946)
    wsl = struct.pack("<IHH", 0x80000024, 0, 0)
    for name, sent in (("sp_nfs_fifo", nfs), ("sp_wsl_fifo", wsl)):
        touch(name)
        control(name, SET, sent)
        same(control(name, GET, output_size=16384), sent, f"wire {name}")
        same(local_raw(name), sent, f"local {name}")


@test
def smbprotocol_reads_what_the_local_command_set():
    smbclient = prepare()
    local("set", "--create=file", os.path.join(FOLDER, "lo_link"), "--symlink", r"sp_dir\below\file")
    same(smbclient.readlink(unc("lo_link")), unc(r"sp_dir\below\file"))
    with smbclient.open_file(unc("lo_link"), mode="rb") as opened:
        same(opened.read(), b"x")
    sent = vendor_bytes(0x00004712, uuid.UUID(int=5), b"set here")
    touch("lo_vendor")
    local("set", os.path.join(FOLDER, "lo_vendor"), "--raw", "-", given=sent)
    same(control("lo_vendor", GET, output_size=16384), sent)


@test
def smbprotocol_refusals_have_the_statuses_of_windows():
    touch("sp_refused")
    same(status_of(lambda: control("sp_refused", GET, output_size=16384)), 0xC0000275, "no point")
    same(status_of(lambda: control("sp_refused", SET, b"")), 0xC0000206, "no input")
    good = symlink_bytes("somewhere", "somewhere", True)
    same(status_of(lambda: control("sp_refused", SET, good + b"\0")), 0xC0000278, "one byte too many")
    control("sp_refused", SET, good)
    other = struct.pack("<IHH", 0x80000024, 0, 0)
    same(status_of(lambda: control("sp_refused", SET, other)), 0xC0000277, "another tag there")
    same(status_of(lambda: control("sp_refused", GET, output_size=27)), 0xC0000023, "27 bytes")
    same(status_of(lambda: control("sp_refused", DELETE, b"\0" * 24)), 0xC0000276, "tag 0")


@test
def smbprotocol_renames_and_links_the_link_itself():
    smbclient = prepare()
    touch("sp_rename_target", b"1")
    smbclient.symlink("sp_rename_target", unc("sp_before"))
    raw = local_raw("sp_before")
    smbclient.rename(unc("sp_before"), unc("sp_after"))
    same(local_raw("sp_after"), raw)
    smbclient.link(unc("sp_after"), unc("sp_second"), follow_symlinks=False)
    same(local_raw("sp_second"), raw)
    same(smbclient.lstat(unc("sp_second")).st_nlink, 2)


@test
def smbprotocol_walks_stats_and_keeps_extended_attributes_and_streams():
    smbclient = prepare()
    smbclient.makedirs(unc(r"sp_walk\a\b"))
    touch(r"sp_walk\a\f1", b"12345")
    touch(r"sp_walk\a\b\f2")
    found = [(top.rpartition("\\")[2], sorted(dirs), sorted(files)) for top, dirs, files in smbclient.walk(unc("sp_walk"))]
    same(found, [("sp_walk", ["a"], []), ("a", ["b"], ["f1"]), ("b", [], ["f2"])])
    same(smbclient.stat(unc(r"sp_walk\a\f1")).st_size, 5)
    smbclient.setxattr(unc(r"sp_walk\a\f1"), b"KEY", b"value")
    same(smbclient.getxattr(unc(r"sp_walk\a\f1"), b"KEY"), b"value")
    same(smbclient.listxattr(unc(r"sp_walk\a\f1")), [b"KEY"])
    smbclient.removexattr(unc(r"sp_walk\a\f1"), b"KEY")
    same(smbclient.listxattr(unc(r"sp_walk\a\f1")), [])
    touch(r"sp_walk\a\f1:stream", b"abc")
    names = sorted(stream.name for stream in smbclient.liststreams(unc(r"sp_walk\a\f1")))
    same(names, ["::$DATA", ":stream:$DATA"])
    smbclient.utime(unc(r"sp_walk\a\f1"), times=(1_000_000_000, 1_100_000_000))
    same(int(smbclient.stat(unc(r"sp_walk\a\f1")).st_mtime), 1_100_000_000)
    smbclient.truncate(unc(r"sp_walk\a\f1"), 2)
    same(os.path.getsize(os.path.join(FOLDER, "sp_walk/a/f1")), 2)
    smbclient.copyfile(unc(r"sp_walk\a\f1"), unc(r"sp_walk\copy"))
    same(open(os.path.join(FOLDER, "sp_walk/copy"), "rb").read(), b"12")
    total, caller, free = (smbclient.stat_volume(unc("")).total_size, smbclient.stat_volume(unc("")).caller_available_size, 0)
    same(total >= caller > free, True)


@test
def smbprotocol_scans_a_directory_of_thousands():
    smbclient = prepare()
    smbclient.mkdir(unc("sp_many"))
    for i in range(3000):
        open(os.path.join(FOLDER, "sp_many", f"a name that is not short {i:05}"), "x").close()
    same(len(set(smbclient.listdir(unc("sp_many")))), 3000)
    same(len(smbclient.listdir(unc("sp_many"), search_pattern="*0123?")), 0 + sum(1 for i in range(3000) if re.search(r"0123.$", f"{i:05}")))


# ---- smbprotocol over a wire that is cut

def comes_back(name, asks, returns):
    """Writes, loses the connection, and reads what it wrote by the same handle on another connection."""
    guid = uuid.uuid4()
    connection, tree = SERVER.channel(guid)
    first = smb_channel.opened(tree, name, *asks)
    first.write(b"before the cut", 0)
    persistent = first.file_id[:8]
    smb_channel.cut(connection)
    connection, tree = SERVER.channel(guid)
    again = smb_channel.opened(tree, name, *returns(first.file_id))
    same(again.file_id[:8], persistent, "FileId.Persistent")
    same(again.read(0, 14), b"before the cut")
    again.write(b"behind", 0)
    again.close()
    same(open(os.path.join(FOLDER, name), "rb").read(), b"behind the cut")
    # It was closed: nobody finds it again.
    refused = status_of(lambda: smb_channel.opened(tree, name, *returns(first.file_id)))
    same(refused, 0xC0000034, "STATUS_OBJECT_NAME_NOT_FOUND")
    connection.disconnect(True)


@test
def smbprotocol_finds_a_durable_handle_again_behind_a_cut():
    from smbprotocol.create_contexts import CreateContextName
    comes_back(
        "sp_durable",
        (CreateContextName.SMB2_CREATE_DURABLE_HANDLE_REQUEST, b"\0" * 16),
        lambda file_id: (CreateContextName.SMB2_CREATE_DURABLE_HANDLE_RECONNECT, file_id),
    )


@test
def smbprotocol_finds_a_durable_handle_of_the_second_version_again_behind_a_cut():
    from smbprotocol.create_contexts import CreateContextName
    create_guid = uuid.uuid4().bytes_le
    comes_back(
        "sp_durable_v2",
        (CreateContextName.SMB2_CREATE_DURABLE_HANDLE_REQUEST_V2, struct.pack("<IIQ", 0, 0, 0) + create_guid),
        lambda file_id: (
            CreateContextName.SMB2_CREATE_DURABLE_HANDLE_RECONNECT_V2,
            file_id + create_guid + struct.pack("<I", 0),
        ),
    )


# ---- impacket

def impacket_connection(dialect=None):
    from impacket.smb3structs import SMB2_DIALECT_30
    from impacket.smbconnection import SMBConnection

    connection = SMBConnection("127.0.0.1", "127.0.0.1", sess_port=PORT, preferredDialect=dialect or SMB2_DIALECT_30, timeout=30)
    connection.login(USER, PASSWORD)
    return connection


@test
def impacket_makes_and_removes_a_mount_point():
    connection = impacket_connection()
    tree = connection.connectTree(SHARE)
    connection.createDirectory(SHARE, "im_mount")
    connection.createMountPoint(tree, "im_mount", "C:\\sp_dir")
    same(local_raw("im_mount"), junction_bytes(r"\??\C:\sp_dir", r"C:\sp_dir"))
    names = {entry.get_longname(): entry.get_attributes() for entry in connection.listPath(SHARE, "*")}
    same(names["im_mount"] & 0x410, 0x410)
    connection.removeMountPoint(tree, "im_mount")
    same(subprocess.run([POINTSMAN, "get", os.path.join(FOLDER, "im_mount")], capture_output=True).returncode != 0, True)
    connection.deleteDirectory(SHARE, "im_mount")
    connection.logoff()


@test
def impacket_stores_reads_renames_lists_and_deletes():
    import io

    connection = impacket_connection()
    data = bytes(range(256)) * 2000
    connection.createDirectory(SHARE, "im_dir")
    connection.putFile(SHARE, "im_dir\\in", io.BytesIO(data).read)
    connection.rename(SHARE, "im_dir\\in", "im_dir\\out")
    back = io.BytesIO()
    connection.getFile(SHARE, "im_dir\\out", back.write)
    same(back.getvalue() == data, True)
    same(sorted(e.get_longname() for e in connection.listPath(SHARE, "im_dir\\*")), [".", "..", "out"])
    connection.deleteFile(SHARE, "im_dir\\out")
    connection.deleteDirectory(SHARE, "im_dir")
    connection.logoff()


@test
def impacket_lists_the_shares_over_srvsvc():
    connection = impacket_connection()
    names = [share["shi1_netname"].rstrip("\0") for share in connection.listShares()]
    same(SHARE in names and "IPC$" in names, True, names)
    connection.logoff()


@test
def impacket_speaks_every_dialect_it_knows():
    from impacket.smb3structs import SMB2_DIALECT_30, SMB2_DIALECT_311

    # The share is for clients that encrypt: only the dialects from 3.0 on can.
    for dialect in (SMB2_DIALECT_30, SMB2_DIALECT_311):
        connection = impacket_connection(dialect)
        same(connection.getDialect(), dialect)
        connection.listPath(SHARE, "*")
        connection.logoff()


@test
def impacket_is_refused_with_a_wrong_password():
    from impacket.smbconnection import SMBConnection, SessionError

    connection = SMBConnection("127.0.0.1", "127.0.0.1", sess_port=PORT, timeout=30)
    try:
        connection.login(USER, "wrong")
    except SessionError as error:
        same(error.getErrorCode(), 0xC000006D)
    else:
        raise AssertionError("let in")


# ---- Debian's smbclient

def smbclient_says(script, *arguments):
    base = ["smbclient", f"//127.0.0.1/{SHARE}", "-p", str(PORT), "-U", f"{USER}%{PASSWORD}", "--client-protection=encrypt"]
    ran = subprocess.run([*base, *arguments, "-c", script], capture_output=True, text=True, timeout=120)
    text = ran.stdout + ran.stderr
    same(ran.returncode, 0, text)
    return text


@test
def debians_smbclient_lists_a_link_and_is_stopped_on_it():
    touch("dc_target", b"seen by smbclient\n")
    prepare().symlink("dc_target", unc("dc_link"))
    text = smbclient_says("ls dc_*")
    same(bool(re.search(r"dc_link\s", text)), True, text)
    # Samba 4.17 says what the server answered; later ones follow.
    with tempfile.TemporaryDirectory() as there:
        base = ["smbclient", f"//127.0.0.1/{SHARE}", "-p", str(PORT), "-U", f"{USER}%{PASSWORD}"]
        ran = subprocess.run([*base, "-c", f"lcd {there}; get dc_link out"], capture_output=True, text=True, timeout=120)
        if ran.returncode == 0:
            same(open(os.path.join(there, "out"), "rb").read(), b"seen by smbclient\n")
        else:
            same("NT_STATUS_STOPPED_ON_SYMLINK" in ran.stdout + ran.stderr, True, ran.stdout + ran.stderr)


@test
def debians_smbclient_commands():
    with tempfile.TemporaryDirectory() as there:
        data = os.urandom(3_000_000)
        open(os.path.join(there, "in"), "wb").write(data)
        script = (
            f"lcd {there}; mkdir dc; cd dc; put in a; allinfo a; rename a b; scopy b c; du; volume; stat b; "
            "setmode b +rh; setmode b -rh; get c out; ls; utimes b 2020:01:01-00:00:00 -1 -1 -1; "
            "del b; rm c; cd ..; rmdir dc"
        )
        text = smbclient_says(script)
        same(re.sub(r"NT_STATUS_OBJECT_NAME_NOT_FOUND getting alt name", "", text).count("NT_STATUS"), 0, text)
        same(open(os.path.join(there, "out"), "rb").read() == data, True, "the copy")


@test
def debians_smbclient_archives_a_tree():
    smbclient = prepare()
    smbclient.makedirs(unc(r"dc_tree\one\two"))
    touch(r"dc_tree\one\two\file", b"archived")
    with tempfile.TemporaryDirectory() as there:
        smbclient_says(f"tar c {there}/t.tar dc_tree")
        listing = subprocess.run(["tar", "tf", f"{there}/t.tar"], capture_output=True, text=True, check=True).stdout
        same("dc_tree/one/two/file" in listing, True, listing)
        smbclient_says("deltree dc_tree")
        same(os.path.exists(os.path.join(FOLDER, "dc_tree")), False)
        smbclient_says(f"tar x {there}/t.tar")
        same(open(os.path.join(FOLDER, "dc_tree/one/two/file"), "rb").read(), b"archived")


# ---- our own command as a client of the share

@test
def the_command_over_smb_sees_what_it_sees_locally():
    touch("pm_seen")
    sent = vendor_bytes(0x00004713, uuid.UUID(int=9), b"seen twice")
    control("pm_seen", SET, sent)
    place = f"smb://{USER}@127.0.0.1:{PORT}/{SHARE}/pm_seen"
    environment = {**os.environ, "POINTSMAN_PASSWORD": PASSWORD}
    ran = subprocess.run([POINTSMAN, "get", "--raw", place], capture_output=True, env=environment)
    same(ran.stdout, sent, ran.stderr)
    same(local_raw("pm_seen"), sent)


for one in TESTS:
    try:
        one()
    except BaseException as error:  # a client that exits is a failure too
        why = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        print(f"{one.__name__}\tfail\t{why}", flush=True)
        if os.environ.get("JUDGE_TRACE"):
            traceback.print_exc()
    else:
        print(f"{one.__name__}\tpass", flush=True)
