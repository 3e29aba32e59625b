# SPDX-License-Identifier: Apache-2.0
"""NumPy on buffers of the software device: views, not copies, which keep what they show."""

from __future__ import annotations

import gc
import unittest
from typing import Any

from support import PLANES, RAW, TENSOR, LeakTest, allocate, on_gpu

try:
    import numpy
except ImportError:
    numpy = None  # type: ignore[assignment]


@unittest.skipIf(numpy is None, "no NumPy (Debian: python3-numpy)")
class NumpyTest(LeakTest):
    def test_views_and_no_copies(self) -> None:
        buffer = allocate(TENSOR)
        array = numpy.asarray(buffer)
        self.assertEqual((array.shape, array.dtype), ((3, 4), numpy.float32))
        array[:] = numpy.arange(12).reshape(3, 4)
        self.assertEqual(buffer.numpy()[2, 1], 9)
        self.assertTrue(numpy.shares_memory(array, buffer.array.numpy()))
        self.assertEqual(bytes(buffer.memoryview()[:48]), array.tobytes())

    def test_read_only_stays_read_only(self) -> None:
        array = numpy.asarray(allocate(TENSOR).readonly())
        self.assertFalse(array.flags.writeable)
        with self.assertRaises(ValueError):
            array[0, 0] = 1
        with self.assertRaises(ValueError):
            array.flags.writeable = True

    def test_planes_with_pitch_and_channels(self) -> None:
        buffer = allocate(PLANES)
        luma, chroma = (numpy.asarray(plane) for plane in buffer.planes)
        luma[:] = 1
        chroma[..., 0], chroma[..., 1] = 2, 3
        data = numpy.asarray(buffer)
        pitch = buffer.attributes["Image.PlanePitch"]
        self.assertEqual(data.dtype, numpy.uint8)
        self.assertEqual([data[99], data[100], data[pitch[0]]], [1, 0, 1])
        start = buffer.planes[1].offset
        self.assertEqual(list(data[start : start + 4]), [2, 3, 2, 3])
        self.assertEqual(int(data.sum()), 100 * 64 + 50 * 32 * 5)

    def test_without_cpu_access_there_is_no_array(self) -> None:
        buffer = allocate(on_gpu(TENSOR, cpu=False))
        for thing in (buffer, buffer.array):
            with self.assertRaisesRegex(BufferError, "no CPU access"):
                numpy.asarray(thing)

    def test_types_that_numpy_lacks_are_all_their_bytes(self) -> None:
        wishes = {"Types": "Array", "Array.DataType": "FloatISP", "Array.Stride": 4, "Array.Capacity": 10}
        buffer = allocate({**wishes, "NeedCpuAccess": True})
        buffer.memoryview()[36] = 1
        self.assertEqual(int(numpy.asarray(buffer)[36]), 1)
        self.assertEqual(numpy.asarray(buffer).nbytes, buffer.array.nbytes)

    def test_types(self) -> None:
        for name, dtype in (("Float16", "f2"), ("Int8", "i1"), ("Uint16", "u2"), ("Int32", "i4"), ("Uint32", "u4")):
            array = numpy.asarray(allocate(TENSOR, **{"Tensor.DataType": name}))
            self.assertEqual((array.dtype, array.shape), (numpy.dtype(dtype), (3, 4)))
        wishes = {"Types": "Array", "Array.DataType": "Bool", "Array.Stride": 1, "Array.Capacity": 10}
        self.assertEqual(numpy.asarray(allocate({**wishes, "NeedCpuAccess": True})).dtype, numpy.bool_)

    def test_an_array_keeps_the_memory_however_the_buffer_ends(self) -> None:
        arrays = []
        for number in range(20):
            buffer = allocate(TENSOR)
            arrays.append(numpy.asarray([buffer, buffer.array, buffer.readonly()][number % 3]))
            numpy.asarray(buffer)[:] = number
            if number % 2:
                buffer.close()
            del buffer
            gc.collect()
        for number, array in enumerate(arrays):
            self.assertTrue((array == number).all())
            self.assertTrue((array.T[1:] == number).all())

    def test_from_dlpack(self) -> None:
        buffer = allocate(TENSOR)
        array = numpy.from_dlpack(buffer)
        numpy.asarray(buffer)[:] = 5
        self.assertTrue((array == 5).all())
        reader = buffer.readonly()
        if numpy.lib.NumpyVersion(numpy.__version__) < "2.1.0":
            with self.assertRaises(BufferError):  # it cannot be told
                numpy.from_dlpack(reader)
        else:
            self.assertFalse(numpy.from_dlpack(reader).flags.writeable)
            self.assertFalse(numpy.shares_memory(numpy.from_dlpack(reader, copy=True), numpy.asarray(reader)))
            both = allocate(on_gpu(TENSOR))
            self.assertEqual(numpy.from_dlpack(both, device="cpu").shape, (3, 4))

    def test_an_array_of_dlpack_while_an_exception_is_on_its_way(self) -> None:
        def fail(*things: Any) -> None:
            raise LookupError(len(things))

        buffer = allocate(TENSOR)
        for _ in range(10):
            with self.assertRaises(ZeroDivisionError):
                fail(numpy.from_dlpack(buffer), numpy.asarray(buffer), 1 / 0)
            with self.assertRaises(LookupError):
                fail(numpy.from_dlpack(buffer))

    def test_numbers_of_numpy_are_numbers(self) -> None:
        wishes = {**RAW, "RawBuffer.Size": numpy.int64(8192), "NeedCpuAccess": numpy.bool_(True)}
        self.assertEqual(allocate(wishes).size, 8192)
        wishes = {**TENSOR, "Tensor.SizePerDim": numpy.array([5, 6]), "Tensor.NumDims": numpy.uint8(2)}
        self.assertEqual(allocate(wishes).array.shape, (5, 6))


if __name__ == "__main__":
    unittest.main()
