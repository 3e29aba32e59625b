# SPDX-License-Identifier: Apache-2.0
"""Sync objects and fences on the software device: CPUs, streams, and what a fence outlives."""

from __future__ import annotations

import ctypes
import errno
import itertools
import pickle
import signal
import threading
import time
import unittest
from typing import Any
from unittest import mock

import opennvsci
from opennvsci import CudaError, Fence, NvSciError, SyncList, SyncObject, WaitTimeout, reconcile
from opennvsci.cuda import context_on, stream_number
from support import LeakTest

SIGNALER = {"NeedCpuAccess": True, "RequiredPerm": "SignalOnly"}
WAITER = {"NeedCpuAccess": True, "RequiredPerm": "WaitOnly"}


def of_cpu(**more: Any) -> SyncObject:
    return reconcile(SyncList({**SIGNALER, **more}, name="camera"), SyncList(WAITER, name="display")).allocate()


def of_streams() -> SyncObject:
    signaler, waiter = SyncList.for_device(signal=True), SyncList.for_device(wait=True)
    return reconcile(signaler, waiter, SyncList(WAITER)).allocate()


class SyncTest(LeakTest):
    @classmethod
    def setUpClass(cls) -> None:
        """Many objects share a descriptor, which stays."""
        stamped = SyncList({**WAITER, "WaiterRequireTimestamps": True})
        many = [of_cpu() for _ in range(600)]
        many += [reconcile(SyncList(SIGNALER), stamped).allocate() for _ in range(2)] + [of_streams()]
        opennvsci.close_default_module()


class CpuTest(SyncTest):
    def test_fences_expire_in_their_order(self) -> None:
        timeline = of_cpu()
        fences = [timeline.generate_fence() for _ in range(3)]
        self.assertEqual([fence.value for fence in fences], [1, 2, 3])
        for number, fence in enumerate(fences):
            self.assertFalse(fence.is_expired())
            timeline.signal()
            fence.wait(timeout=0)
            self.assertEqual([one.is_expired() for one in fences], [at <= number for at in range(3)])
        self.assertEqual(timeline.attributes["ActualPerm"].name, "WaitSignal")
        self.assertIn("1", repr(fences[0]))

    def test_a_wait_ends_in_time_and_says_why(self) -> None:
        timeline = of_cpu()
        fence = timeline.generate_fence()
        start = time.monotonic()
        with self.assertRaises(WaitTimeout) as caught:
            fence.wait(timeout=0.12)
        self.assertTrue(0.11 < time.monotonic() - start < 1)
        self.assertIsInstance(caught.exception, TimeoutError)
        self.assertEqual(caught.exception.name, "NvSciError_Timeout")
        self.assertEqual(str(caught.exception), "the fence has not expired within 0.12 seconds")
        self.assertEqual((caught.exception.errno, caught.exception.filename), (errno.ETIMEDOUT, None))
        again = pickle.loads(pickle.dumps(caught.exception))
        self.assertEqual((again.errno, again.text, again.code), (errno.ETIMEDOUT, str(again), WaitTimeout.CODE))
        told = (caught.exception.args, "", None)
        self.assertEqual((again.args, again.prerequisite, again.filename), told)

    def test_a_fence_of_an_object_that_is_gone_is_lost(self) -> None:
        timeline = of_cpu()
        expired, lost = timeline.generate_fence(), timeline.generate_fence()
        attributes = timeline.attributes  # which keeps the object as long as it is read
        timeline.signal()
        timeline.close()
        timeline.close()
        self.assertEqual(attributes["ActualPerm"].name, "WaitSignal")
        del attributes
        expired.wait()
        with self.assertRaises(NvSciError) as caught:
            lost.wait()
        self.assertEqual(caught.exception.name, "NvSciError_ResourceError")
        for use in (timeline.generate_fence, timeline.signal, timeline.duplicate, lambda: timeline.attributes):
            with self.assertRaises(ValueError):
                use()
        with self.assertRaises(TypeError):
            SyncObject()

    def test_threads_wait_at_once(self) -> None:
        timeline = of_cpu()
        fence = timeline.generate_fence()
        done: list[int] = []
        threads = [threading.Thread(target=lambda: (fence.wait(), done.append(1))) for _ in range(8)]
        for thread in threads:
            thread.start()
        time.sleep(0.05)
        self.assertEqual(done, [])
        timeline.duplicate().signal()
        for thread in threads:
            thread.join(timeout=5)
        self.assertEqual(len(done), 8)

    def test_a_signal_of_the_process_ends_a_wait(self) -> None:
        class Interrupted(Exception):
            pass

        def interrupt(*_: Any) -> None:
            raise Interrupted

        timeline = of_cpu()
        fence = timeline.generate_fence()
        before = signal.signal(signal.SIGALRM, interrupt)
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            with self.assertRaises(Interrupted):
                fence.wait()
        finally:
            signal.signal(signal.SIGALRM, before)

    def test_cleared_fences(self) -> None:
        fence = Fence()
        self.assertTrue(fence.is_cleared)
        fence.wait()
        for use in (lambda: fence.value, lambda: fence.timestamp, lambda: fence.task_status):
            with self.assertRaises(NvSciError) as caught:
                use()
            self.assertEqual(caught.exception.name, "NvSciError_ClearedFence")
        self.assertIn("cleared", repr(fence))

    def test_timestamps_and_status(self) -> None:
        waiter = SyncList({**WAITER, "WaiterRequireTimestamps": True})
        timeline = reconcile(SyncList(SIGNALER), waiter).allocate()
        fence = timeline.generate_fence()
        timeline.signal()
        self.assertLess(abs(fence.timestamp - time.monotonic_ns() // 1000), 5_000_000)
        self.assertEqual(fence.task_status.status, 0xFFFF)

    def test_values_are_checked(self) -> None:
        timeline = of_cpu(RequireDeterministicFences=True)
        self.assertEqual(timeline.fence_at(5).value, 5)
        for value, error in ((-1, ValueError), (1 << 64, ValueError), (True, TypeError), (1.5, TypeError)):
            with self.assertRaises(error):
                timeline.fence_at(value)  # type: ignore[arg-type]
        with self.assertRaises(NvSciError):
            timeline.fence_at((1 << 63) + 1)

    def test_thousands(self) -> None:
        timelines = [of_cpu() for _ in range(500)]
        fences = [timeline.generate_fence() for timeline in timelines for _ in range(4)]
        for timeline in timelines:
            timeline.signal()
        self.assertEqual(sum(fence.is_expired() for fence in fences), 500)


class StreamTest(SyncTest):
    def test_streams_signal_and_wait(self) -> None:
        timeline = of_streams()
        fence = timeline.signal_stream()
        timeline.wait_stream(fence, 1)
        timeline.wait_stream(fence, 2)
        fence.wait(timeout=5)
        with self.assertRaises(NvSciError):
            timeline.signal()

    def test_streams_of_others(self) -> None:
        class OfCuPy:
            ptr = 1

        class OfPyTorch:
            cuda_stream = 2

        class OfProtocol:
            ptr = 99

            def __cuda_stream__(self) -> tuple[int, int]:
                return 0, 1

        class OfOtherProtocol:
            def __cuda_stream__(self) -> tuple[int, int]:
                return 1, 1

        numbers = [stream_number(one) for one in (None, 0, 7, OfCuPy(), OfPyTorch(), OfProtocol())]
        self.assertEqual(numbers, [0, 0, 7, 1, 2, 1])
        timeline = of_streams()
        for stream in (OfCuPy(), OfPyTorch(), OfProtocol()):
            timeline.wait_stream(timeline.signal_stream(stream), stream)
        for stream, error in ((True, TypeError), ("1", TypeError), (1.0, TypeError), (-1, ValueError),
                              (1 << 64, ValueError), (OfOtherProtocol(), ValueError)):  # fmt: skip
            with self.assertRaises(error):
                timeline.signal_stream(stream)

    def test_an_interrupt_leaves_no_context_current(self) -> None:
        current = opennvsci.cuda._current_context
        seen = itertools.chain([KeyboardInterrupt], iter(current, None))  # once, and then what is
        with self.assertRaises(KeyboardInterrupt), context_on(0):
            patch = mock.patch("opennvsci.cuda._current_context", side_effect=seen)
            patch.start()
            self.addCleanup(patch.stop)
        self.assertEqual(current(), 0)

    def test_a_stream_in_its_own_context(self) -> None:
        driver = ctypes.CDLL(opennvsci.driver().path)
        stream = ctypes.c_void_p()
        timeline = of_streams()
        with context_on(0):
            self.assertEqual(driver.cuStreamCreate(ctypes.byref(stream), 1), 0)
        fence = timeline.signal_stream(stream.value)
        timeline.close()
        fence.wait(timeout=5)
        with context_on(0):
            self.assertEqual(driver.cuStreamDestroy_v2(stream), 0)

    def test_who_did_not_ask_may_not(self) -> None:
        with self.assertRaises(CudaError) as caught:
            of_cpu().signal_stream()
        self.assertEqual(caught.exception.cuda_result, 801)
        with self.assertRaises(ValueError):
            SyncList.for_device()
        with self.assertRaises(CudaError):
            SyncList.for_device(99, wait=True)

    def test_a_fence_of_another_object(self) -> None:
        one, other = of_streams(), of_streams()
        with self.assertRaises(CudaError):
            one.wait_stream(other.signal_stream())
        with self.assertRaises(TypeError):
            one.wait_stream(None)  # type: ignore[arg-type]


if __name__ == "__main__":
    unittest.main()
