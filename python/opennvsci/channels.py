# SPDX-License-Identifier: Apache-2.0
"""Endpoints of NvSciIpc: messages between two processes, and the way of everything that is exported."""

from __future__ import annotations

import ctypes
import select
import struct
import time
from typing import Optional

from . import _abi
from ._libraries import lib
from .errors import NvSciError, WaitTimeout, call, call_quietly
from .handles import Closing, Handle

_EVENTS = {name.rpartition("EVENT_")[2]: bit for name, bit in _abi.CONSTANTS.items() if "EVENT" in name}
_NO_ROOM = _abi.CONSTANTS["NvSciError_InsufficientMemory"]
_LENGTH = struct.Struct("=Q")
_LONGEST = (1 << 31) - 1  # milliseconds that poll() takes


def _close(handle: int, *, close: object = lib.NvSciIpcCloseEndpointSafe, end: object = lib.NvSciIpcDeinit) -> None:
    close(handle, False)  # type: ignore[operator]
    end()  # type: ignore[operator]


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
        if "\0" in name:
            raise ValueError(f"{name!r} is no name of an endpoint")
        self.name = name
        call(lib.NvSciIpcInit)
        self._handle = Handle(_close)
        try:
            call(lib.NvSciIpcOpenEndpoint, name.encode(), self._handle.out)
        except NvSciError:
            lib.NvSciIpcDeinit()  # else it goes with the handle
            raise
        info, descriptor = _abi.NvSciIpcEndpointInfo(), ctypes.c_int32()
        call(lib.NvSciIpcGetEndpointInfo, self.handle, ctypes.byref(info))
        call(lib.NvSciIpcGetLinuxEventFd, self.handle, ctypes.byref(descriptor))
        #: Frames of each direction, and bytes of one.
        self.frames: int = info.nframes
        self.frame_size: int = info.frame_size
        self._descriptor: int = descriptor.value
        self._is_connected = False

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
        self._is_connected = False

    def connect(self, timeout: Optional[float] = None) -> None:
        """Resets the endpoint and waits for the peer to do so. Raises WaitTimeout."""
        self.reset()
        self._wait(_EVENTS["CONN_EST_ALL"], timeout)
        self._is_connected = True

    def events(self) -> int:
        """What is new: bits NV_SCI_IPC_EVENT_*."""
        events = ctypes.c_uint32()
        call(lib.NvSciIpcGetEventSafe, self.handle, ctypes.byref(events))
        return events.value

    def _wait(self, wanted: int, timeout: Optional[float]) -> None:
        end = None if timeout is None else time.monotonic() + timeout
        poll = select.poll()
        poll.register(self.fileno(), select.POLLIN)
        while True:
            events = self.events()
            if events & wanted:
                return
            if self._is_connected and events & _EVENTS["CONN_RESET"]:
                raise ConnectionResetError(f"the peer of {self.name} started anew, or is gone")
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                raise WaitTimeout(_abi.CONSTANTS["NvSciError_Timeout"], f"{self.name}: the peer does not answer")
            poll.poll(None if left is None else min(1000 * left, _LONGEST))

    # --------------------------------------------------------------------------------------------------- Frames

    def write(self, frame: bytes, timeout: Optional[float] = None) -> None:
        """Sends one frame, of which the length is not sent: what is missing arrives as zero. Waits for room.

        Raises ValueError for more than :attr:`frame_size` bytes or none, WaitTimeout, ConnectionResetError.
        """
        if not 0 < len(frame) <= self.frame_size:
            raise ValueError(f"a frame of {self.name} has 1 to {self.frame_size} bytes, not {len(frame)}")
        count = ctypes.c_uint32()
        data = bytes(frame)
        while True:
            code = call_quietly(lib.NvSciIpcWriteSafe, self.handle, data, len(data), ctypes.byref(count))
            if code != _NO_ROOM:
                return self._done(code)
            self._wait(_EVENTS["WRITE"], timeout)

    def read(self, size: Optional[int] = None, timeout: Optional[float] = None) -> bytes:
        """Receives one frame, or its first `size` bytes; the rest is lost. Waits for one."""
        size = self.frame_size if size is None else size
        if not 0 < size <= self.frame_size:
            raise ValueError(f"a frame of {self.name} has 1 to {self.frame_size} bytes, not {size}")
        frame, count = ctypes.create_string_buffer(size), ctypes.c_uint32()
        while True:
            code = call_quietly(lib.NvSciIpcReadSafe, self.handle, frame, size, ctypes.byref(count))
            if code != _NO_ROOM:
                self._done(code)
                return frame.raw
            self._wait(_EVENTS["READ"], timeout)

    @staticmethod
    def _done(code: int) -> None:
        if code != 0:
            call(lambda: code)

    # ------------------------------------------------------------------------------------------------- Messages

    def send(self, message: bytes, timeout: Optional[float] = None) -> None:
        """Sends bytes of any length up to that of a frame: a frame with the length, and one with the bytes."""
        if len(message) > self.frame_size:
            raise ValueError(f"a message of {self.name} has at most {self.frame_size} bytes, not {len(message)}")
        self.write(_LENGTH.pack(len(message)), timeout)
        if message:
            self.write(message, timeout)

    def receive(self, timeout: Optional[float] = None) -> bytes:
        """Receives what :meth:`send` sent. Raises NvSciError for a length that no message has."""
        (size,) = _LENGTH.unpack(self.read(_LENGTH.size, timeout))
        if size > self.frame_size:
            raise NvSciError(0, f"{self.name}: the peer announces {size} bytes, and a frame has {self.frame_size}")
        return self.read(size, timeout) if size else b""

    def close(self) -> None:
        """Closes the endpoint. What was written stays readable for the peer. Twice does no harm."""
        self._handle.close()
