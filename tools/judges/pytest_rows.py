"""A plugin of pytest: rows of a table, and the fixtures by which smbprotocol's own tests find a server.

Writes a line a test, `test<TAB>verdict<TAB>reason`, to the file that ROWS names. Where ONLY names fixtures, tests that use none of
them are left out: they ask no server. SKIP has lines `regular expression<TAB>reason` of tests that are not run. ROWS_PREFIX stands before each name. A test has ROWS_SECONDS seconds.
The fixtures give what those tests take: SMB_SERVER, SMB_PORT, SMB_USER, SMB_PASSWORD, SMB_SHARE and that share's encrypted twin.
"""
import os
import re
import signal
import uuid

import pytest

ROWS = open(os.environ["ROWS"], "a")
PREFIX = os.environ.get("ROWS_PREFIX", "")
SECONDS = int(os.environ.get("ROWS_SECONDS", "60"))
ONLY = set(os.environ.get("ONLY", "").split())
SKIP = [line.split("\t") for line in os.environ.get("SKIP", "").splitlines()]


def pytest_collection_modifyitems(config, items):
    if ONLY:
        asks = [item for item in items if ONLY & set(item.fixturenames)]
        config.hook.pytest_deselected(items=[item for item in items if item not in asks])
        items[:] = asks
    for item in items:
        for pattern, reason in SKIP:
            if re.search(pattern, item.nodeid):
                item.add_marker(pytest.mark.skip(reason=reason))


def late(signum, frame):
    raise TimeoutError(f"not done in {SECONDS} s")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item):
    signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    yield
    signal.alarm(0)


SEEN = {}


def pytest_runtest_logreport(report):
    """A test is three reports; the worst counts, and a pass is one that was called."""
    name = PREFIX + report.nodeid.split("/")[-1]
    if report.skipped:
        why = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        why = why.removeprefix("Skipped: ")
        SEEN[name] = ("skip", why)
    elif report.failed:
        crash = getattr(report.longrepr, "reprcrash", None)
        text = crash.message if crash else str(report.longrepr)
        SEEN[name] = ("fail", text.strip().splitlines()[0] if text.strip() else "")
    elif report.when == "call":
        SEEN[name] = ("pass", "")
    if report.when == "teardown" and name in SEEN:
        verdict, why = SEEN.pop(name)
        why = re.sub(r"\s+", " ", re.sub(r"0x[0-9a-f]{9,}", "0x..", why))[:160]
        print(f"{name}\t{verdict}\t{why}", file=ROWS, flush=True)


@pytest.fixture(scope="module")
def smb_real():
    of = os.environ
    share = rf"\\{of['SMB_SERVER']}\{of['SMB_SHARE']}"
    return of["SMB_USER"], of["SMB_PASSWORD"], of["SMB_SERVER"], int(of["SMB_PORT"]), share, share + "-encrypted"


@pytest.fixture(params=[4, 5], ids=["share", "share-encrypted"])
def smb_share(request, smb_real):
    import smbclient
    import smbclient.shutil

    user, password, server, port = smb_real[:4]
    options = {"username": user, "password": password, "port": port}
    smbclient.delete_session(server, port=port)
    # A name that no single byte holds, and with slashes once: paths may be written so.
    folder = rf"{smb_real[request.param]}\Prüfung ☃ [{uuid.uuid4()}]"
    folder = folder.replace("\\", "/") if request.param == 5 else folder
    smbclient.mkdir(folder, **options)
    yield folder
    smbclient.shutil.rmtree(folder, **options)


@pytest.fixture
def smb_dfs_share():
    pytest.skip("no namespace of DFS is served")
