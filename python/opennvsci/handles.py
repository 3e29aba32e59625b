# SPDX-License-Identifier: Apache-2.0
"""Handles of the C libraries, each owned by one object of Python.

A handle is freed once: by :meth:`Handle.close`, or with the last reference to its owner, in any order, in any thread,
and while the interpreter ends. So an owner keeps whatever its freeing needs, and looks up nothing when it dies. The
libraries know a freed handle, and one of the process that this one was forked from, and never follow it.

The collector of cycles does not see the owners: it would free them first, while a ``__del__`` of something in the same
cycle still reads the memory. So they go with their last reference there too, when everything has had its last word.
"""

from __future__ import annotations

import ctypes
from types import TracebackType
from typing import Any, Callable, Optional, TypeVar

from .errors import call

_Self = TypeVar("_Self", bound="Closing")

_hide_from_collector = ctypes.PYFUNCTYPE(None, ctypes.py_object)(("PyObject_GC_UnTrack", ctypes.pythonapi))


class Unique:
    """What cannot be copied or pickled: two would be the same thing, which one of them may end."""

    __slots__ = ()

    def __reduce__(self) -> Any:
        raise TypeError(f"{type(self).__name__} stands for one thing, and cannot be copied or pickled")


class Handle(Unique):
    """Owns one handle, and frees it.

    The owner is there before the handle, and a C function writes the handle into it (:attr:`out`): whatever is raised
    in between, Ctrl-C too, what was made is owned.
    """

    __slots__ = ("_cell", "_free", "__weakref__")

    def __init__(self, free: Callable[[int], Any], value: int = 0) -> None:
        self._free = free
        self._cell = [ctypes.c_void_p(value)]
        _hide_from_collector(self)

    @classmethod
    def made(cls, free: Callable[[int], Any], function: Any, *arguments: Any) -> Handle:
        """Owns what a function puts where its last argument says, which is added here."""
        handle = cls(free)
        call(function, *arguments, handle.out)
        return handle

    @classmethod
    def closed(cls) -> Handle:
        """In the place of one that its owner has let go of."""
        handle = cls(int)
        handle.close()
        return handle

    @property
    def value(self) -> int:
        """The handle. Raises ValueError after it was closed."""
        try:
            return self._cell[0].value or 0
        except IndexError:
            raise ValueError("it was closed") from None

    @property
    def out(self) -> Any:
        """Where a C function writes the handle: a pointer to 64 bits."""
        return ctypes.byref(self._cell[0])

    @property
    def is_closed(self) -> bool:
        return not self._cell

    def close(self) -> None:
        """Frees the handle, if nobody did."""
        try:
            value = self._cell.pop().value  # in one step: threads may close at once
        except (IndexError, AttributeError):  # the latter if making it was interrupted
            return
        if value is not None:
            self._free(value)

    def __del__(self) -> None:
        self.close()

class Closing(Unique):
    """What can be closed, and is by a ``with`` statement."""

    def close(self) -> None:
        raise NotImplementedError

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()


def taken_bytes(free: Callable[[int], Any], function: Any, *arguments: Any) -> bytes:
    """The bytes that a function makes, of which its last two arguments tell the address and the number."""
    data, size = Handle(free), ctypes.c_size_t()
    call(function, *arguments, data.out, ctypes.byref(size))
    return ctypes.string_at(data.value, size.value)
