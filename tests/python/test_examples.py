# SPDX-License-Identifier: Apache-2.0
"""The examples run, on NumPy: a Python process with another one, and with one in C++."""

from __future__ import annotations

import importlib.util
import os
import unittest
from pathlib import Path

import opennvsci
from support import PRODUCER, ProgramTest

HAS_NUMPY = importlib.util.find_spec("numpy") is not None


@unittest.skipUnless(HAS_NUMPY, "no NumPy (Debian: python3-numpy)")
class ExampleTest(ProgramTest):
    def test_planes_in_numpy(self) -> None:
        found = self.end(self.python("planes_in_numpy.py"))
        self.assertIn("display asks {Y10, V10U10}", found)
        self.assertIn("1024 bytes apart", found)
        self.assertIn("the display cannot write", found)

    def test_two_processes(self) -> None:
        found = self.end(self.python("camera_and_vision.py", "--with", "numpy", "--cpu", "--frames", "200"))
        self.assertIn("200 frames received, 0 wrong", found)

    @unittest.skipUnless(PRODUCER.is_file(), "examples/producer_consumer is not built")
    def test_with_a_process_in_cpp(self) -> None:
        """The program in C++ is linked with the driver: without a GPU it finds the software device by its folder."""
        libraries = [os.environ.get("LD_LIBRARY_PATH", "")]
        if opennvsci.driver().is_software:
            libraries.append(str(Path(opennvsci.driver().path).parent))
        for theirs, ours in (("producer", "consumer"), ("consumer", "producer")):
            arguments = ("--frames", "200", "--cpu")
            program = self.start(
                str(PRODUCER), theirs, *arguments, LD_LIBRARY_PATH=":".join(libraries), OPENNVSCI_LOG="error"
            )
            found = self.end(self.python("camera_and_vision.py", ours, "--with", "numpy", *arguments), program)
            self.assertRegex(found, "200 frames received, (200 checked on the device, )?0 wrong")


if __name__ == "__main__":
    unittest.main()
