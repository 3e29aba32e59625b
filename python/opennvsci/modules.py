# SPDX-License-Identifier: Apache-2.0
"""Modules: what lists, buffers and sync objects belong to.

Most programs need not open one: what is made without a module belongs to that of the process. Things of different
modules cannot be combined, which keeps parts of a program apart.
"""

from __future__ import annotations

import atexit
import os
from collections import deque
from contextlib import contextmanager
from typing import Any, Iterator, Optional, Sequence

from ._libraries import lib
from ._values import expect, made_once
from .handles import Closing, Handle


class Module(Closing):
    """A module of NvSciBuf and one of NvSciSync, opened when they are needed first.

    Closing it ends nothing that belongs to it: lists, buffers and objects live on until they die themselves.
    Thread-safe.

    >>> import opennvsci
    >>> with opennvsci.Module() as module:
    ...     camera = opennvsci.AttributeList({"Types": "RawBuffer"}, module=module)
    >>> camera["Types"][0].name
    'RawBuffer'
    """

    def __init__(self) -> None:
        self._is_closed = False
        self._modules: dict[str, Handle] = {}
        self._wait_contexts: deque[Handle] = deque()

    def handle(self, family: str) -> Handle:
        """The module of "Buf" or of "Sync", for what is to be made. Raises ValueError after :meth:`close`."""
        if self._is_closed:
            raise ValueError("the module was closed")
        return self._opened(family)

    def _opened(self, family: str) -> Handle:
        close, open_ = (getattr(lib, f"NvSci{family}Module{what}") for what in ("Close", "Open"))
        return made_once(self._modules, family, lambda: Handle.made(close, open_))

    @contextmanager
    def wait_context(self) -> Iterator[Handle]:
        """A right to wait for fences with the CPU, which nobody else has meanwhile."""
        try:
            context = self._wait_contexts.popleft()
        except IndexError:
            module = self._opened("Sync")
            context = Handle.made(
                lib.NvSciSyncCpuWaitContextFree, lib.NvSciSyncCpuWaitContextAlloc, module.value
            )
        try:
            yield context
        finally:
            self._wait_contexts.append(context)

    def close(self) -> None:
        """Makes nothing more. The module goes with the last thing that belongs to it. Twice does no harm."""
        self._is_closed = True


_default: dict[str, Module] = {}


def default_module() -> Module:
    """The module of the process, opened when it is needed first and let go of when the interpreter ends."""
    return made_once(_default, "", Module)


def module_for(module: Optional[Module], check: Sequence[Any] = ()) -> Module:
    """The module that somebody names, else that of the first of some lists, else that of the process."""
    found = check[0].module if module is None and check else module
    return default_module() if found is None else expect(found, Module)


def close_default_module() -> None:
    """Lets go of the module of the process; what needs one next opens another."""
    _default.clear()


atexit.register(close_default_module)
os.register_at_fork(after_in_child=close_default_module)  # the parent's module stays the parent's
