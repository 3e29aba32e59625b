# SPDX-License-Identifier: Apache-2.0
"""Runs test files and counts as GoogleTest does, for CTest and for the bundle.

usage: main.py FILE...      exit status 77 if every test was skipped
"""

import sys
import unittest
from pathlib import Path


def main() -> int:
    here = Path(__file__).parent
    sys.path.insert(0, str(here))
    names = [Path(name).stem for name in sys.argv[1:]]
    suite = unittest.defaultTestLoader.loadTestsFromNames(names)
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(suite)
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    passed = result.testsRun - failed - len(result.skipped)
    print(f"[  PASSED  ] {passed} tests.")
    if result.skipped:
        print(f"[  SKIPPED ] {len(result.skipped)} tests, listed above.")
    if failed:
        print(f"[  FAILED  ] {failed} tests, listed above.")
        return 1
    return 77 if passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
