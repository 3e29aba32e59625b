# SPDX-License-Identifier: Apache-2.0
"""The enumerations of NvSciBuf and NvSciSync, by the names of their types, as the installed libraries have them.

>>> from opennvsci import enums
>>> enums.NvSciBufAttrValAccessPerm.ReadWrite
<NvSciBufAttrValAccessPerm.ReadWrite: 3>
>>> enums.NvSciBufSurfBPC["10"].value
3
"""

from __future__ import annotations

from typing import Any

from .keys import buf_keys, enum_named, sync_keys


def __getattr__(name: str) -> Any:
    try:
        return enum_named(name)
    except KeyError:
        raise AttributeError(f"no key has a type {name} with enumerators") from None


def __dir__() -> list[str]:
    return sorted({key.type for table in (buf_keys, sync_keys) for key in table if key.enum is not None})
