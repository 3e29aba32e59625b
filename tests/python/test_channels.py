# SPDX-License-Identifier: Apache-2.0
"""Endpoints, and what goes over them: lists, buffers, objects and fences between two processes."""

from __future__ import annotations

import array
import ctypes
import os
import select
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from contextlib import contextmanager
from typing import Any, Iterator
from unittest import mock

import opennvsci
from opennvsci import AttributeList, Buffer, Endpoint, NvSciError, SyncList, SyncObject, WaitTimeout, reconcile
from support import RAW, LeakTest, allocate

PEER = """
import sys, opennvsci
from opennvsci import *
endpoint = Endpoint("nvscisync_a_1")
endpoint.connect(timeout=20)
module = Module()
"""


class Liar(bytes):
    def __len__(self) -> int:
        return 1400


class ChannelTest(LeakTest):
    def test_frames_and_messages(self) -> None:
        with Endpoint("itc_test_0") as here, Endpoint("itc_test_1") as there:
            thread = threading.Thread(target=there.connect, args=(5,))
            thread.start()
            here.connect(timeout=5)
            thread.join()
            self.assertEqual((here.frames, here.frame_size), (64, 1536))
            here.write(b"abc")
            self.assertEqual(there.read(5), b"abc\0\0")
            for message in (b"", b"x", bytes(1536), bytearray(b"any bytes")):
                here.send(message)
                self.assertEqual(there.receive(timeout=1), message)
            here.send(b"1", timeout=float("inf"))
            self.assertEqual(select.select([there], [], [], 1)[0], [there])
            self.assertTrue(there.events() & 1)
            there.receive()
            with self.assertRaises(WaitTimeout):
                there.read(timeout=0.05)
            with self.assertRaises(WaitTimeout):
                for _ in range(65):
                    here.write(b"x", timeout=0.05)
            for bad in (b"", bytes(1537)):
                with self.assertRaises(ValueError):
                    here.write(bad)
            with self.assertRaises(ValueError):
                here.read(0)
            with self.assertRaises(ValueError):
                here.send(bytes(1537))
            there.reset()
            with self.assertRaises((ConnectionResetError, NvSciError)):
                here.read(timeout=1)

    def test_names_and_closing(self) -> None:
        for name in ("no_such_endpoint", "", "x" * 64):
            with self.assertRaises(NvSciError):
                Endpoint(name)
        with self.assertRaises(ValueError):
            Endpoint("itc\0test")
        endpoint = Endpoint("itc_test_0")
        with self.assertRaises(NvSciError) as caught:
            Endpoint("itc_test_0")
        self.assertEqual(caught.exception.name, "NvSciError_Busy")
        endpoint.close()
        endpoint.close()
        self.assertIn("closed", repr(endpoint))
        for use in (endpoint.connect, endpoint.fileno, endpoint.events, lambda: endpoint.write(b"x"), endpoint.read):
            with self.assertRaises(ValueError):
                use()
        for _ in range(200):
            Endpoint("itc_test_0")

    @contextmanager
    def connected(self) -> Iterator[tuple[Endpoint, Endpoint]]:
        with Endpoint("itc_test_0") as here, Endpoint("itc_test_1") as there:
            thread = threading.Thread(target=there.connect, args=(5,))
            thread.start()
            here.connect(timeout=5)
            thread.join()
            yield here, there

    def test_messages_are_bytes_however_they_are_stored(self) -> None:
        with self.connected() as (here, there):
            numbers = array.array("I", range(4))
            for message in (numbers, memoryview(numbers)[::2]):
                here.send(message)  # type: ignore[arg-type]
                self.assertEqual(there.receive(timeout=1), message.tobytes())
            here.write(Liar(b"x"))
            self.assertEqual(there.read(timeout=1), b"x" + bytes(1535))
            for wrong in ("text", 5, None, [1]):
                with self.assertRaises(TypeError):
                    here.send(wrong)  # type: ignore[arg-type]
            here.send(b"nothing of those was sent")
            self.assertEqual(there.receive(timeout=1), b"nothing of those was sent")

    def test_a_receive_that_is_cut_off_goes_on(self) -> None:
        with self.connected() as (here, there):
            here.write((5).to_bytes(8, "little"))
            for _ in range(3):
                with self.assertRaises(WaitTimeout):
                    there.receive(timeout=0.02)
            here.write(b"hello")
            self.assertEqual(there.receive(timeout=1), b"hello")

    def test_interrupts_lose_no_frame(self) -> None:
        """An exception comes as soon as the library has read a frame: each frame is read once more, and then given."""

        class Interrupted(Exception):
            pass

        def interrupt(function: Any, *arguments: Any) -> int:
            code = call_quietly(function, *arguments)
            if code == 0 and function is opennvsci._libraries.lib.NvSciIpcReadSafe:
                raise Interrupted
            return code

        call_quietly = opennvsci.channels.call_quietly
        with self.connected() as (here, there), mock.patch("opennvsci.channels.call_quietly", interrupt):
            for message in (b"", b"x", b"\0" * 9):
                here.send(message)
                for _ in range(2 if message else 1):  # its length, and what it has
                    with self.assertRaises(Interrupted):
                        there.receive(timeout=1)
                self.assertEqual(there.receive(timeout=1), message)
            here.write(b"frame")
            with self.assertRaises(Interrupted):
                there.read(2, timeout=1)
            self.assertEqual(there.read(7, timeout=1), b"frame\0\0")

    def test_a_send_that_is_cut_off_is_said(self) -> None:
        with self.connected() as (here, there):
            for _ in range(here.frames - 1):
                here.write(b"x")
            start = time.monotonic()
            with self.assertRaises(WaitTimeout):
                here.send(b"cut", timeout=0.1)
            self.assertLess(time.monotonic() - start, 0.19, "one time for both frames")
            for _ in range(here.frames):
                there.read()
            with self.assertRaisesRegex(ConnectionError, "cut off"):
                here.send(b"more")
            thread = threading.Thread(target=there.connect, args=(5,))
            thread.start()
            here.connect(timeout=5)
            thread.join()
            here.send(b"anew")
            self.assertEqual(there.receive(timeout=1), b"anew")

    def test_a_send_without_room_sent_nothing(self) -> None:
        with self.connected() as (here, there):
            for _ in range(here.frames):
                here.write(b"x")
            with self.assertRaises(WaitTimeout):
                here.send(b"late", timeout=0.02)
            for _ in range(here.frames):
                there.read()
            here.send(b"late")
            self.assertEqual(there.receive(timeout=1), b"late")

    def test_a_reset_of_the_peer_ends_a_read(self) -> None:
        with Endpoint("itc_test_0") as here, Endpoint("itc_test_1") as there:
            here.reset()
            there.reset()
            connected = opennvsci._abi.CONSTANTS["NV_SCI_IPC_EVENT_WRITE"]
            while not (here.events() & connected and there.events() & connected):
                pass
            timer = threading.Timer(0.1, there.reset)
            timer.start()
            for _ in range(2):
                with self.assertRaises(ConnectionResetError):
                    here.read(timeout=5)
            timer.join()

    def test_a_name_that_is_none_opens_nothing(self) -> None:
        library, out = opennvsci._libraries.lib, ctypes.c_uint64()
        with self.assertRaises(UnicodeEncodeError):
            Endpoint("\ud800")
        with self.assertRaises(TypeError):
            Endpoint(b"itc_test_0")  # type: ignore[arg-type]
        with self.assertRaises(NvSciError) as caught:
            opennvsci.errors.call(library.NvSciIpcOpenEndpoint, b"itc_test_0", ctypes.byref(out))
        self.assertEqual(caught.exception.name, "NvSciError_NotInitialized")

    def test_nobody_comes(self) -> None:
        with Endpoint("itc_test_0") as endpoint, self.assertRaises(WaitTimeout):
            endpoint.connect(timeout=0.05)


class TwoProcessesTest(LeakTest):
    """This process and another one, which runs the code that a test gives it."""

    def setUp(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        os.environ["OPENNVSCI_RUNTIME_DIR"] = self.folder.name
        super().setUp()

    def tearDown(self) -> None:
        super().tearDown()
        del os.environ["OPENNVSCI_RUNTIME_DIR"]
        self.folder.cleanup()

    def start(self, code: str) -> tuple[Any, Endpoint]:
        peer = subprocess.Popen(
            [sys.executable, "-X", "dev", "-c", PEER + code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.addCleanup(self.kill, peer)
        endpoint = Endpoint("nvscisync_a_0")
        endpoint.connect(timeout=20)
        return peer, endpoint

    @staticmethod
    def kill(peer: Any) -> None:
        peer.kill()
        peer.communicate()

    def end(self, peer: Any, expected: str = "") -> None:
        out, errors = peer.communicate(timeout=20)
        self.assertEqual((peer.returncode, out.strip(), errors), (0, expected, ""))

    def test_a_buffer_that_the_peer_may_only_read(self) -> None:
        peer, endpoint = self.start(
            """
own = AttributeList({"Types": "RawBuffer", "NeedCpuAccess": True}, name="display", module=module)
endpoint.send(own.export(endpoint))
buffer = Buffer.import_(endpoint, endpoint.receive(timeout=20), check=[own], minimum="Readonly")
print(buffer, bytes(buffer.memoryview()[:5]), buffer.memoryview().readonly)
endpoint.send(b"seen")
"""
        )
        camera = AttributeList(RAW, name="camera")
        theirs = AttributeList.import_(endpoint, endpoint.receive(timeout=20))
        reconciled = reconcile(camera, theirs)
        self.assertEqual(reconciled.report.participants[1].peer, "nvscisync_a_1")
        buffer = reconciled.allocate()
        buffer.memoryview()[:5] = b"hello"
        endpoint.send(buffer.export(endpoint))
        self.assertEqual(endpoint.receive(timeout=20), b"seen")
        self.end(peer, "<Buffer: 4096 bytes in system memory, read-only> b'hello' True")

    def test_list_and_descriptor_apart(self) -> None:
        peer, endpoint = self.start(
            """
own = AttributeList({"Types": "RawBuffer", "NeedCpuAccess": True, "RequiredPerm": "ReadWrite"}, module=module)
endpoint.send(own.export(endpoint))
reconciled = ReconciledList.import_(endpoint, endpoint.receive(timeout=20), check=[own])
for number in range(10):
    buffer = reconciled.import_buffer(endpoint, endpoint.read(256, timeout=20), minimum="ReadWrite")
    buffer.memoryview()[0] = number
endpoint.send(b"written")
"""
        )
        reconciled = reconcile(AttributeList(RAW), AttributeList.import_(endpoint, endpoint.receive(timeout=20)))
        endpoint.send(reconciled.export(endpoint))
        buffers = [reconciled.allocate() for _ in range(10)]
        for buffer in buffers:
            endpoint.write(buffer.export_descriptor(endpoint, "ReadWrite"))
        self.assertEqual(endpoint.receive(timeout=20), b"written")
        self.assertEqual([buffer.memoryview()[0] for buffer in buffers], list(range(10)))
        self.end(peer)

    def test_fences_there_and_back(self) -> None:
        peer, endpoint = self.start(
            """
waiter = SyncList({"NeedCpuAccess": True, "RequiredPerm": "WaitOnly"}, name="display", module=module)
endpoint.send(waiter.export(endpoint))
timeline = SyncObject.import_(endpoint, endpoint.receive(timeout=20), check=[waiter])
for _ in range(100):
    timeline.import_fence(endpoint.read(56, timeout=20)).wait(timeout=20)
    endpoint.write(b"x")
"""
        )
        signaler = SyncList({"NeedCpuAccess": True, "RequiredPerm": "SignalOnly"}, name="camera")
        timeline = reconcile(signaler, SyncList.import_(endpoint, endpoint.receive(timeout=20))).allocate()
        endpoint.send(timeline.export(endpoint))
        for _ in range(100):
            fence = timeline.generate_fence()
            endpoint.write(fence.export(endpoint))
            timeline.signal()
            endpoint.read(1, timeout=20)
        self.end(peer)

    def test_an_object_that_the_peer_signals(self) -> None:
        peer, endpoint = self.start(
            """
own = SyncList({"NeedCpuAccess": True, "RequiredPerm": "SignalOnly"}, module=module)
endpoint.send(own.export(endpoint))
reconciled = ReconciledSyncList.import_(endpoint, endpoint.receive(timeout=20), check=[own])
timeline = reconciled.import_object(endpoint, endpoint.read(1024, timeout=20))
fence = timeline.generate_fence()
endpoint.write(fence.export(endpoint))
endpoint.receive(timeout=20)
timeline.signal()
endpoint.receive(timeout=20)
"""
        )
        waiter = SyncList({"NeedCpuAccess": True, "RequiredPerm": "WaitOnly"})
        reconciled = reconcile(waiter, SyncList.import_(endpoint, endpoint.receive(timeout=20)))
        endpoint.send(reconciled.export(endpoint))
        timeline = reconciled.allocate()
        endpoint.write(timeline.export_descriptor(endpoint))
        fence = timeline.import_fence(endpoint.read(56, timeout=20))
        self.assertFalse(fence.is_expired())
        endpoint.send(b"go")
        fence.wait(timeout=20)
        endpoint.send(b"end")
        self.end(peer)

    def test_a_peer_that_comes_late(self) -> None:
        location = {"PeerLocationInfo": "SoC 4294967295 VM 4294967295"}
        buffer = allocate(RAW, **location)
        waiter = {"NeedCpuAccess": True, "RequiredPerm": "WaitSignal", **location}
        timeline = reconcile(SyncList(waiter)).allocate()
        peer, endpoint = self.start(
            """
endpoint.send(AttributeList({"Types": "RawBuffer", "NeedCpuAccess": True}, module=module).export(endpoint))
print(Buffer.import_(endpoint, endpoint.receive(timeout=20)).size)
endpoint.send(SyncList({"NeedCpuAccess": True, "RequiredPerm": "WaitOnly"}, module=module).export(endpoint))
print(SyncObject.import_(endpoint, endpoint.receive(timeout=20)).attributes["ActualPerm"].name)
"""
        )
        buffer.attach_peer(AttributeList.import_(endpoint, endpoint.receive(timeout=20)))
        endpoint.send(buffer.export(endpoint))
        timeline.attach_peer(SyncList.import_(endpoint, endpoint.receive(timeout=20)))
        endpoint.send(timeline.export(endpoint))
        self.end(peer, "4096\nWaitOnly")

    def test_bytes_of_a_liar(self) -> None:
        peer, endpoint = self.start("endpoint.write(b'\\xff' * 8)\nendpoint.receive(timeout=20)")
        with self.assertRaises(NvSciError):
            endpoint.receive(timeout=20)
        for data in (b"", b"x", bytes(1000)):
            for kind in (AttributeList, SyncList, opennvsci.ReconciledList, Buffer, SyncObject):
                with self.assertRaises(NvSciError):
                    kind.import_(endpoint, data)  # type: ignore[attr-defined]
        reconciled = reconcile(AttributeList(RAW))
        with self.assertRaises(ValueError):
            reconciled.import_buffer(endpoint, bytes(255))
        with self.assertRaises(NvSciError):
            reconciled.import_buffer(endpoint, bytes(256))
        endpoint.send(b"end")
        self.end(peer)

    def test_a_signaler_that_dies(self) -> None:
        peer, endpoint = self.start(
            """
own = SyncList({"NeedCpuAccess": True, "RequiredPerm": "SignalOnly"}, module=module)
theirs = SyncList.import_(endpoint, endpoint.receive(timeout=20), module=module)
timeline = reconcile(own, theirs).allocate()
endpoint.send(timeline.export(endpoint))
endpoint.write(timeline.generate_fence().export(endpoint))
endpoint.receive()
"""
        )
        waiter = SyncList({"NeedCpuAccess": True, "RequiredPerm": "WaitOnly"})
        endpoint.send(waiter.export(endpoint))
        timeline = SyncObject.import_(endpoint, endpoint.receive(timeout=20), check=[waiter])
        fence = timeline.import_fence(endpoint.read(56, timeout=20))
        self.kill(peer)
        with self.assertRaises(NvSciError) as caught:
            fence.wait(timeout=20)
        self.assertEqual(caught.exception.name, "NvSciError_ResourceError")


if __name__ == "__main__":
    unittest.main()
