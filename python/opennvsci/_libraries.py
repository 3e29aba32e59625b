# SPDX-License-Identifier: Apache-2.0
"""The installed C libraries, loaded by their names and given the types of their functions.

A library is looked for as every program's is: ``LD_LIBRARY_PATH``, then the system's directories. Each is loaded once
and stays for the life of the process, as the libraries themselves do.
"""

from __future__ import annotations

import ctypes
import os
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, Iterator, Optional

from . import _abi

_MISSING = """\
{reason}

opennvsci needs the libraries of OpenNvSci. Install the Debian package libopennvsci0, or build and install them
(README.md, "Linking"), and let the dynamic linker find them: LD_LIBRARY_PATH=PREFIX/lib"""

_OUTDATED = """\
{library} has no function {function}: it is of another version than this package.

Install both of one version; `opennvsci --version` prints that of the libraries."""


def _load(soname: str) -> ctypes.CDLL:
    try:
        library = ctypes.CDLL(soname)
    except OSError as error:
        raise ImportError(_MISSING.format(reason=error), name="opennvsci", path=soname) from error
    for name, (result, arguments) in _abi.PROTOTYPES[soname].items():
        try:
            function = getattr(library, name)
        except AttributeError:
            text = _OUTDATED.format(library=soname, function=name)
            raise ImportError(text, name="opennvsci", path=soname) from None
        function.restype = result
        function.argtypes = arguments
    return library


@contextmanager
def _no_advice_about_unmodified_programs() -> Iterator[None]:
    """This package imports into CUDA by nvscicuda.h. So what the libraries would say to a program that calls CUDA's own
    functions, that they were loaded too late for it, is not said, unless OPENNVSCI_INTERPOSE asks for it. Where
    `opennvsci run` has put the interposer in front of the program it goes on to serve it."""
    if "OPENNVSCI_INTERPOSE" in os.environ or _interposer() is not None:
        yield
        return
    os.environ["OPENNVSCI_INTERPOSE"] = "0"
    try:
        yield
        interposer = _interposer()
        if interposer is not None:  # which reads the variable now, and once
            interposer.opennvsciInterposerFinding(ctypes.byref(ctypes.c_bool()))
    finally:
        del os.environ["OPENNVSCI_INTERPOSE"]


def _interposer() -> Optional[ctypes.CDLL]:
    """The library that stands in front of the driver, if it is loaded."""
    try:
        return ctypes.CDLL(_abi.INTERPOSER, mode=os.RTLD_NOLOAD | os.RTLD_LAZY)
    except OSError:
        return None


def _functions() -> SimpleNamespace:
    """All functions of all libraries by their names."""
    functions: dict[str, Any] = {}
    with _no_advice_about_unmodified_programs():
        for soname, prototypes in _abi.PROTOTYPES.items():
            library = _load(soname)
            functions.update((name, getattr(library, name)) for name in prototypes)
    # Three that only look at a variable of the thread, or free a copy of it: not worth giving the interpreter's lock away
    # and taking it again.
    for name in ("opennvsciPrintRefusals", "opennvsciErrorName", "opennvsciFreeRefusal"):
        result, arguments = _abi.PROTOTYPES[_abi.OPENNVSCI][name]
        address = ctypes.cast(functions[name], ctypes.c_void_p).value or 0
        functions[name] = ctypes.PYFUNCTYPE(result, *arguments)(address)
    return SimpleNamespace(**functions)


#: Every function of the C libraries that this package calls.
lib = _functions()
