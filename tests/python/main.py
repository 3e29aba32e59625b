# SPDX-License-Identifier: Apache-2.0
"""Runs test files and counts as GoogleTest does, for CTest and for the bundle.

usage: main.py [FILE...]      all files without any

Exit status 77: every test was skipped, or OPENNVSCI_DEVICE=gpu asks for a GPU and there is none.
"""

import os
import sys
import unittest
from pathlib import Path

import opennvsci


def has_device() -> bool:
    try:
        return len(opennvsci.devices()) > 0
    except opennvsci.NvSciError as error:
        print(f"skipped: {error}")
        return False


class Result(unittest.TextTestResult):
    """Counts what passed: versions of Python differ in whether `testsRun` has what was skipped."""

    passed = 0

    def addSuccess(self, test: unittest.TestCase) -> None:
        super().addSuccess(test)
        self.passed += 1


def main() -> int:
    if os.environ.get("OPENNVSCI_DEVICE") == "gpu" and not has_device():
        return 77
    here = Path(__file__).parent
    sys.path.insert(0, str(here))
    names = [Path(name).stem for name in sys.argv[1:]] or sorted(path.stem for path in here.glob("test_*.py"))
    suite = unittest.defaultTestLoader.loadTestsFromNames(names)
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2, resultclass=Result).run(suite)
    assert isinstance(result, Result)
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    for test, _ in (*result.failures, *result.errors):
        print(f"[  FAILED  ] {test.id()}")
    print(f"[  PASSED  ] {result.passed} tests.")
    if result.skipped:
        print(f"[  SKIPPED ] {len(result.skipped)} tests, listed above.")
    if failed:
        print(f"[  FAILED  ] {failed} tests, listed above.")
        return 1
    return 77 if result.passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
