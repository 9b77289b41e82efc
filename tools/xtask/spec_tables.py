#!/usr/bin/env python3
"""Writes docs/spec/*.tsv: numbers, names and section titles, taken from the public specification text by script.

usage: spec_tables.py TEXTS OUT
TEXTS holds the sources, fetched beforehand and never committed (docs/spec/README.md says from where); OUT is docs/spec.
The tables are facts to test the code against. The code's own numbers were taken from other copies of the same facts
(Microsoft's SDK headers), so an error in either copy shows as a failing test.
"""
import pathlib
import re
import sys

TEXTS, OUT = (pathlib.Path(arg) for arg in sys.argv[1:3])
SPECS = "awakecoding/openspecs 8cdf89c, skills/windows-protocols"
SDK = "microsoft/win32metadata d0f3630, generation/WinSDK/RecompiledIdlHeaders"
NTC = "googleprojectzero/sandbox-attacksurface-analysis-tools d755b5c, NtCoreLib/NtWellKnownIoControlCodes.cs"
NDK = "KNSoft/KNSoft.NDK d31d310, Source/Include/KNSoft/NDK/NT/Io/Addendum.h (a copy of ntifs.h's vendor list)"
WINE = "zfigura/wine e831b0d, dlls/ntdll/tests/error.c (asserted by its authors against Windows)"


def text(name):
    return (TEXTS / name).read_text(encoding="utf-8-sig", errors="replace").replace("\\_", "_")


def section(spec, number):
    """The text of one section, up to the next heading that is not below it."""
    body = text(f"{spec}.md")
    start = re.search(rf"^#+ {re.escape(number)} .*$", body, re.M)
    for heading in re.compile(r"^#+ (\d[\d.]*) .*$", re.M).finditer(body, start.end()):
        if not heading.group(1).startswith(number + "."):
            return body[start.end() : heading.start()]
    return body[start.end() :]


def write(name, sources, columns, rows):
    lines = [f"# {source}" for source in sources]
    lines.append("# " + "\t".join(columns))
    lines += ["\t".join(row) for row in rows]
    (OUT / name).write_text("\n".join(lines) + "\n")
    print(f"{name}: {len(rows)}")


def number(value, digits=8):
    return f"0x{int(value, 0):0{digits}X}"


def statuses():
    rows = re.findall(r"^\| (0x[0-9A-Fa-f]{8}) (STATUS_\w+) \|", section("MS-ERREF", "2.3.1"), re.M)
    known = {name for _, name in rows}
    rows = [(name, number(value), "MS-ERREF 2.3.1") for value, name in rows]
    # Newer statuses that MS-FSA, MS-SMB2 or public tests name and MS-ERREF does not list.
    header = re.findall(r"#define (STATUS_\w+)\s+\(\(NTSTATUS\)(0x[0-9A-Fa-f]{8})", text("ntstatus.h"))
    wanted = set()
    for source in ["MS-FSA.md", "MS-FSCC.md", "MS-SMB2.md", "reparse-semantics.md"]:
        wanted |= set(re.findall(r"STATUS_[A-Z0-9_]+", text(source)))
    for short in re.findall(r"\b[A-Z][A-Z0-9_]{8,}\b", text("reparse-semantics.md")):
        wanted.add("STATUS_" + short)
    rows += [(n, number(v), "SDK shared/ntstatus.h") for n, v in header if n in wanted - known]
    write("ntstatus.tsv", ["NTSTATUS values.", f"{SPECS}/MS-ERREF 2.3.1, and for what it lacks {SDK}"],
          ["name", "value", "source"], rows)
    return {row[0] for row in rows}


def win32_errors():
    rows = re.findall(r"^\| (0x[0-9A-Fa-f]{8}) (ERROR_\w+) \|", section("MS-ERREF", "2.2"), re.M)
    known = {name for _, name in rows}
    rows = [(name, str(int(value, 16)), "MS-ERREF 2.2") for value, name in rows]
    wanted = set(re.findall(r"\bERROR_\w+", text("wine-error.c")))
    wanted |= {"ERROR_UNTRUSTED_MOUNT_POINT", "ERROR_REPARSE_POINT_ENCOUNTERED", "ERROR_OBJECT_NOT_EXTERNALLY_BACKED",
               "ERROR_EXTERNAL_BACKING_PROVIDER_UNKNOWN", "ERROR_COMPRESSION_NOT_BENEFICIAL"}
    header = re.findall(r"#define (ERROR_\w+)\s+(\d+)L", text("winerror.h"))
    rows += [(n, v, "SDK shared/winerror.h") for n, v in header if n in wanted - known]
    write("win32.tsv", ["Win32 error codes.", f"{SPECS}/MS-ERREF 2.2, and for what it lacks {SDK}"],
          ["name", "value", "source"], rows)
    return {row[0]: row[1] for row in rows}


def status_to_win32(known_statuses, errors):
    rows = [("STATUS_SUCCESS", "ERROR_SUCCESS", "0", "MS-ERREF 2.2, 2.3.1: both are zero")]
    seen = {"STATUS_SUCCESS": "0"}
    for status, error in re.findall(r"\bcmp[234]?\((STATUS_\w+),\s*(\w+)", text("wine-error.c")):
        value = errors.get(error)
        if status in known_statuses and value and status not in seen:
            seen[status] = value
            rows.append((status, error, value, "wine error.c"))
    table = text("reparse-semantics.md").split("## 4.2 ")[1].split("\n## ")[0]
    by_value = {}
    for name, value in errors.items():
        by_value.setdefault(value, name)
    for left, _, values in re.findall(r"^\| ([A-Z][^|]*) \|([^|]*)\| ([\d][^|]*) \|", table, re.M):
        names = [n.strip() for n in left.split("/")]
        numbers = [re.match(r"\d+", v.strip()).group() for v in values.split("/")]
        first = names[0]
        for i, name in enumerate(names):
            tries = ["STATUS_" + name, f"STATUS_{first}_{name.lstrip('_')}"]
            if first.startswith("OBJECT_NAME"):
                tries = ["STATUS_OBJECT_NAME_" + name, "STATUS_OBJECT_" + name] + tries
            full = next((c for c in tries if c in known_statuses), None)
            value = numbers[min(i, len(numbers) - 1)]
            if full is None:
                sys.exit(f"4.2: which status is {name}?")
            if full not in seen:
                seen[full] = value
                rows.append((full, by_value[value], value, "reparse-semantics 4.2"))
            elif seen[full] != value:
                sys.exit(f"{full}: {seen[full]} in Wine's test, {value} in semantics 4.2")
    write("ntstatus_win32.tsv",
          ["What RtlNtStatusToDosError gives for an NTSTATUS.", WINE,
           "and this project's notes on reparse points, section 4.2 (Wine's tests, MS-ERREF, SDK headers)",
           "Where the test allows an older answer too, this is the newer one."],
          ["status", "error", "value", "source"], rows)


def fsctl_codes():
    rows = re.findall(r"^\| (FSCTL_\w+) \| (0[xX][0-9A-Fa-f]+) \|", section("MS-FSCC", "2.3"), re.M)
    rows = [(name, number(value.lower()), "MS-FSCC 2.3") for name, value in rows]
    access = {"FILE_ANY_ACCESS": 0, "FILE_SPECIAL_ACCESS": 0, "FILE_READ_ACCESS": 1, "FILE_WRITE_ACCESS": 2,
              "FILE_READ_DATA": 1, "FILE_WRITE_DATA": 2}
    method = {"METHOD_BUFFERED": 0, "METHOD_IN_DIRECT": 1, "METHOD_OUT_DIRECT": 2, "METHOD_NEITHER": 3}
    sdk = r"#define (FSCTL_\w+)\s+CTL_CODE\(FILE_DEVICE_FILE_SYSTEM,\s*(\d+),\s*(METHOD_\w+),\s*([A-Z_ |]+)\)"
    for name, function, how, rights in re.findall(sdk, text("winioctl.h")):
        if "EXTERNAL_BACKING" in name or name == "FSCTL_SET_REPARSE_POINT_EX":
            bits = sum(access[r.strip()] for r in rights.split("|"))
            rows.append((name, number(str(9 << 16 | bits << 14 | int(function) << 2 | method[how])), "SDK um/winioctl.h"))
    dedup = re.search(r"(FSCTL_DEDUP_QUERY_REPARSE_INFO) = new\(FileDeviceType.FILE_SYSTEM, (\d+), FileControlMethod.Neither",
                      text("ntc-ioctl.cs"))
    rows.append((dedup.group(1), number(str(9 << 16 | int(dedup.group(2)) << 2 | 3)), "NTC"))
    write("fsctl.tsv", ["File system control codes.", f"{SPECS}/MS-FSCC 2.3", f"SDK: {SDK}", f"NTC: {NTC}"],
          ["name", "value", "source"], rows)


def information_classes():
    for name, chapter in (("file_info_classes.tsv", "2.4"), ("fs_info_classes.tsv", "2.5")):
        rows = re.findall(r"^\| \[?(File\w+)\]?(?:\([^)]*\))? \| (\d+) \|", section("MS-FSCC", chapter), re.M)
        rows = [(n, v, f"MS-FSCC {chapter}") for n, v in rows]
        header = [f"Information classes. {SPECS}/MS-FSCC {chapter}"]
        if chapter == "2.4":
            # Classes of the local file interface that the specification does not list: counted off the public enumeration.
            at, known = 0, {n for n, _, _ in rows}
            body = re.search(r"typedef enum _FILE_INFORMATION_CLASS\s*\{(.*?)\}", text("phnt-ntioapi.h"), re.S).group(1)
            for entry in re.findall(r"^\s*(File\w+)", body, re.M):
                at += 1
                if entry in ("FileStatInformation", "FileStatLxInformation", "FileCaseSensitiveInformation",
                             "FileLinkInformationEx", "FileIdExtdBothDirectoryInformation", "FileStatBasicInformation",
                             "FileCompletionInformation", "FileHardLinkFullIdInformation") and entry not in known:
                    rows.append((entry, str(at), "phnt ntioapi.h"))
            header.append("and winsiderss/phnt 7e09744, ntioapi.h, for local classes beside it")
        write(name, header, ["name", "value", "source"], rows)


def flags(spec, number_, prefix):
    """Rows `| NAME 0x... |` of a section, in its order, continued on another table or not."""
    return [(n, number(v), f"{spec} {number_}")
            for n, v in re.findall(rf"^\| ({prefix}\w+) (0x[0-9A-Fa-f]+) \|", section(spec, number_), re.M)]


def flag_tables():
    write("file_attributes.tsv", [f"File attributes. {SPECS}/MS-FSCC 2.6"], ["name", "value", "source"],
          flags("MS-FSCC", "2.6", "FILE_ATTRIBUTE_"))
    rows = flags("MS-FSCC", "2.5.1", "FILE_") + flags("MS-FSCC", "2.3.62.2", "USN_")
    rows += flags("MS-SMB2", "2.2.35", "FILE_NOTIFY_CHANGE_") + flags("MS-FSCC", "2.7.1", "FILE_ACTION_")
    access = flags("MS-SMB2", "2.2.13.1.1", "[A-Z]")
    rows += access + flags("MS-SMB2", "2.2.13.1.2", "FILE_")
    rows += flags("MS-SMB2", "2.2.13", "FILE_") + flags("MS-SMB2", "2.2.14", "FILE_")
    rows = list({row[0]: row for row in reversed(rows)}.values())[::-1]
    write("flags.tsv",
          ["Flags and small numbers: file system attributes, USN reasons, notify filters, actions, rights, create parameters.",
           f"{SPECS}/MS-FSCC 2.5.1, 2.3.62.2, 2.7.1; MS-SMB2 2.2.13, 2.2.13.1, 2.2.14, 2.2.35"], ["name", "value", "source"], rows)


def security_tables():
    rows = re.findall(r'^\| (SE_\w+_NAME) "(Se\w+)" \| \{0,(\d+)\} \|', section("MS-LSAD", "3.1.1.2.1"), re.M)
    write("privileges.tsv", [f"Privileges and the low part of their LUID. {SPECS}/MS-LSAD 3.1.1.2.1"],
          ["name", "value", "constant"], [(text_, luid, name) for name, text_, luid in rows])
    rows = re.findall(r"^\| ([A-Z_]+) (S-1-\d+(?:-\d+)+) \|", section("MS-DTYP", "2.4.2.4"), re.M)
    write("well_known_sids.tsv", [f"Well-known SIDs that hold no domain. {SPECS}/MS-DTYP 2.4.2.4"], ["name", "sid"], rows)
    rows = flags("MS-DTYP", "2.4.4.1", "[A-Z]")
    write("aces.tsv", [f"ACE types and flags. {SPECS}/MS-DTYP 2.4.4.1"], ["name", "value", "source"], rows)


def upcase():
    """The exFAT specification's recommended up-case table, expanded; its published checksum is verified here."""
    body = text("exfat-specification.md").split("**Table 25 Recommended up-case table in compressed format**")[1]
    words = []
    for offset, row in re.findall(r"^\| \*\*([0-9A-F]{4})h\*\*\s*\|(.*)\|", body, re.M):
        if int(offset, 16) != len(words):
            break
        words += [int(cell.strip().rstrip("h"), 16) for cell in row.split("|") if cell.strip()]
    checksum = 0
    for byte in b"".join(word.to_bytes(2, "little") for word in words):
        checksum = ((checksum & 1) << 31 | checksum >> 1) + byte & 0xFFFFFFFF
    if checksum != 0xE619D30D:
        sys.exit(f"the up-case table's checksum is {checksum:08X}")
    mapped, at = [], 0
    while at < len(words):
        if words[at] == 0xFFFF and at + 1 < len(words):  # a run of units that do not change
            mapped += range(len(mapped), len(mapped) + words[at + 1])
            at += 2
        else:
            mapped.append(words[at])
            at += 1
    rows = [(f"0x{unit:04X}", f"0x{to:04X}") for unit, to in enumerate(mapped) if unit != to]
    write("upcase.tsv", ["Units that change in upper case; all others stay.",
                         "MicrosoftDocs/win32 47e64c1, desktop-src/FileIO/exfat-specification.md 7.2.5.1, checksum E619D30Dh"],
          ["unit", "upper"], rows)


def reparse_tags():
    rows = flags("MS-FSCC", "2.1.2.1", "IO_REPARSE_TAG_")
    known = {r[0] for r in rows}
    sdk = re.findall(r"#define (IO_REPARSE_TAG_\w+)\s+\((0x[0-9A-F]+)L?\)", text("winnt.h"))
    rows += [(n, number(v), "SDK um/winnt.h") for n, v in sdk
             if n not in known and n not in ("IO_REPARSE_TAG_CLOUD_MASK", "IO_REPARSE_TAG_RESERVED_INVALID")]
    write("reparse_tags.tsv", ["Microsoft's reparse tags.", f"{SPECS}/MS-FSCC 2.1.2.1", f"SDK: {SDK}"],
          ["name", "value", "source"], rows)
    rows, pending = [], []
    for line in text("ndk-Addendum.h").split("Non-Microsoft tags")[1].splitlines():
        if line.startswith("//"):
            pending.append(line.strip("/ \t"))
        define = re.match(r"#define (IO_REPARSE_TAG_\w+)\s+\((0x[0-9A-Fa-f]+)L\)", line)
        if define and int(define.group(2), 16) >> 31 == 0:
            words = " ".join(w for w in pending if w)
            guid = re.search(r"GUID:\s*([0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})", words)
            owner = re.search(r"allocated to (.*?)(?: for |,? May 2000|\. This is for use|\s+\(HSM\)| Reference Inf| GUID:|$)", words)
            owner = owner.group(1).strip(" .").replace("  ", " ").rstrip(".")
            rows.append((define.group(1), number(define.group(2)), guid.group(1).lower() if guid else "-", owner))
        if line.startswith("#define"):
            pending = []
    write("vendor_tags.tsv",
          ["Reparse tags that Microsoft allocated to others, with the GUID and the owner where the list gives them.", NDK,
           "WISDATA, QUEST and COMTRADE carry one GUID in the source; it is copied as found."],
          ["name", "value", "guid", "owner"], rows)


def sections():
    rows = []
    for spec in ["MS-DTYP", "MS-ERREF", "MS-FSA", "MS-FSCC", "MS-SMB2", "MS-DFSC", "MS-EFSR", "MS-LSAD", "MS-SMB", "MS-CIFS", "MS-NLMP",
                 "MS-SPNG", "MS-XCA"]:
        found = re.findall(r"^#+ (\d+(?:\.\d+)*) (.+?)\s*$", text(f"{spec}.md"), re.M)
        rows += [(spec, n, re.sub(r"\[?\*\*|\*\*\]?(?:\([^)]*\))?", "", title)) for n, title in found]
    write("sections.tsv", [f"Section numbers and titles. {SPECS}"], ["spec", "section", "title"], rows)


def smb2_tables():
    """Commands, flags and small numbers of the messages. A name may stand in several sections with one value, or two."""
    rows = re.findall(r"^\| (SMB2 [A-Z_]+) \| (0x[0-9A-F]{4}) \|", section("MS-SMB2", "2.2.1.1"), re.M)
    write("smb2_commands.tsv", [f"Commands. {SPECS}/MS-SMB2 2.2.1.1"], ["name", "value", "source"],
          [(n.replace(" ", "_"), number(v, 4), "MS-SMB2 2.2.1.1") for n, v in rows])
    rows, body = [], text("MS-SMB2.md")
    for at, title, part in re.findall(r"^#+ (2\.2\.\d[\d.]*) (.+?)$(.*?)(?=^#+ )", body, re.M | re.S):
        for name, value in re.findall(r"^\| ([A-Z]\w+) (0x[0-9A-Fa-f]+) \|", part, re.M):
            rows.append((name, "0x" + value[2:].upper(), f"MS-SMB2 {at}"))
        for name, value in re.findall(r"^\| (FSCTL_\w+) \| (0x[0-9A-Fa-f]+) \|", part, re.M):
            rows.append((name, "0x" + value[2:].upper(), f"MS-SMB2 {at}"))
        # Where the value stands alone in its column, the meaning begins with the name.
        for value, meaning in re.findall(r"^\| (0x[0-9A-F]{4}) \| ([^|]+) \|", part, re.M):
            name = re.match(r"(SMB \d[\d.]*\d|SMB2 wildcard|SHA-512|AES-[\dA-Z-]+|HMAC-SHA256)", meaning)
            if name:
                rows.append((name.group(1), value, f"MS-SMB2 {at}"))
        for name, value in re.findall(r"^\| (\w+ ?\+?\w*) (0x[0-9A-F]{4}) \|", part, re.M):
            if at == "2.2.3.1.3" and not name.startswith("SMB2"):
                rows.append((name, value, f"MS-SMB2 {at}"))
        for name, value in re.findall(r"^\| (Smb\w+) \((0x[0-9A-F]+)\) \|", part, re.M):
            rows.append((name, value, f"MS-SMB2 {at}"))
    write("smb2_numbers.tsv", ["Flags, levels, types, dialects and algorithms of the messages.", f"{SPECS}/MS-SMB2 2.2"],
          ["name", "value", "source"], list(dict.fromkeys(rows)))


known_statuses = statuses()
status_to_win32(known_statuses, win32_errors())
fsctl_codes()
information_classes()
flag_tables()
security_tables()
upcase()
reparse_tags()
sections()
smb2_tables()
