# SPDX-License-Identifier: Apache-2.0
"""Modules: what lists, buffers and sync objects belong to.

Most programs need not open one: what is made without a module belongs to that of the process. Things of different
modules cannot be combined, which keeps parts of a program apart.
"""

from __future__ import annotations

import atexit
import os
import threading
from collections import deque
from contextlib import contextmanager
from typing import Iterator, Optional

from ._libraries import lib
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
        self._lock = threading.Lock()
        self._closed = False
        self._modules: dict[str, Handle] = {}
        self._wait_contexts: deque[Handle] = deque()

    def handle(self, family: str) -> Handle:
        """The module of "Buf" or of "Sync". Raises ValueError after :meth:`close`."""
        with self._lock:
            if self._closed:
                raise ValueError("the module was closed")
            if family not in self._modules:
                close = getattr(lib, f"NvSci{family}ModuleClose")
                self._modules[family] = Handle.made(close, getattr(lib, f"NvSci{family}ModuleOpen"))
            return self._modules[family]

    @contextmanager
    def wait_context(self) -> Iterator[Handle]:
        """A right to wait for fences with the CPU, which nobody else has meanwhile."""
        try:
            context = self._wait_contexts.popleft()
        except IndexError:
            context = Handle.made(
                lib.NvSciSyncCpuWaitContextFree, lib.NvSciSyncCpuWaitContextAlloc, self.handle("Sync").value
            )
        try:
            yield context
        finally:
            if not self._closed:
                self._wait_contexts.append(context)

    def close(self) -> None:
        """Closes the module. Twice does no harm."""
        with self._lock:
            self._closed = True
            modules, self._modules = self._modules, {}
        self._wait_contexts.clear()
        for module in modules.values():
            module.close()


_lock = threading.Lock()
_default: Optional[Module] = None


def default_module() -> Module:
    """The module of the process, opened when it is needed first and closed when the interpreter ends."""
    global _default
    with _lock:
        if _default is None:
            _default = Module()
        return _default


def close_default_module() -> None:
    """Closes the module of the process; what needs one next opens another."""
    global _default
    with _lock:
        module, _default = _default, None
    if module is not None:
        module.close()


def _forget() -> None:
    """In a forked child: the parent's module stays the parent's."""
    global _default, _lock
    _lock = threading.Lock()
    _default = None


atexit.register(close_default_module)
os.register_at_fork(after_in_child=_forget)
