# SPDX-License-Identifier: Apache-2.0
"""CuPy and PyTorch on buffers of a GPU: arrays on the memory itself, rights that the hardware holds, streams, fences.

What breaks a context, such as a store into a read-only buffer, is done by programs of their own.
"""

from __future__ import annotations

import gc
import os
import unittest
from typing import Any

import opennvsci
from opennvsci import SyncList, reconcile
from support import PRODUCER, RAW, TENSOR, LeakTest, ProgramTest, allocate, on_gpu, open_descriptors, run_program

try:
    import cupy
except ImportError:
    cupy = None
try:
    import torch
except ImportError:
    torch = None  # type: ignore[assignment]


def has_gpu() -> bool:
    try:
        return not opennvsci.driver().is_software
    except opennvsci.NvSciError:
        return False


HAS_GPU = has_gpu()
HAS_CUPY = HAS_GPU and cupy is not None
HAS_TORCH = HAS_GPU and torch is not None and torch.cuda.is_available()
VIDEO = on_gpu(TENSOR, cpu=False) if HAS_GPU else {}
SYSTEM = on_gpu(TENSOR) if HAS_GPU else {}

# A program that writes through a read-only buffer by a kernel: the GPU refuses, and the context is lost.
WRITES = """
import sys
sys.path.insert(0, sys.argv[1])
import opennvsci
from support import TENSOR, allocate, on_gpu
buffer = allocate(on_gpu(TENSOR, cpu=sys.argv[2] == "system"))
reader = buffer.readonly()
"""


def of_streams() -> opennvsci.SyncObject:
    waiter = SyncList({"NeedCpuAccess": True, "RequiredPerm": "WaitOnly"}, name="cpu")
    return reconcile(SyncList.for_device(signal=True), SyncList.for_device(wait=True), waiter).allocate()


class GpuTest(LeakTest):
    """Counts what is left in the pools of CuPy and PyTorch too."""

    def settle(self) -> None:  # type: ignore[override]
        gc.collect()
        if HAS_TORCH:
            torch.cuda.synchronize()
            torch.cuda.empty_cache()
        if HAS_CUPY:
            cupy.get_default_memory_pool().free_all_blocks()
        LeakTest.settle()

    def refused(self, code: str, place: str, expected: str) -> None:
        found = run_program(WRITES + code, os.path.dirname(__file__), place)
        self.assertIn(expected, found.stdout + found.stderr)
        self.assertNotIn("was written", found.stdout)


@unittest.skipUnless(HAS_CUPY, "no GPU, or no CuPy")
class CupyTest(GpuTest):
    def test_an_array_on_the_buffer(self) -> None:
        for wishes in (VIDEO, SYSTEM):
            buffer = allocate(wishes)
            array = cupy.asarray(buffer)
            self.assertEqual((array.shape, array.dtype.str), ((3, 4), "<f4"))
            self.assertEqual(array.data.ptr, buffer.cuda().pointer)
            array[:] = cupy.arange(12, dtype="f4").reshape(3, 4)
            other = cupy.from_dlpack(buffer.duplicate())
            self.assertEqual(float(other.sum()), 66.0)
            self.assertEqual(float(cupy.asarray(buffer.readonly()).sum()), 66.0)

    def test_planes(self) -> None:
        from support import PLANES

        luma, chroma = (cupy.asarray(plane) for plane in allocate(on_gpu(PLANES)).planes)
        luma[:], chroma[:] = 1, 2
        self.assertEqual((int(luma.sum()), int(chroma.sum())), (6400, 6400))
        self.assertEqual(chroma.shape, (32, 50, 2))

    def test_arrays_outlive_their_buffers(self) -> None:
        arrays = []
        for number in range(10):
            with allocate(VIDEO) as buffer:
                arrays.append(cupy.asarray(buffer) if number % 2 else cupy.from_dlpack(buffer))
                arrays[-1][:] = number
        self.assertEqual([float(array[0, 0]) for array in arrays], list(range(10)))

    def test_streams_and_fences(self) -> None:
        timeline = of_streams()
        one, other = cupy.cuda.Stream(non_blocking=True), cupy.cuda.Stream(non_blocking=True)
        array = cupy.asarray(allocate(VIDEO))
        for number in range(50):
            with one:
                array[:] = number
            fence = timeline.signal_stream(one)
            timeline.wait_stream(fence, other)
            with other:
                total = array.sum()
            back = timeline.signal_stream(other)
            timeline.wait_stream(back, one)
            back.wait(timeout=10)
            self.assertEqual(float(total), 12.0 * number)
        with cupy.cuda.Stream(non_blocking=True) as stream:
            taken = cupy.from_dlpack(allocate(VIDEO).cuda(stream=one))
            self.assertEqual(float(taken.sum()), 0.0)
            del stream

    def test_a_kernel_that_writes_through_a_reader_is_stopped(self) -> None:
        for place in ("video", "system"):
            self.refused(
                """
import cupy
array = cupy.asarray(reader)
print("read", float(array.sum()))
try:
    cupy.ElementwiseKernel("", "float32 x", "x = 1", "store")(array)
    cupy.cuda.runtime.deviceSynchronize()
    print("was written")
except cupy.cuda.runtime.CUDARuntimeError as error:
    print(error)
import os
sys.stdout.flush()
os._exit(0)
""",
                place,
                "cudaErrorIllegalAddress",
            )


@unittest.skipUnless(HAS_TORCH, "no GPU, or no PyTorch")
class TorchTest(GpuTest):
    def test_a_tensor_on_the_buffer(self) -> None:
        for wishes in (VIDEO, SYSTEM):
            buffer = allocate(wishes)
            tensor = torch.as_tensor(buffer, device="cuda")
            self.assertEqual(tensor.data_ptr(), buffer.cuda().pointer)
            tensor.copy_(torch.arange(12, device="cuda", dtype=torch.float32).reshape(3, 4))
            other = torch.from_dlpack(buffer.duplicate())
            self.assertEqual((tuple(other.shape), other.sum().item()), ((3, 4), 66.0))
            if wishes is SYSTEM:
                torch.cuda.synchronize()
                cpu = torch.from_dlpack(_OnCpu(buffer))
                self.assertEqual((cpu.device.type, cpu.sum().item()), ("cpu", 66.0))

    def test_tensors_outlive_their_buffers(self) -> None:
        tensors = []
        for number in range(20):
            with allocate(VIDEO) as buffer:
                tensors.append(torch.as_tensor(buffer, device="cuda") if number % 2 else torch.from_dlpack(buffer))
                tensors[-1].fill_(number)
        self.assertEqual([tensor[0, 0].item() for tensor in tensors], list(range(20)))

    def test_a_tensor_while_an_exception_is_on_its_way(self) -> None:
        buffer = allocate(VIDEO)
        for _ in range(20):
            with self.assertRaises(ZeroDivisionError):
                print(torch.from_dlpack(buffer), torch.as_tensor(buffer, device="cuda"), 1 / 0)

    def test_streams_and_fences(self) -> None:
        timeline = of_streams()
        one, other = torch.cuda.Stream(), torch.cuda.Stream()
        tensor = torch.from_dlpack(allocate(VIDEO))
        torch.cuda.synchronize()
        for number in range(50):
            with torch.cuda.stream(one):
                tensor.fill_(number)
            timeline.wait_stream(timeline.signal_stream(one), other)
            with torch.cuda.stream(other):
                total = tensor.sum()
            back = timeline.signal_stream(other)
            timeline.wait_stream(back, one)
            back.wait(timeout=10)
            self.assertEqual(total.item(), 12.0 * number)

    def test_the_stream_of_the_content_comes_first(self) -> None:
        stream = torch.cuda.Stream()
        buffer = allocate(VIDEO)
        tensor = torch.from_dlpack(buffer)
        torch.cuda.synchronize()
        with torch.cuda.stream(stream):
            torch.cuda._sleep(20_000_000)
            tensor.fill_(3)
        seen = torch.from_dlpack(buffer.cuda(stream=stream)).sum()  # in the current stream, which waits
        self.assertEqual(seen.item(), 36.0)
        torch.cuda.synchronize()

    def test_a_kernel_that_writes_through_a_reader_is_stopped(self) -> None:
        for place in ("video", "system"):
            self.refused(
                """
import os, torch
class Trusted:
    interface = reader.__cuda_array_interface__
    __cuda_array_interface__ = {**interface, "data": (interface["data"][0], False)}
try:
    tensor = torch.from_dlpack(reader)
except Exception as error:
    print("PyTorch takes no read-only buffer, so it is not told:", error)
    tensor = torch.as_tensor(Trusted(), device="cuda")
print("read", tensor.sum().item())
try:
    tensor.add_(1)
    torch.cuda.synchronize()
    print("was written")
except RuntimeError as error:
    print(error)
sys.stdout.flush()
os._exit(0)
""",
                place,
                "illegal memory access",
            )

    def test_a_reader_is_refused_where_nobody_can_be_told(self) -> None:
        with self.assertRaises(TypeError):  # PyTorch knows no read-only arrays of CUDA
            torch.as_tensor(allocate(VIDEO).readonly(), device="cuda")
        with self.assertRaises(BufferError):
            allocate(VIDEO).readonly().__dlpack__(stream=1)

    def test_many_tensors_leave_nothing(self) -> None:
        before = open_descriptors()
        for _ in range(300):
            buffer = allocate(VIDEO)
            torch.from_dlpack(buffer).fill_(1)
        del buffer
        self.settle()
        self.assertEqual(open_descriptors(), before)

    def test_a_program_that_ends_with_tensors(self) -> None:
        found = run_program(
            WRITES
            + """
import torch
kept = [torch.from_dlpack(buffer), torch.as_tensor(buffer, device="cuda"), buffer.__dlpack__(stream=1)]
kept[0].fill_(1)
torch.kept = kept
""",
            os.path.dirname(__file__),
            "video",
        )
        self.assertEqual(found.returncode, 0, found.stderr)


class ProcessesTest(ProgramTest):
    """A camera and vision, in processes of their own, whose streams wait for each other's."""

    def check(self, *programs: Any) -> None:
        found = self.end(*programs, is_silent=False)
        self.assertRegex(found, "300 frames received, (300 checked on the device, )?0 wrong")

    @unittest.skipUnless(HAS_TORCH, "no GPU, or no PyTorch")
    def test_pytorch(self) -> None:
        self.check(self.python("camera_and_vision.py", "--frames", "300"))

    @unittest.skipUnless(HAS_CUPY, "no GPU, or no CuPy")
    def test_cupy(self) -> None:
        self.check(self.python("camera_and_vision.py", "--frames", "300", "--with", "cupy"))

    @unittest.skipUnless(HAS_TORCH and PRODUCER.is_file(), "no GPU, no PyTorch, or no producer_consumer")
    def test_pytorch_with_cpp(self) -> None:
        for theirs, ours in (("producer", "consumer"), ("consumer", "producer")):
            program = self.start(str(PRODUCER), theirs, "--frames", "300")
            self.check(self.python("camera_and_vision.py", ours, "--frames", "300"), program)


class _OnCpu:
    """The CPU's side of a buffer that is for a GPU too."""

    def __init__(self, buffer: opennvsci.Buffer) -> None:
        self._buffer = buffer

    def __dlpack_device__(self) -> tuple[int, int]:
        return 1, 0

    def __dlpack__(self, **arguments: Any) -> Any:
        arguments.update(dl_device=(1, 0), stream=None)
        return self._buffer.__dlpack__(**arguments)


@unittest.skipUnless(HAS_GPU, "no GPU")
class MemoryTest(LeakTest):
    def test_buffers_in_both_memories(self) -> None:
        for cpu in (True, False):
            for _ in range(20):
                buffer = allocate(on_gpu({**RAW, "RawBuffer.Size": 4 << 20}, cpu=cpu))
                self.assertNotEqual(buffer.cuda().pointer, buffer.readonly().cuda().pointer)


if __name__ == "__main__":
    unittest.main()
