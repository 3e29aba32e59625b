# SPDX-License-Identifier: Apache-2.0
"""The examples in the docstrings are true."""

import doctest
import importlib
import pkgutil
import unittest

import opennvsci


def load_tests(loader: unittest.TestLoader, tests: unittest.TestSuite, pattern: object) -> unittest.TestSuite:
    names = ["opennvsci", *(f"opennvsci.{module.name}" for module in pkgutil.iter_modules(opennvsci.__path__))]
    for name in names:
        tests.addTests(doctest.DocTestSuite(importlib.import_module(name)))
    return tests


class DocstringTest(unittest.TestCase):
    def test_everything_public_has_one(self) -> None:
        for name in opennvsci.__all__:
            thing = getattr(opennvsci, name)
            self.assertTrue(thing.__doc__, name)
            if not isinstance(thing, type):
                continue
            for member, value in vars(thing).items():
                if not member.startswith("_") and callable(getattr(thing, member)) and member not in ("module",):
                    self.assertTrue(getattr(value, "__doc__", None), f"{name}.{member}")


if __name__ == "__main__":
    unittest.main()
