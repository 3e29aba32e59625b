# SPDX-License-Identifier: Apache-2.0
"""Ends: objects die in any order, in threads, in forked children, and with the interpreter. Nothing is left, and
nothing that somebody still looks at is taken away."""

from __future__ import annotations

import gc
import inspect
import itertools
import os
import random
import signal
import threading
import unittest
from typing import Any, Callable
from unittest import mock

import opennvsci
from consumer import Taken
from opennvsci import AttributeList, Module, SyncList, reconcile
from support import RAW, TENSOR, LeakTest, allocate, on_gpu, open_descriptors, run_program

PROGRAM = """
import ctypes, gc, os, sys, threading, opennvsci
sys.path.insert(0, sys.argv[1])
from opennvsci import *
from consumer import Taken
from support import *
buffer = allocate(on_gpu(TENSOR))
both = reconcile(SyncList({"NeedCpuAccess": True, "RequiredPerm": "WaitSignal"})).allocate()
fence = both.generate_fence()
"""


class OrderTest(LeakTest):
    def test_every_order(self) -> None:
        for order in itertools.permutations(range(5)):
            module = Module()
            wishes = AttributeList(RAW, module=module)
            reconciled = reconcile(wishes)
            buffer = reconciled.allocate()
            things = [module, wishes, reconciled, buffer, buffer.readonly()]
            view = things[4].memoryview()  # type: ignore[attr-defined]
            buffer.memoryview()[:4] = b"kept"
            for index in order:
                things[index].close()
                things[index].close()
            self.assertEqual(bytes(view[:4]), b"kept")

    def test_references_in_any_order(self) -> None:
        chosen = random.Random(7)
        for _ in range(50):
            buffer = allocate(on_gpu(TENSOR))
            things = [buffer, buffer.readonly(), buffer.cuda(), buffer.array, buffer.memoryview(), buffer.attributes]
            things += [Taken(buffer.__dlpack__(stream=-1)) for _ in range(3)]
            taken = [thing for thing in things if isinstance(thing, Taken)]
            del buffer
            chosen.shuffle(things)
            while things:
                thing = things.pop()
                if thing in taken:
                    thing.free()  # type: ignore[attr-defined]
                del thing

    def test_cycles(self) -> None:
        for _ in range(20):
            buffer = allocate(RAW)
            buffer.itself = [buffer, buffer.memoryview(), buffer.array]  # type: ignore[attr-defined]
        self.assertGreater(gc.collect(), 0)

    def test_thousands(self) -> None:
        before = open_descriptors()
        reconciled = reconcile(AttributeList(on_gpu(RAW, cpu=False)))
        buffers = [reconciled.allocate() for _ in range(200)]
        pointers = {buffer.cuda().pointer for buffer in buffers}
        self.assertEqual(len(pointers), 200)
        del buffers
        lists = [AttributeList(RAW, name=f"list {number}") for number in range(2000)]
        self.assertEqual(open_descriptors(), before)
        del lists[::2], lists
        for _ in range(2000):
            allocate(RAW).memoryview()[0] = 1
        self.assertEqual(open_descriptors(), before)

    def test_what_fails_in_the_middle_leaves_nothing(self) -> None:
        for _ in range(100):
            with self.assertRaises(opennvsci.NvSciError):
                AttributeList({**RAW, "RawBuffer.Size": 0})
            with self.assertRaises(opennvsci.ReconcileError):
                reconcile(AttributeList({"Types": "RawBuffer"}))
            with self.assertRaises(opennvsci.CudaError):
                allocate(on_gpu(RAW)).cuda(99)
            with self.assertRaises(KeyError):
                SyncList({"Nothing": 1})


class InterruptTest(LeakTest):
    def test_interrupts_at_any_time_leave_nothing(self) -> None:
        """Signals come while objects are made, each a little later than the one before: an exception anywhere."""

        class Interrupted(Exception):
            pass

        def interrupt(*_: object) -> None:
            frame = inspect.currentframe()
            while frame is not None:
                if frame.f_code.co_name in ("__del__", "close"):
                    return  # nobody could catch it; or it came between the closing and the freeing
                frame = frame.f_back
            raise Interrupted

        taken = [Taken(allocate(RAW).__dlpack__()) for _ in range(16)]
        before = signal.signal(signal.SIGALRM, interrupt)
        hits = 0
        try:
            for number in range(400):
                try:
                    signal.setitimer(signal.ITIMER_REAL, 1e-6 * (1 + 7 * number))
                    buffer = allocate(on_gpu(RAW))
                    buffer.cuda()
                    buffer.readonly().memoryview()
                    with opennvsci.Endpoint("itc_test_0"):
                        pass
                    signal.setitimer(signal.ITIMER_REAL, 0)
                except Interrupted:
                    hits += 1
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        self.assertGreater(hits, 10)
        for one in taken:  # which consumers have, whatever happened here
            self.assertEqual(one.read(4096), bytes(4096))
            one.free()

    def test_a_handler_of_signals_may_be_refused_while_a_refusal_is_read(self) -> None:
        def refuse(*_: object) -> None:
            for name in ("no_such_endpoint", "x" * 64):
                with self.assertRaises(opennvsci.NvSciError):
                    opennvsci.Endpoint(name)

        small, large = AttributeList(RAW, name="small"), AttributeList({**RAW, "RawBuffer.Size": 1}, name="large")
        before = signal.signal(signal.SIGALRM, refuse)
        try:
            for number in range(300):
                signal.setitimer(signal.ITIMER_REAL, 1e-6 * (1 + number))
                with self.assertRaises(opennvsci.ReconcileError) as caught:
                    reconcile(small, large)
                self.assertEqual(caught.exception.name, "NvSciError_ReconciliationFailed")
                self.assertEqual([one.name for one in caught.exception.report.participants], ["small", "large"])
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)

    def test_a_refusal_never_has_the_words_of_another_one(self) -> None:
        """Another call of the same code, and another reconciliation, are refused before the first refusal is read."""
        small, large = AttributeList(RAW, name="small"), AttributeList({**RAW, "RawBuffer.Size": 1}, name="large")

        def between(other: Callable[[], Any]) -> Any:
            def quietly(function: Any, *arguments: Any) -> int:
                code = call_quietly(function, *arguments)
                if code != 0:
                    patch.stop()
                    with self.assertRaises(opennvsci.NvSciError):
                        other()
                return code

            patch = mock.patch("opennvsci.errors.call_quietly", quietly)
            return patch

        call_quietly = opennvsci.errors.call_quietly
        image = AttributeList({"Types": "Image"}, name="image")
        for other in (lambda: reconcile(small, image), lambda: large.set({"Types": "Image"})):
            between(other).start()
            with self.assertRaises(opennvsci.ReconcileError) as caught:
                reconcile(small, large)
            self.assertEqual([one.name for one in caught.exception.report.participants], ["small", "large"])
            self.assertNotIn("Types", caught.exception.text)
        between(lambda: opennvsci.buf_keys["Types"].encode("nothing")).start()
        with self.assertRaises(opennvsci.NvSciError) as refused:
            large.set({"NeedCpuAccess": True})
        self.assertEqual(refused.exception.text, "NvSciError_BadParameter")

    def test_all_can_be_entered_again(self) -> None:
        """A handler of signals, a finalizer or a fork may come between any two lines: nobody waits for what holds."""
        found = run_program(
            PROGRAM
            + """
def work():
    allocate(on_gpu(RAW)).cuda()
    one = reconcile(SyncList.for_device(signal=True), SyncList.for_device(wait=True)).allocate()
    one.signal_stream()
    return one
def enter(frame, event, argument):
    if event == "line" and "opennvsci" in frame.f_code.co_filename and len(seen) < 400:
        place = frame.f_code.co_filename, frame.f_lineno
        if place not in seen:
            seen.add(place)
            work()
    return enter
seen = set()
close_default_module()
sys.settrace(enter)
work()
sys.settrace(None)
print(len(seen) > 100)
""",
            os.path.dirname(__file__),
        )
        self.assertEqual((found.stdout, found.stderr), ("True\n", ""))


class ThreadTest(LeakTest):
    def test_threads_make_and_drop(self) -> None:
        failures: list[BaseException] = []

        def work() -> None:
            try:
                for number in range(60):
                    buffer = allocate(on_gpu(TENSOR))
                    Taken(buffer.__dlpack__()).free()
                    buffer.__dlpack__()
                    buffer.readonly().memoryview()
                    buffer.cuda()
                    if number % 3:
                        buffer.close()
            except BaseException as error:  # noqa: B902
                failures.append(error)

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])

    def test_one_closes_what_others_use(self) -> None:
        for _ in range(20):
            buffer, wishes = allocate(RAW), AttributeList(RAW)
            view = buffer.memoryview()
            failures: list[BaseException] = []

            def use(things: tuple[opennvsci.Buffer, AttributeList] = (buffer, wishes)) -> None:
                try:
                    while True:
                        things[0].memoryview()[0] = 1
                        dict(things[1])
                except ValueError:
                    pass
                except BaseException as error:  # noqa: B902
                    failures.append(error)

            threads = [threading.Thread(target=use) for _ in range(4)]
            for thread in threads:
                thread.start()
            wishes.close()
            buffer.close()
            for thread in threads:
                thread.join()
            view[0] = 2
            self.assertTrue(all(isinstance(error, opennvsci.NvSciError) for error in failures), failures)

    def test_what_is_closed_in_the_middle_of_a_call_is_there_to_its_end(self) -> None:
        """Everything is closed as soon as a call is on its way into the library."""
        wishes = AttributeList(RAW)
        cpu = {"NeedCpuAccess": True, "RequiredPerm": "WaitSignal", "RequireDeterministicFences": True}
        cases: tuple[tuple[Callable[[], Any], Callable[[Any], Any]], ...] = (
            (lambda: wishes.clone(), lambda one: one.clone()),
            (lambda: wishes.clone(), reconcile),
            (lambda: reconcile(wishes), lambda one: one.allocate()),
            (lambda: reconcile(wishes), lambda one: one.validate(wishes)),
            (lambda: reconcile(wishes), lambda one: one.report),
            (lambda: allocate(RAW), lambda one: one.duplicate()),
            (lambda: reconcile(SyncList(cpu)).allocate(), lambda one: one.duplicate()),
            (lambda: reconcile(SyncList(cpu)).allocate(), lambda one: one.fence_at(1)),
            (lambda: reconcile(SyncList(cpu)).allocate(), lambda one: one.generate_fence()),
            (lambda: reconcile(SyncList(cpu)).allocate(), lambda one: one.signal()),
        )
        for make, use in cases:
            thing = make()

            def quietly(function: Any, *arguments: Any, thing: Any = thing) -> int:
                thing.close()
                return call_quietly(function, *arguments)

            call_quietly = opennvsci.errors.call_quietly
            with mock.patch("opennvsci.errors.call_quietly", quietly):
                use(thing)
            with self.assertRaises(ValueError):
                use(thing)


class ForkTest(LeakTest):
    def in_child(self, work: object) -> None:
        child = os.fork()
        if child == 0:
            status = 1
            try:
                work()  # type: ignore[operator]
                status = 0
            finally:
                os._exit(status)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0)

    def test_a_child_drops_what_is_its_parents(self) -> None:
        things = [allocate(on_gpu(TENSOR))]
        things[0].cuda()
        taken = Taken(things[0].__dlpack__())
        timeline = reconcile(SyncList({"NeedCpuAccess": True, "RequiredPerm": "WaitSignal"})).allocate()
        fence = timeline.generate_fence()

        def work() -> None:
            things[0].close()
            things.clear()
            taken.free()
            timeline.close()
            gc.collect()
            opennvsci.close_default_module()

        self.in_child(work)
        self.assertEqual(things[0].memoryview()[0], 0)
        self.assertNotEqual(things[0].cuda().pointer, 0)
        timeline.signal()
        fence.wait(timeout=1)
        taken.free()

    def test_a_child_makes_its_own(self) -> None:
        shared = allocate(RAW)

        def work() -> None:
            buffer = allocate(RAW)
            buffer.memoryview()[:2] = b"ok"
            assert bytes(buffer.readonly().memoryview()[:2]) == b"ok"
            timeline = reconcile(SyncList({"NeedCpuAccess": True, "RequiredPerm": "WaitSignal"})).allocate()
            timeline.generate_fence()
            timeline.signal()

        self.in_child(work)
        self.assertEqual(shared.memoryview()[0], 0)

    def test_cuda_of_a_parent_is_refused(self) -> None:
        buffer = allocate(on_gpu(RAW))
        buffer.cuda()

        def work() -> None:
            try:
                buffer.cuda()
            except (RuntimeError, opennvsci.NvSciError):
                return
            raise AssertionError("a child used CUDA of its parent")

        self.in_child(work)


class EndTest(unittest.TestCase):
    """Programs end well, whatever they still hold."""

    def check(self, code: str, expected: str = "") -> None:
        found = run_program(PROGRAM + code, os.path.dirname(__file__))
        self.assertEqual((found.returncode, found.stdout.strip(), found.stderr), (0, expected, ""))

    def test_with_everything_alive(self) -> None:
        self.check("views = [buffer.memoryview(), buffer.cuda(), buffer.readonly(), buffer.array]")

    def test_with_a_cycle(self) -> None:
        self.check("buffer.itself = [buffer, both, fence]; sys.modules['keeper'] = buffer")

    def test_in_the_module_of_another(self) -> None:
        self.check("import string; string.kept = [buffer, buffer.cuda(), both, fence, Module(), AttributeList(RAW)]")

    def test_with_tensors_that_consumers_have(self) -> None:
        self.check("taken = Taken(buffer.__dlpack__()); capsule = buffer.__dlpack__()")

    def test_a_deleter_after_the_interpreter(self) -> None:
        """The C library calls it when the process ends, when there is no Python any more."""
        self.check(
            """
taken = Taken(buffer.__dlpack__())
at_exit = ctypes.CDLL(None).__cxa_atexit
at_exit.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
assert at_exit(taken._managed.deleter, taken.address, None) == 0
"""
        )

    def test_views_are_readable_to_the_end(self) -> None:
        self.check(
            """
buffer.memoryview()[:4] = b"last"
class Last:
    def __init__(self): self.view = buffer.memoryview()
    def __del__(self): os.write(1, bytes(self.view[:4]))
import string
string.last = Last()
both.itself = both
""",
            "last",
        )

    def test_in_daemon_threads(self) -> None:
        self.check(
            """
def work():
    while True:
        allocate(TENSOR).memoryview()
for _ in range(4):
    threading.Thread(target=work, daemon=True).start()
thread = threading.Thread(target=fence.wait, daemon=True)
thread.start()
import time
time.sleep(0.1)
"""
        )

    def test_after_an_exception(self) -> None:
        found = run_program(PROGRAM + "raise LookupError(buffer)", os.path.dirname(__file__))
        self.assertEqual(found.returncode, 1)
        self.assertIn("LookupError: <Buffer", found.stderr)
        self.assertEqual(found.stderr.count("Traceback"), 1)

    def test_imported_without_libraries(self) -> None:
        found = run_program("import opennvsci", LD_LIBRARY_PATH="/nowhere")
        if found.returncode == 0:
            self.skipTest("the libraries are installed in the system")
        self.assertIn("Install the Debian package libopennvsci0", found.stderr)


if __name__ == "__main__":
    unittest.main()
