# SPDX-License-Identifier: Apache-2.0
"""What the tests have in common: leaks are counted, and programs are run beside them."""

from __future__ import annotations

import ctypes
import gc
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any

import opennvsci
from opennvsci.cuda import context_on, cuda
from opennvsci.devices import driver

EXAMPLES = Path(__file__).parents[2] / "examples" / "python"
PRODUCER = Path(os.environ.get("OPENNVSCI_BIN", "/nowhere"), "producer_consumer")
RAW = {"Types": "RawBuffer", "RawBuffer.Size": 4096, "NeedCpuAccess": True, "RequiredPerm": "ReadWrite"}
PLANES = {
    "Types": "Image",
    "Image.Layout": "PitchLinear",
    "Image.PlaneCount": 2,
    "Image.PlaneColorFormat": ["Y8", "V8U8"],
    "Image.PlaneWidth": [100, 50],
    "Image.PlaneHeight": [64, 32],
    "Image.ScanType": "Progressive",
    "NeedCpuAccess": True,
}
TENSOR = {
    "Types": "Tensor",
    "Tensor.DataType": "Float32",
    "Tensor.NumDims": 2,
    "Tensor.SizePerDim": [3, 4],
    "Tensor.AlignmentPerDim": [1, 1],
    "NeedCpuAccess": True,
}


def allocate(wishes: dict[str, Any], **more: Any) -> opennvsci.Buffer:
    """A buffer of one list; keys with dots are written with underscores."""
    return opennvsci.reconcile(opennvsci.AttributeList({**wishes, **more})).allocate()


def on_gpu(wishes: dict[str, Any], cpu: bool = True) -> dict[str, Any]:
    return {**wishes, "GpuId": opennvsci.devices()[0], "NeedCpuAccess": cpu}


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def buffers_mapped() -> int:
    """The number of buffers in system memory that this process has."""
    return Path("/proc/self/maps").read_text().count("/memfd:opennvsci-buffer")


def free_memory() -> int:
    """Bytes of video memory that are free on device 0."""
    free, total = ctypes.c_size_t(), ctypes.c_size_t()
    library = ctypes.CDLL(driver().path)
    with context_on(0):
        assert library.cuMemGetInfo_v2(ctypes.byref(free), ctypes.byref(total)) == 0
    return free.value


_primary: Any = None


def hold_device() -> None:
    """Keeps the primary context of device 0 for the process, and what stays of it, so that it is not counted."""
    global _primary
    if _primary is None:
        context = ctypes.c_void_p()
        assert cuda().cuDevicePrimaryCtxRetain(ctypes.byref(context), 0) == 0
        _primary = context
        allocate(on_gpu(RAW)).cuda()
        both = opennvsci.SyncList({"NeedCpuAccess": True, "RequiredPerm": "WaitSignal"})
        opennvsci.reconcile(both).allocate()  # many share a descriptor, which stays


class LeakTest(unittest.TestCase):
    """Counts descriptors and video memory before and after each test."""

    def setUp(self) -> None:
        hold_device()
        if not driver().is_software:
            getattr(self, self._testMethodName)()  # a GPU loads kernels when they are used first, and keeps them
        self.settle()
        self.before = open_descriptors(), free_memory()

    def tearDown(self) -> None:
        self.settle()
        self.assertEqual((open_descriptors(), free_memory()), self.before, "descriptors, free video memory")

    @staticmethod
    def settle() -> None:
        gc.collect()
        opennvsci.close_default_module()


class ProgramTest(unittest.TestCase):
    """Runs programs that meet in a folder of their own."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.environment = {**os.environ, "OPENNVSCI_RUNTIME_DIR": folder.name}

    def start(self, *command: str, **more: str) -> Any:
        environment = {**self.environment, **more}
        pipe = subprocess.PIPE
        return subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True)

    def python(self, name: str, *arguments: str) -> Any:
        options = ("-X", "dev", "-W", "error::ResourceWarning")
        return self.start(sys.executable, *options, str(EXAMPLES / name), *arguments)

    def end(self, *processes: Any, is_silent: bool = True) -> str:
        """What programs print. They must succeed, and say nothing on stderr."""
        found = ""
        for process in processes:
            out, errors = process.communicate(timeout=60)
            self.assertEqual((process.returncode, errors if is_silent else ""), (0, ""), errors)
            found += out
        return found


def run_program(code: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs a program of Python as the tests run, to its end."""
    return subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error::ResourceWarning", "-c", code, *arguments],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
