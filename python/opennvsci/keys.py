# SPDX-License-Identifier: Apache-2.0
"""Attribute keys and their values, as the installed libraries have them.

There is no list of keys or enumerators here: the tables of the libraries are asked when they are needed. What a value
looks like follows from its type:

========================  =======================================================================================
type                      in Python
========================  =======================================================================================
``bool``                  bool
numbers                   int, float
enumerators               a member of an IntEnum that has the name of the type (:mod:`opennvsci.enums`)
a GPU                     :class:`~opennvsci.GpuId`
a GPU and something       tuple of GpuId and text: ``(gpu, "true")``
a place, an engine        text: "SoC 1 VM 2", "engine 107 platform 1"
========================  =======================================================================================

Where a key takes several values, they are a tuple. To set a key, its number of a value will do as well as the member,
and a text as reports print it will do for everything: "ReadWrite", "Y8, V8U8", "4096".
"""

from __future__ import annotations

import ctypes
import enum
import operator
import re
import struct
import uuid
from collections.abc import Set
from dataclasses import dataclass, field
from typing import Any, Iterator, Optional, SupportsFloat, SupportsIndex, Type

from . import _abi
from ._libraries import lib
from ._values import made_once
from .devices import Device, GpuId
from .errors import NvSciError, call

_DIRECTIONS = ("in", "out", "in/out")
_PRESENCES = ("mandatory", "optional", "conditional", "output")


@dataclass(frozen=True)
class Key:
    """An attribute key.

    >>> import opennvsci
    >>> key = opennvsci.buf_keys["RawBuffer.Size"]
    >>> key.name, key.type, key.direction, key.presence, key.rule
    ('NvSciBufRawBufferAttrKey_Size', 'uint64_t', 'in/out', 'mandatory', 'equal')
    >>> [permission.name for permission in opennvsci.buf_keys["RequiredPerm"].enum][:2]
    ['Readonly', 'ReadWrite']
    """

    number: int
    #: As C programs and reports have it, and without what is the same in all: "RawBuffer.Size", "Types".
    name: str
    short_name: str
    #: The C type of an element, its bytes, and how many a value has at most; 1 if it is no array.
    type: str
    element_size: int
    max_count: int
    #: "in", "out" or "in/out"; "mandatory", "optional", "conditional" or "output".
    direction: str
    presence: str
    #: What the text of an element is, and which values are legal.
    form: str
    legal: str
    #: How the lists' values are merged: the name of the rule, and what it says.
    rule: str
    rule_text: str
    #: The values that have names; None for a type without.
    enum: Optional[Type[enum.IntEnum]] = field(compare=False)
    _family: str = field(repr=False, default="")

    @property
    def can_be_set(self) -> bool:
        """Programs set it, or may."""
        return self.direction != "out"

    def can_be_read(self, is_reconciled: bool) -> bool:
        """A reconciled list, or one that is not, may have it."""
        return self.direction != ("in" if is_reconciled else "out")

    def encode(self, value: Any) -> bytes:
        """The bytes of a value. Raises TypeError for another type, NvSciError for what is no value of the key."""
        text = value if isinstance(value, str) else self._text(value)
        if "\0" in text:
            raise ValueError(f"{self.name}: {text!r} has a zero in it")
        out = ctypes.create_string_buffer(self.element_size * self.max_count)
        size = ctypes.c_size_t()
        function = getattr(lib, f"opennvsci{self._family}AttrValueFromText")
        call(function, self.number, text.encode(errors="replace"), out, len(out), ctypes.byref(size))
        return out.raw[: size.value]

    def decode(self, data: bytes) -> Any:
        """The value that these bytes are."""
        step = self.element_size
        elements = tuple(self._element(data[at : at + step]) for at in range(0, len(data), step))
        return elements if self.max_count > 1 else elements[0]

    def _text(self, value: Any) -> str:
        if self.max_count == 1 or isinstance(value, (bool, int, float, enum.Enum, *_GPUS)):
            return self._element_text(value)
        if isinstance(value, Set):
            raise TypeError(f"{self.name} takes values in an order, which a {type(value).__name__} has not")
        if self._is_compound and _is_pair(value):
            return self._compound_text(value)
        try:
            elements = list(value.items() if isinstance(value, dict) else value)
        except TypeError:
            return self._element_text(value)
        return ", ".join(self._element_text(one) for one in elements)

    def _element_text(self, value: Any) -> str:
        if isinstance(value, str):
            if "," in value:
                raise ValueError(f"{self.name}: {value!r} is more than one value")
            return value
        if self.type == "NvSciRmGpuId":
            return str(_gpu_id(value))
        if self._is_compound:
            return self._compound_text(value)
        if self.type == "bool":
            if not isinstance(value, bool) and type(value).__name__ not in ("bool_", "bool"):
                raise TypeError(f"{self.name} takes a bool, not {type(value).__name__}")
            return "true" if value else "false"
        if isinstance(value, bool):
            raise TypeError(f"{self.name} takes {self.form}, not a bool")
        if self.type == "float":
            return self._float_text(value)
        return self._number_text(value)

    def _float_text(self, value: Any) -> str:
        if not isinstance(value, (SupportsFloat, SupportsIndex)):
            raise TypeError(f"{self.name} takes {self.form}, not {type(value).__name__}")
        try:
            return repr(float(value))
        except OverflowError:
            raise ValueError(f"{self.name}: the number is too large") from None

    def _number_text(self, value: Any) -> str:
        kind = type(value)
        if isinstance(value, enum.Enum) and kind is not self.enum and (self.enum or kind in _enums.values()):
            raise TypeError(f"{self.name} takes {self.form}, not {kind.__name__}")
        try:
            number = operator.index(value)
        except TypeError:
            raise TypeError(f"{self.name} takes {self.form}, not {type(value).__name__}") from None
        try:
            text = str(int(number))  # of an IntEnum too
        except ValueError:  # thousands of digits
            raise ValueError(f"{self.name}: the number is too large") from None
        if self.enum is None:
            return text
        if number not in self.enum._value2member_map_:
            raise ValueError(f"{self.name}: {text} is no {self.type}")
        return self.enum(number).name  # as a number it may look like the name of another one

    def _compound_text(self, value: Any) -> str:
        try:
            gpu, what = value
        except (TypeError, ValueError):
            raise TypeError(f"{self.name} takes {self.form}, not {value!r}") from None
        if isinstance(what, bool):
            what = "true" if what else "false"
        elif isinstance(what, enum.Enum):
            what = what.name
        elif not isinstance(what, str):
            raise TypeError(f"{self.name} takes {self.form}, not {what!r}")
        return f"{_gpu_id(gpu)}: {what}"

    @property
    def _is_compound(self) -> bool:
        return self.enum is None and self.type not in ("bool", "float", "NvSciRmGpuId") and not self.type.endswith("_t")

    def _element(self, data: bytes) -> Any:
        if self.type == "bool":
            return data != b"\0"
        if self.type == "float":
            return struct.unpack("=f", data)[0]
        if self.type == "NvSciRmGpuId":
            return GpuId(data)
        if self._is_compound:
            text = self._text_of(data)
            gpu, separator, what = text.partition(": ")
            return (GpuId(gpu), what) if separator else text
        number = int.from_bytes(data, "little")
        if self.enum is not None and number in self.enum._value2member_map_:
            return self.enum(number)
        return number

    def _text_of(self, data: bytes) -> str:
        text = ctypes.create_string_buffer(256)
        call(getattr(lib, f"opennvsci{self._family}AttrValueGetText"), self.number, data, len(data), text, len(text))
        return text.value.decode().strip("{}")


_GPUS = (GpuId, Device, uuid.UUID, bytes, bytearray)  # whatever stands for one, but for a text


def _is_pair(value: Any) -> bool:
    """A GPU and something, and not two of these."""
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        return False
    first = value[0]
    return isinstance(first, _GPUS) or (isinstance(first, str) and first.startswith("GPU-") and ":" not in first)


def _gpu_id(value: Any) -> GpuId:
    if isinstance(value, Device):
        return value.gpu_id
    return value if isinstance(value, GpuId) else GpuId(value)


class KeyTable:
    """All keys of one library, by their names. Looks them up when it is used first. Thread-safe.

    >>> import opennvsci
    >>> opennvsci.buf_keys["Types"] is opennvsci.buf_keys["NvSciBufGeneralAttrKey_Types"]
    True
    >>> "RequiredPerm" in opennvsci.sync_keys
    True
    """

    def __init__(self, family: str) -> None:
        self._family = family
        self._made: dict[str, dict[str, Key]] = {}

    @property
    def _keys(self) -> dict[str, Key]:
        return made_once(self._made, "", self._load)

    def _load(self) -> dict[str, Key]:
        address, count = ctypes.c_void_p(), ctypes.c_size_t()
        call(getattr(lib, f"opennvsci{self._family}GetKeys"), ctypes.byref(address), ctypes.byref(count))
        rows = (_abi.OpenNvSciKey * count.value).from_address(address.value or 0)
        return {key.name: key for key in (_key(row, self._family) for row in rows)}

    def __getitem__(self, name: str) -> Key:
        """The key of a full or short name. Raises KeyError, which says which name is nearest."""
        if not isinstance(name, str):
            raise TypeError(f"a key has a name, not {type(name).__name__}")
        found = self._keys.get(name) or self._keys.get(full_name(self._family, name))
        if found is not None:
            return found
        function = getattr(lib, f"opennvsci{self._family}GetKeyByName")
        unknown = ctypes.c_void_p()
        try:
            call(function, full_name(self._family, name).encode(errors="replace"), ctypes.byref(unknown))
        except NvSciError as error:
            raise KeyError(error.text) from None
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and (name in self._keys or full_name(self._family, name) in self._keys)

    def __iter__(self) -> Iterator[Key]:
        return iter(self._keys.values())

    def permission(self, value: Any) -> int:
        """A permission by its name, its member or its number."""
        permissions = self["RequiredPerm"].enum
        assert permissions is not None
        return int(permissions[value] if isinstance(value, str) else permissions(value))

    def __len__(self) -> int:
        return len(self._keys)


def full_name(family: str, name: str) -> str:
    """A short name as the libraries have it; another name as it is."""
    if "AttrKey_" in name:
        return name
    group, separator, rest = name.rpartition(".")
    if family == "Buf":
        return f"NvSciBuf{group or 'General'}AttrKey_{rest}"
    return f"NvSciSyncAttrKey_{name}"


def _short_name(name: str) -> str:
    group, rest = re.fullmatch(r"NvSci(?:Buf|Sync)(\w*?)AttrKey_(\w+)", name).groups()  # type: ignore[union-attr]
    return rest if group in ("", "General") else f"{group}.{rest}"


_enums: dict[str, Type[enum.IntEnum]] = {}


def _enum_of(row: _abi.OpenNvSciKey, type_name: str) -> Optional[Type[enum.IntEnum]]:
    """One class for a type, whichever keys have it."""
    if not row.enumeratorCount or type_name == "bool":
        return None

    def make() -> Type[enum.IntEnum]:
        rows = (_abi.OpenNvSciEnumerator * row.enumeratorCount).from_address(row.enumerators)
        members = {one.name.decode(): one.value for one in rows}
        kind: Any = enum.IntEnum  # of a name that is known now
        return kind(type_name, members, module="opennvsci.enums")  # type: ignore[no-any-return]

    return made_once(_enums, type_name, make)


def _key(row: _abi.OpenNvSciKey, family: str) -> Key:
    name, type_name = row.name.decode(), row.type.decode()
    return Key(
        number=row.number,
        name=name,
        short_name=_short_name(name),
        type=type_name,
        element_size=row.elementSize,
        max_count=row.maxCount,
        direction=_DIRECTIONS[row.direction],
        presence=_PRESENCES[row.presence],
        form=row.form.decode(),
        legal=row.legal.decode(),
        rule=row.rule.decode(),
        rule_text=row.ruleText.decode(),
        enum=_enum_of(row, type_name),
        _family=family,
    )


#: The keys of NvSciBuf, and those of NvSciSync.
buf_keys = KeyTable("Buf")
sync_keys = KeyTable("Sync")


def enum_named(name: str) -> Type[enum.IntEnum]:
    """The IntEnum of a type that a key has. Raises KeyError if there is none."""
    len(buf_keys), len(sync_keys)  # both are looked up
    return _enums[name]
