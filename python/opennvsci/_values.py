# SPDX-License-Identifier: Apache-2.0
"""Arguments as the C functions take them: numbers that fit, bytes, objects of the right class; and what is made once."""

from __future__ import annotations

import operator
from typing import Any, Callable, TypeVar

_Kind = TypeVar("_Kind")
_Value = TypeVar("_Value")


def unsigned(value: Any, bits: int, what: str) -> int:
    """A whole number from 0 to what fits. Raises TypeError, ValueError.

    >>> unsigned(7, 32, "device")
    7
    >>> unsigned(1 << 32, 32, "device")
    Traceback (most recent call last):
    ValueError: 4294967296 is no device
    """
    try:
        number = None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = None
    if number is None:
        raise TypeError(f"{type(value).__name__} is no {what}")
    if not 0 <= number < 1 << bits:
        raise ValueError(f"{number} is no {what}")
    return number


def expect(value: Any, kind: type[_Kind]) -> _Kind:
    """The value, which must be of a class. Raises TypeError."""
    if not isinstance(value, kind):
        raise TypeError(f"{kind.__name__} is needed here, not {type(value).__name__}")
    return value


def bytes_of(data: Any) -> bytes:
    """The bytes of bytes, or of anything else with a buffer: `bytes` itself, whose length is what it says. Raises
    TypeError for what has none.

    >>> bytes_of(bytearray(b"frame"))
    b'frame'
    """
    return data if type(data) is bytes else memoryview(data).tobytes()


def made_once(cache: dict[str, _Value], name: str, make: Callable[[], _Value]) -> _Value:
    """What a cache has, made if need be: no lock is held meanwhile, so that nobody waits for what `make` calls, nor a
    forked child for a thread that it does not have. Of several threads that make it at once, the first is believed."""
    found = cache.get(name)
    return cache.setdefault(name, make()) if found is None else found
