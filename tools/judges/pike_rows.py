"""pike's own tests (the package `pike-smb2` from PyPI) against one share.

Prints a line a test, `module.Class.test<TAB>verdict<TAB>reason`, which `cargo xtask judge pike` compares with
conformance/pike.tsv. The environment names the server: PIKE_SERVER, PIKE_SHARE, PIKE_CREDS. Argument: a regular expression of the
tests to run. A test has 200 s.
"""
import importlib
import pkgutil
import re
import signal
import sys
import unittest

import pike.test

SECONDS = 200
# What a busy machine decides: a promise of 100 ms is kept, but not every machine is back in 10.
HASTY = {
    "durable.DurableHandleTest.test_resiliency_reconnect_before_timeout",
    "durable.DurableHandleTest.test_resiliency_upgrade_reconnect_before_timeout",
}
ROWS = sys.stdout


def reason(error):
    lines = [line for line in str(error[1] or error[0].__name__).splitlines() if line.strip()]
    text = f"{error[0].__name__}: {lines[0] if lines else ''}"
    # Numbers that are others at each run would make each run's reason another.
    return re.sub(r"\s+", " ", re.sub(r"0x[0-9a-f]{5,}", "0x..", text))[:160]


class Rows(unittest.TestResult):
    def row(self, test, verdict, why=""):
        print(f"{test.id().removeprefix('pike.test.')}\t{verdict}\t{why}", file=ROWS, flush=True)

    def startTest(self, test):
        super().startTest(test)
        signal.alarm(SECONDS)

    def stopTest(self, test):
        signal.alarm(0)
        super().stopTest(test)

    def addSuccess(self, test):
        self.row(test, "pass")

    def addError(self, test, error):
        self.row(test, "fail", reason(error))

    addFailure = addError

    def addSkip(self, test, why):
        self.row(test, "skip", re.sub(r"\s+", " ", why))

    def addExpectedFailure(self, test, error):
        self.row(test, "skip", "pike itself expects it to fail: " + reason(error))

    def addUnexpectedSuccess(self, test):
        self.row(test, "fail", "pike itself expects it to fail")


def late(signum, frame):
    raise TimeoutError(f"not done in {SECONDS} s")


def tests(suite):
    for part in suite:
        if isinstance(part, unittest.TestSuite):
            yield from tests(part)
        else:
            yield part


def main():
    signal.signal(signal.SIGALRM, late)
    wanted = re.compile(sys.argv[1] if len(sys.argv) > 1 else ".")
    # What tests print is no row.
    sys.stdout = sys.stderr
    loader = unittest.TestLoader()
    for module in sorted(found.name for found in pkgutil.iter_modules(pike.test.__path__)):
        suite = loader.loadTestsFromModule(importlib.import_module(f"pike.test.{module}"))
        for test in tests(suite):
            # What a module imports from another is run there.
            if not test.id().startswith(f"pike.test.{module}.") or not wanted.search(test.id()):
                continue
            if test.id().removeprefix("pike.test.") in HASTY:
                Rows().row(test, "skip", "setup: it returns within 10 ms, which a busy machine does not")
            else:
                test.run(Rows())


main()
