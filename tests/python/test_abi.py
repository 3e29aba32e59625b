# SPDX-License-Identifier: Apache-2.0
"""What the package restates of the C interface, against the C headers: sizes, offsets, numbers, and the arguments of
functions. Needs a C compiler, and for CUDA's structures a <cuda.h>."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path
from typing import Any, Optional

import opennvsci
from opennvsci import _abi

COMPILER = shutil.which(os.environ.get("CC", "cc"))
INCLUDE = Path(os.environ.get("OPENNVSCI_INCLUDE", Path(__file__).parents[2] / "include"))
CUDA_INCLUDE = os.environ.get("CUDA_INCLUDE", "/usr/local/cuda/include")


def answers_of(headers: list[str], expressions: list[str]) -> dict[str, int]:
    """What these integer expressions of C are."""
    with tempfile.TemporaryDirectory() as folder:
        source, program = Path(folder, "ask.c"), Path(folder, "ask")
        lines = [f'#include "{header}"' for header in [*headers, "stdio.h", "stddef.h"]]
        lines += ["int main(void) {", *(f'printf("%lld\\n", (long long)({one}));' for one in expressions), "}"]
        source.write_text("\n".join(lines))
        command = [COMPILER, "-w", f"-I{INCLUDE}", f"-I{CUDA_INCLUDE}", str(source), "-o", str(program)]
        subprocess.run(command, check=True)  # type: ignore[arg-type]
        found = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    return dict(zip(expressions, map(int, found.split())))


@unittest.skipUnless(COMPILER and INCLUDE.is_dir(), "no C compiler, or no headers")
class InterfaceTest(unittest.TestCase):
    def check_structures(self, headers: list[str], structures: Any, renamed: dict[str, Optional[str]]) -> None:
        expected = {}
        for one in structures:
            name = one.__name__
            expected[f"sizeof({name})"] = ctypes.sizeof(one)
            for member, *_ in getattr(one, "_fields_", ()):
                in_c = renamed.get(member, member)
                if in_c is not None:
                    expected[f"offsetof({name}, {in_c})"] = getattr(one, member).offset
        self.assertEqual(answers_of(headers, list(expected)), expected)

    def test_structures(self) -> None:
        self.check_structures(list(_abi.HEADERS), _abi.STRUCTURES, {})

    @unittest.skipUnless(Path(CUDA_INCLUDE, "cuda.h").is_file(), "no <cuda.h>")
    def test_structures_of_cuda(self) -> None:
        renamed = {"value": "params.fence.value", "fence": "params.nvSciSync.fence", "other": None, "rest": "reserved"}
        self.check_structures(["cuda.h"], _abi.CUDA_STRUCTURES, renamed)

    def test_numbers(self) -> None:
        self.assertEqual(answers_of(list(_abi.HEADERS), list(_abi.CONSTANTS)), _abi.CONSTANTS)

    @unittest.skipUnless(Path(CUDA_INCLUDE, "cuda.h").is_file(), "no <cuda.h>")
    def test_numbers_of_cuda(self) -> None:
        self.assertEqual(answers_of(["cuda.h"], list(_abi.CUDA_CONSTANTS)), _abi.CUDA_CONSTANTS)

    def test_version(self) -> None:
        parts = [f"OPENNVSCI_VERSION_{part}" for part in ("MAJOR", "MINOR", "PATCH")]
        found = answers_of(list(_abi.HEADERS), parts)
        self.assertEqual(opennvsci.__version__, ".".join(str(found[part]) for part in parts))

    def test_functions(self) -> None:
        """Each has as many arguments as in its header, and those that are numbers are as large."""
        prototypes = {name: one for library in _abi.PROTOTYPES.values() for name, one in library.items()}
        ours = {name for name in prototypes if not name.startswith("nvsciCu")}
        declared = self.declared(_abi.HEADERS, ours)
        types = sorted({kind for arguments in declared.values() for kind in arguments if kind != "pointer"})
        sizes = answers_of(list(_abi.HEADERS), [f"sizeof({kind})" for kind in types])
        for name, arguments in declared.items():
            expected = [8 if kind == "pointer" else sizes[f"sizeof({kind})"] for kind in arguments]
            self.assertEqual([ctypes.sizeof(one) for one in prototypes[name][1]], expected, name)

    def test_functions_of_cuda(self) -> None:
        prototypes = {name: one for name, one in _abi.PROTOTYPES[_abi.OPENNVSCI].items() if name.startswith("nvsciCu")}
        sizes = {"CUdevice": 4, "int": 4, "unsigned int": 4, "CUdeviceptr": 8}  # the others are handles
        for name, arguments in self.declared(("nvscicuda.h",), set(prototypes)).items():
            expected = [sizes.get(kind, 8) for kind in arguments]
            self.assertEqual([ctypes.sizeof(one) for one in prototypes[name][1]], expected, name)

    def declared(self, headers: tuple[str, ...], names: set[str]) -> dict[str, list[str]]:
        """The types of the arguments of functions, as headers declare them."""
        found = {}
        for header in headers:
            text = re.sub(r"/\*.*?\*/", "", (INCLUDE / header).read_text(), flags=re.DOTALL)
            for name, arguments in re.findall(r"^(?:\w+[ *]+)+?(\w+)\(([^;{]*)\);", text, flags=re.MULTILINE):
                if name in names:
                    found[name] = [self.kind(one) for one in arguments.split(",") if one.strip() != "void"]
        self.assertEqual(set(found), names, "declared in no header")
        return found

    @staticmethod
    def kind(argument: str) -> str:
        if "*" in argument or "[" in argument:
            return "pointer"
        return " ".join(word for word in argument.split()[:-1] if word != "const")


if __name__ == "__main__":
    unittest.main()
