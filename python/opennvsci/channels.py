# SPDX-License-Identifier: Apache-2.0
"""Endpoints of NvSciIpc: messages between two processes, and the way of everything that is exported."""

from __future__ import annotations

import ctypes
import errno
import select
import struct
import time
from typing import Any, Optional

from . import _abi
from ._libraries import lib
from ._values import bytes_of, expect
from .errors import NvSciError, WaitTimeout, call, call_quietly, refused
from .handles import Closing, Handle

_EVENTS = {name.rpartition("EVENT_")[2]: bit for name, bit in _abi.CONSTANTS.items() if "EVENT" in name}
_NO_ROOM = _abi.CONSTANTS["NvSciError_InsufficientMemory"]
_RESET = _abi.CONSTANTS["NvSciError_ConnectionReset"]
_LENGTH = struct.Struct("=Q")
_LONGEST = (1 << 31) - 1  # milliseconds that poll() takes


def _close(handle: int, *, close: object = lib.NvSciIpcCloseEndpointSafe, end: object = lib.NvSciIpcDeinit) -> None:
    close(handle, False)  # type: ignore[operator]
    end()  # type: ignore[operator]


class _Deadline:
    """When a call has to end that may wait several times. None: never."""

    def __init__(self, timeout: Optional[float]) -> None:
        self.timeout = timeout
        self._end = None if timeout is None else time.monotonic() + timeout

    def left(self) -> Optional[float]:
        return None if self._end is None else self._end - time.monotonic()


class _Incoming:
    """What is known of the frame that comes next. Another one is put in its place in one step, when that frame is given
    out: who is interrupted before finds all of it with the next call."""

    __slots__ = ("announced", "count")

    def __init__(self, announced: Optional[int] = None) -> None:
        self.announced = announced  # the length of the message that it holds, which came before
        self.count = ctypes.c_uint32()  # its bytes, as the library writes them: not 0, and it was read


class Endpoint(Closing):
    """One end of a channel. A message is a frame of the channel: one write fills one, one read takes one.

    The two ends may be opened in any order. :meth:`connect` waits until both are there. One thread may read while
    another writes; closing is for when nobody else uses the endpoint.

    >>> import threading
    >>> def echo():
    ...     with Endpoint("itc_test_1") as there:
    ...         there.connect(timeout=5)
    ...         there.send(there.receive(timeout=5))
    ...         there.receive(timeout=5)
    >>> thread = threading.Thread(target=echo)
    >>> thread.start()
    >>> with Endpoint("itc_test_0") as here:
    ...     here.connect(timeout=5)
    ...     here.send(b"a message of any length that fits")
    ...     print(here.receive(timeout=5))
    ...     here.send(b"")
    b'a message of any length that fits'
    >>> thread.join()
    """

    def __init__(self, name: str) -> None:
        """Opens an endpoint by its configured name. Raises NvSciError: NoSuchEntry, Busy."""
        if "\0" in expect(name, str):
            raise ValueError(f"{name!r} is no name of an endpoint")
        encoded = name.encode()
        self.name = name
        self._is_cut = False  # the bytes of a message were not sent after its length
        self._incoming = _Incoming()
        call(lib.NvSciIpcInit)
        self._handle = Handle(_close)
        try:
            call(lib.NvSciIpcOpenEndpoint, encoded, self._handle.out)
        except BaseException:
            if not self._handle.value:
                lib.NvSciIpcDeinit()  # else it goes with the handle
            raise
        info, descriptor = _abi.NvSciIpcEndpointInfo(), ctypes.c_int32()
        call(lib.NvSciIpcGetEndpointInfo, self.handle, ctypes.byref(info))
        call(lib.NvSciIpcGetLinuxEventFd, self.handle, ctypes.byref(descriptor))
        #: Frames of each direction, and bytes of one.
        self.frames: int = info.nframes
        self.frame_size: int = info.frame_size
        self._descriptor: int = descriptor.value
        self._frame = ctypes.create_string_buffer(self.frame_size)  # of `_incoming`

    @property
    def handle(self) -> int:
        """The NvSciIpcEndpoint. Raises ValueError after :meth:`close`."""
        return self._handle.value

    def fileno(self) -> int:
        """A descriptor that is readable when :meth:`events` may have something new: for select, poll and asyncio."""
        self.handle  # noqa: B018
        return self._descriptor

    def __repr__(self) -> str:
        return f"<{'closed ' if self._handle.is_closed else ''}Endpoint {self.name}>"

    def reset(self) -> None:
        """Starts the connection, or starts it anew: what is under way is lost."""
        call(lib.NvSciIpcResetEndpointSafe, self.handle)
        self._is_cut, self._incoming = False, _Incoming()

    def connect(self, timeout: Optional[float] = None) -> None:
        """Resets the endpoint and waits for the peer to do so. Raises WaitTimeout."""
        end = _Deadline(timeout)
        self.reset()
        self._wait(_EVENTS["CONN_EST_ALL"], end)

    def events(self) -> int:
        """What is new: bits NV_SCI_IPC_EVENT_*."""
        events = ctypes.c_uint32()
        call(lib.NvSciIpcGetEventSafe, self.handle, ctypes.byref(events))
        return events.value

    def _wait(self, wanted: int, end: _Deadline) -> None:
        poll = select.poll()
        poll.register(self.fileno(), select.POLLIN)
        while not self.events() & wanted:
            left = end.left()
            if left is not None and left <= 0:
                text = f"{self.name}: the peer has not answered within {end.timeout} seconds"
                raise WaitTimeout(WaitTimeout.CODE, text)
            poll.poll(None if left is None else min(1000 * left, _LONGEST))

    # --------------------------------------------------------------------------------------------------- Frames

    def write(self, frame: bytes, timeout: Optional[float] = None) -> None:
        """Sends one frame, of which the length is not sent: what is missing arrives as zero. Waits for room.

        Raises ValueError for more than :attr:`frame_size` bytes or none, WaitTimeout, ConnectionResetError if the peer
        started anew. A peer that ended or was killed is not noticed: the channel stays, and the time runs out.
        """
        self._write(bytes_of(frame), _Deadline(timeout))

    def read(self, size: Optional[int] = None, timeout: Optional[float] = None) -> bytes:
        """Receives one frame, or its first `size` bytes; the rest is lost. Waits for one. Raises as :meth:`write`.

        A call that Ctrl-C interrupts loses none: the next one has it.
        """
        size = self.frame_size if size is None else size
        self._check(size)
        data = self._next(size, _Deadline(timeout))
        self._incoming = _Incoming()
        return data

    def _write(self, data: bytes, end: _Deadline) -> None:
        self._check(len(data))
        self._done(lib.NvSciIpcWriteSafe, data, len(data), ctypes.c_uint32(), _EVENTS["WRITE"], end)

    def _next(self, size: int, end: _Deadline) -> bytes:
        """The first bytes of the frame that comes next, which it stays until `_incoming` is another."""
        count = self._incoming.count
        if not count.value:
            self._done(lib.NvSciIpcReadSafe, self._frame, self.frame_size, count, _EVENTS["READ"], end)
        return self._frame.raw[:size]

    def _check(self, size: int) -> None:
        if not 0 < size <= self.frame_size:
            raise ValueError(f"a frame of {self.name} has 1 to {self.frame_size} bytes, not {size}")

    def _done(self, function: Any, frame: Any, size: int, count: Any, event: int, end: _Deadline) -> None:
        """Reads or writes, as soon as that can be. An event that tells of a reset is told once, the code for ever."""
        while True:
            code = call_quietly(function, self.handle, frame, size, ctypes.byref(count))
            if code == 0:
                return
            if code == _RESET:
                raise ConnectionResetError(errno.ECONNRESET, f"{self.name} is not connected, or its peer started anew")
            if code != _NO_ROOM:
                raise refused(code, function)
            self._wait(event | _EVENTS["CONN_RESET"], end)

    # ------------------------------------------------------------------------------------------------- Messages

    def send(self, message: bytes, timeout: Optional[float] = None) -> None:
        """Sends bytes of any length up to that of a frame: a frame with the length, and one with the bytes.

        A message that is cut off in the middle, as by a timeout, cannot be mended: sending is a ConnectionError then
        until the endpoint is connected anew. Else raises as :meth:`write`.
        """
        data, end = bytes_of(message), _Deadline(timeout)
        if len(data) > self.frame_size:
            raise ValueError(f"a message of {self.name} has at most {self.frame_size} bytes, not {len(data)}")
        if self._is_cut:
            raise ConnectionError(f"{self.name}: the message before was cut off; connect() starts anew")
        self._is_cut = True
        try:
            self._write(_LENGTH.pack(len(data)), end)
        except (NvSciError, ConnectionResetError):
            self._is_cut = False  # nothing of it was sent
            raise
        if data:
            self._write(data, end)
        self._is_cut = False

    def receive(self, timeout: Optional[float] = None) -> bytes:
        """Receives what :meth:`send` sent. Raises NvSciError for a length that no message has, else as :meth:`write`.

        After a timeout or Ctrl-C in the middle of a message the next call receives all of it.
        """
        end = _Deadline(timeout)
        size = self._incoming.announced
        if size is None:
            (size,) = _LENGTH.unpack(self._next(_LENGTH.size, end))
            self._incoming = _Incoming(size if size <= self.frame_size else None)
            if size > self.frame_size:
                raise NvSciError(0, f"{self.name}: the peer announces {size} bytes, and a frame has {self.frame_size}")
        data = self._next(size, end) if size else b""
        self._incoming = _Incoming()
        return data

    def close(self) -> None:
        """Closes the endpoint. What was written stays readable for the peer. Twice does no harm."""
        self._handle.close()


def over(endpoint: Any) -> int:
    """The NvSciIpcEndpoint of an endpoint. Raises TypeError for anything else."""
    return expect(endpoint, Endpoint).handle
