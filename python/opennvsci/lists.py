# SPDX-License-Identifier: Apache-2.0
"""Attribute lists: what participants need of a buffer or of a sync object, and what became of it.

A list reads as a dictionary by the names of keys. It is made of one, and can be set once for each key.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Iterable, Iterator, Optional, Sequence, TypeVar, Union, overload

from . import _abi
from ._libraries import lib
from ._values import bytes_of, expect, unsigned
from .channels import Endpoint, over
from .devices import Device, ordinal_of
from .errors import NvSciError, ReconcileError, call, call_cuda
from .handles import Closing, Handle, taken_bytes
from .keys import Key, KeyTable, buf_keys, sync_keys
from .modules import Module, module_for
from .report import Report

if TYPE_CHECKING:
    from .buffers import Buffer
    from .sync import SyncObject

_Self = TypeVar("_Self", bound="_List")
_Result = TypeVar("_Result", bound="_Reconciled")


class _List(Closing, Mapping):  # type: ignore[type-arg]
    """What all lists have. A key that is not set, or cannot be read from such a list, is a KeyError.

    Who calls a C function has the handle in a variable of its own: it stays, whoever closes the list meanwhile.
    """

    _family = ""
    _keys: KeyTable
    _pair: Any
    _is_reconciled = False

    def __init__(self, handle: Handle, module: Module, owner: Optional[Handle] = None) -> None:
        self._handle = handle
        self._module = module
        self._owner = owner  # of a list that belongs to an object

    @classmethod
    def _function(cls, name: str) -> Any:
        return getattr(lib, f"NvSci{cls._family}{name}")

    @classmethod
    def _free(cls) -> Any:
        return cls._function("AttrListFree")

    @property
    def module(self) -> Module:
        """The module that the list belongs to."""
        return self._module

    @property
    def slot_count(self) -> int:
        """The number of participants whose wishes it holds; 1 for a reconciled list."""
        handle = self._handle
        return int(self._function("AttrListGetSlotCount")(handle.value))

    def slot(self, index: int) -> dict[str, Any]:
        """What one participant of a list of several asks. Raises IndexError."""
        count = self.slot_count
        if isinstance(index, int) and index < 0 or unsigned(index, 64, "slot") >= count:
            raise IndexError(f"the list has {count} slots")
        return self._read(list(self._readable()), index)

    def _readable(self) -> Iterator[Key]:
        return (key for key in self._keys if key.can_be_read(self._is_reconciled))

    def _read(self, keys: Sequence[Key], slot: int = 0) -> dict[str, Any]:
        pairs = (self._pair * len(keys))(*[(key.number, None, 0) for key in keys])
        handle = self._handle  # the values lie in the list
        call(self._function("AttrListSlotGetAttrs"), handle.value, slot, pairs, len(keys))
        return {
            key.name: key.decode(ctypes.string_at(one.value, one.len))
            for key, one in zip(keys, pairs)
            if one.value is not None
        }

    def __getitem__(self, name: str) -> Any:
        key = self._keys[name]
        if not key.can_be_read(self._is_reconciled):
            kind = "a reconciled" if self._is_reconciled else "an unreconciled"
            raise KeyError(f"{key.name} cannot be read from {kind} list")
        found = self._read([key])
        if not found:
            raise KeyError(f"{key.name} is not set")
        return found[key.name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read(list(self._readable())))

    def __len__(self) -> int:
        return len(self._read(list(self._readable())))

    def __contains__(self, name: object) -> bool:
        try:
            self[name]  # type: ignore[index]
        except (KeyError, TypeError):
            return False
        return True

    def __repr__(self) -> str:
        if self._handle.is_closed:
            return f"<closed {type(self).__name__}>"
        return f"{type(self).__name__}({self._read(list(self._readable()))})"

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other

    def clone(self: _Self) -> _Self:
        """A copy. That of an unreconciled list can be set: each key once more."""
        handle = self._handle
        copy = type(self).__new__(type(self))
        _List.__init__(copy, Handle.made(self._free(), self._function("AttrListClone"), handle.value), self._module)
        return copy

    def close(self) -> None:
        """Frees the list. Twice does no harm; after it, using the list is a ValueError."""
        self._handle = Handle.closed()


class _Unreconciled(_List):
    def __init__(
        self, attributes: Optional[Mapping[str, Any]] = None, *, name: str = "", module: Optional[Module] = None
    ) -> None:
        module = module_for(module)
        create = self._function("AttrListCreate")
        super().__init__(Handle.made(self._free(), create, module.handle(self._family).value), module)
        if "\0" in name:
            raise ValueError(f"{name!r} has a zero in it")
        if name:
            set_name = getattr(lib, f"opennvsci{self._family}AttrListSetName")
            call(set_name, self._handle.value, name.encode())
        if attributes is not None:
            self.set(attributes)

    def set(self, attributes: Mapping[str, Any]) -> None:
        """Sets keys, all or none; each key once.

        Raises KeyError for an unknown key, TypeError for a value of another type, NvSciError if the library refuses.
        """
        values = [(self._keys[name], value) for name, value in expect(attributes, Mapping).items()]  # type: ignore[type-abstract]
        encoded = [(key, _stored(key.encode(value))) for key, value in values]
        pairs = (self._pair * len(encoded))(
            *[(key.number, ctypes.addressof(value), len(value)) for key, value in encoded]
        )
        handle = self._handle
        call(self._function("AttrListSetAttrs"), handle.value, pairs, len(pairs))

    def __setitem__(self, name: str, value: Any) -> None:
        self.set({name: value})

    @classmethod
    def appended(cls: type[_Self], lists: Iterable[_Self]) -> _Self:
        """One list with the participants of all, which can only be read, reconciled and exported."""
        lists = list(lists)
        if not lists:
            raise ValueError("no lists")
        handles = handles_of(cls, lists)
        function = cls._function("AttrListAppendUnreconciled")
        made = cls.__new__(cls)
        _List.__init__(made, Handle.made(cls._free(), function, handles, len(handles)), lists[0]._module)
        return made

    def export(self, endpoint: Endpoint) -> bytes:
        """The list as bytes for the peer of an endpoint, over which the program sends them."""
        handles = handles_of(_Unreconciled, [self])
        return taken_bytes(
            self._function("AttrListFreeDesc"),
            self._function("AttrListIpcExportUnreconciled"),
            handles,
            1,
            over(endpoint),
        )

    @classmethod
    def import_(cls: type[_Self], endpoint: Endpoint, data: bytes, *, module: Optional[Module] = None) -> _Self:
        """The list that a peer exported, of bytes that came over the endpoint. It can be read and reconciled."""
        module = module_for(module)
        function = cls._function("AttrListIpcImportUnreconciled")
        content = bytes_of(data)
        arguments = (module.handle(cls._family).value, over(endpoint), content, len(content))
        made = cls.__new__(cls)
        _List.__init__(made, Handle.made(cls._free(), function, *arguments), module)
        return made


class AttributeList(_Unreconciled):
    """What a participant needs of a buffer.

    Keys are named as C names them, or shorter: "Types" is NvSciBufGeneralAttrKey_Types, "RawBuffer.Size" is
    NvSciBufRawBufferAttrKey_Size. ``name`` says who asks, for reports and exceptions.

    The list is freed with its last reference, or by :meth:`close`. Thread-safe, but for setting and reading one list
    at once.

    >>> camera = AttributeList({"Types": "RawBuffer", "RawBuffer.Size": 4096, "NeedCpuAccess": True}, name="camera")
    >>> camera["NeedCpuAccess"], camera["RawBuffer.Size"]
    (True, 4096)
    >>> camera["RequiredPerm"] = "ReadWrite"
    >>> sorted(camera)[-1]
    'NvSciBufRawBufferAttrKey_Size'
    """

    _family = "Buf"
    _keys = buf_keys
    _pair = _abi.NvSciBufAttrKeyValuePair


class SyncList(_Unreconciled):
    """What a participant needs of a sync object: to signal, or to wait.

    >>> waiter = SyncList({"NeedCpuAccess": True, "RequiredPerm": "WaitOnly"}, name="display")
    >>> waiter["RequiredPerm"].name
    'WaitOnly'
    """

    _family = "Sync"
    _keys = sync_keys
    _pair = _abi.NvSciSyncAttrKeyValuePair

    @classmethod
    def for_device(
        cls,
        device: Union[Device, int] = 0,
        *,
        signal: bool = False,
        wait: bool = False,
        name: str = "",
        module: Optional[Module] = None,
    ) -> SyncList:
        """What streams of a device need to signal, or to wait. Further keys can be set.

        >>> sorted(SyncList.for_device(wait=True))[0]
        'NvSciSyncAttrKey_GpuId'
        """
        flags = _abi.CUDA_CONSTANTS["CUDA_NVSCISYNC_ATTR_SIGNAL"] * bool(signal)
        flags |= _abi.CUDA_CONSTANTS["CUDA_NVSCISYNC_ATTR_WAIT"] * bool(wait)
        if not flags:
            raise ValueError("say signal=True, wait=True or both")
        made = cls(name=name, module=module)
        call_cuda(lib.nvsciCuDeviceGetNvSciSyncAttributes, made._handle.value, ordinal_of(device), flags)
        return made


class _Reconciled(_List):
    _is_reconciled = True
    _wishes: type[_Unreconciled]

    @property
    def report(self) -> Report:
        """How the negotiation came to its end. The first call for a list tries its suggestions."""
        return _report_of(self._family, self._handle)

    def explain(self) -> str:
        """The report of every key and everybody, as ``opennvsci explain --all`` words it."""
        return self.report.full_text

    def validate(self, *lists: Any) -> None:
        """Raises NvSciError unless the list satisfies all of these."""
        handles = handles_of(self._wishes, lists)
        is_valid, handle = ctypes.c_bool(), self._handle
        function = self._function("AttrListValidateReconciled")
        call(function, handle.value, handles, len(handles), ctypes.byref(is_valid))

    def export(self, endpoint: Endpoint) -> bytes:
        """The list as bytes for the peer of an endpoint, with the rights of that peer."""
        handle, function = self._handle, self._function("AttrListIpcExportReconciled")
        return taken_bytes(self._function("AttrListFreeDesc"), function, handle.value, over(endpoint))

    @classmethod
    def import_(
        cls: type[_Result],
        endpoint: Endpoint,
        data: bytes,
        *,
        check: Sequence[_Unreconciled] = (),
        module: Optional[Module] = None,
    ) -> _Result:
        """The list that a peer exported. ``check``: own lists that it must satisfy."""
        module, arguments = import_arguments(cls._wishes, endpoint, data, check, module)
        made = cls.__new__(cls)
        function = cls._function("AttrListIpcImportReconciled")
        _List.__init__(made, Handle.made(cls._free(), function, *arguments), module)
        return made


class ReconciledList(_Reconciled):
    """What all lists of a buffer became: its layout, and where it will lie.

    >>> camera = AttributeList({"Types": "RawBuffer", "RawBuffer.Size": 4096, "NeedCpuAccess": True}, name="camera")
    >>> reconciled = reconcile(camera)
    >>> reconciled["RawBuffer.Size"], reconciled.report.outcome
    (4096, 'granted')
    """

    _family = "Buf"
    _keys = buf_keys
    _pair = _abi.NvSciBufAttrKeyValuePair
    _wishes = AttributeList
    _object: type[Buffer]  # its file puts it here

    def allocate(self) -> Buffer:
        """A buffer for the list, filled with zero. More than one may be allocated."""
        handle = self._handle
        return self._object._made(self._module, self._function("ObjAlloc"), handle.value)

    def import_buffer(self, endpoint: Endpoint, descriptor: bytes, *, minimum: Any = "Auto") -> Buffer:
        """The buffer that a peer exported by :meth:`Buffer.export_descriptor`, with the list that came before."""
        return self._object._imported(self, endpoint, descriptor, minimum)


class ReconciledSyncList(_Reconciled):
    """What all lists of a sync object became.

    >>> both = reconcile(SyncList({"NeedCpuAccess": True, "RequiredPerm": "WaitSignal"}))
    >>> both["PrimitiveInfo"][0].name
    'SysmemSemaphorePayload64b'
    """

    _family = "Sync"
    _keys = sync_keys
    _pair = _abi.NvSciSyncAttrKeyValuePair
    _wishes = SyncList
    _object: type[SyncObject]  # its file puts it here

    def allocate(self) -> SyncObject:
        """A sync object for the list."""
        handle = self._handle
        return self._object._made(self._module, self._function("ObjAlloc"), handle.value)

    def import_object(self, endpoint: Endpoint, descriptor: bytes, *, permissions: Any = "Auto") -> SyncObject:
        """The object that a peer exported by :meth:`SyncObject.export_descriptor`."""
        return self._object._imported(self, endpoint, descriptor, permissions)


def handles_of(kind: type[_List], lists: Sequence[Any]) -> Any:
    """Lists of a kind as the C functions take several, which stay as long as this. Raises TypeError for others."""
    owners = [expect(one, kind)._handle for one in lists]
    handles: Any = (ctypes.c_void_p * len(owners))(*[one.value for one in owners])
    handles.owners = owners
    return handles


def import_arguments(
    kind: type[_List], endpoint: Endpoint, data: bytes, check: Sequence[Any], module: Optional[Module]
) -> tuple[Module, tuple[Any, ...]]:
    """What every import that own lists check begins with, and the module that it goes to."""
    wishes = handles_of(kind, check) if check else None
    module = module_for(module, check)
    content = bytes_of(data)
    start = (module.handle(kind._family).value, over(endpoint), content, len(content))
    return module, (*start, wishes, len(check))


def _report_of(family: str, handle: Handle) -> Report:
    """The report of a reconciled list or of a conflict list."""
    address = ctypes.c_void_p()
    call(getattr(lib, f"opennvsci{family}AttrListGetReport"), handle.value, ctypes.byref(address))
    return Report.at(address.value or 0)


def _stored(data: bytes) -> Any:
    return ctypes.create_string_buffer(data, len(data))


@overload
def reconcile(*lists: AttributeList) -> ReconciledList: ...
@overload
def reconcile(*lists: SyncList) -> ReconciledSyncList: ...
def reconcile(*lists: Any) -> Any:
    """Makes one list of all, or raises ReconcileError, which says who asks for what, and what would help.

    >>> camera = AttributeList({"Types": "RawBuffer", "RawBuffer.Size": 4096}, name="camera")
    >>> encoder = AttributeList({"Types": "RawBuffer", "RawBuffer.Size": 8192}, name="encoder")
    >>> reconcile(camera, encoder)  # doctest: +NORMALIZE_WHITESPACE
    Traceback (most recent call last):
    opennvsci.errors.ReconcileError: 2 participants ask for 2 keys: 1 as asked, 1 refused.
    <BLANKLINE>
    NvSciBufRawBufferAttrKey_Size: refused
      camera asks 4096
      encoder asks 8192
      rule 'equal': every list that sets it must give the same value
    <BLANKLINE>
    What they ask for NvSciBufRawBufferAttrKey_Size cannot be had together.
    <BLANKLINE>
    What to change:
      NvSciBufRawBufferAttrKey_Size: leave the key out of encoder (tried: it reconciles when encoder leaves it out)
    """
    if not lists:
        raise ValueError("nothing to reconcile")
    for one in lists:
        if not isinstance(one, _Unreconciled) or one._family != lists[0]._family:
            raise TypeError(f"only lists of one kind can be reconciled, not {type(one).__name__}")
    first = lists[0]
    kind = ReconciledList if isinstance(first, AttributeList) else ReconciledSyncList
    made, conflicts = Handle(first._free()), Handle(first._free())
    handles = handles_of(_Unreconciled, lists)
    try:
        call(first._function("AttrListReconcile"), handles, len(handles), made.out, conflicts.out)
    except NvSciError as error:
        if not conflicts.value:
            raise
        # The last refusal may be another one by now, of a handler of signals or of a finalizer.
        report = _report_of(first._family, conflicts)
        if isinstance(error, ReconcileError) and error.report.deciding == report.deciding:
            raise
        raise ReconcileError(error.code, report.conclusion, report) from None
    return kind(made, first._module)
