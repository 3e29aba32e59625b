# SPDX-License-Identifier: Apache-2.0
"""Buffers and their arrays on the software device: contents, shapes, rights, and what every consumer is told."""

from __future__ import annotations

import ctypes
import math
import os
import sys
import unittest
from typing import Any

import opennvsci
from consumer import Taken
from opennvsci import AttributeList, CudaError, NvSciError, reconcile
from opennvsci.cuda import context_on, cuda
from support import PLANES, RAW, TENSOR, LeakTest, allocate, buffers_mapped, free_memory, on_gpu, run_program


class BufferTest(LeakTest):
    def test_what_one_writes_the_other_reads(self) -> None:
        buffer = allocate(RAW)
        self.assertEqual(buffer.size, 4096)
        self.assertEqual(bytes(buffer.memoryview()), bytes(4096))
        buffer.memoryview()[4000:] = b"x" * 96
        for other in (buffer.duplicate(), buffer.readonly()):
            self.assertEqual(bytes(other.memoryview()[4000:]), b"x" * 96)
        self.assertIn("system memory", repr(buffer))
        self.assertEqual(buffer.attributes["ActualPerm"].name, "ReadWrite")
        buffer.flush()
        buffer.flush(16, 32)
        with self.assertRaises(NvSciError):
            buffer.flush(4096, 1)

    def test_read_only_stays_read_only(self) -> None:
        reader = allocate(RAW).readonly()
        self.assertTrue(reader.is_readonly)
        self.assertEqual(reader.attributes["ActualPerm"].name, "Readonly")
        for other in (reader.duplicate(), reader.readonly()):
            self.assertTrue(other.is_readonly)
        view = reader.memoryview()
        with self.assertRaises(TypeError):
            view[0] = 1
        with self.assertRaises(TypeError):
            ctypes.c_ubyte.from_buffer(view)
        self.assertTrue(reader.__array_interface__["data"].readonly)

    def test_without_cpu_access_there_are_no_bytes(self) -> None:
        buffer = allocate(on_gpu(RAW, cpu=False))
        self.assertEqual(buffer.place, "video memory")
        self.assertFalse(hasattr(buffer, "__array_interface__"))
        with self.assertRaises(NvSciError):
            buffer.memoryview()
        with self.assertRaises(BufferError):
            buffer.__dlpack__(dl_device=(1, 0))
        with self.assertRaises(BufferError):
            buffer.__buffer__(0)

    def test_a_closed_buffer_says_so_and_takes_nothing_away(self) -> None:
        with allocate(RAW) as buffer:
            view, reader, array = buffer.memoryview(), buffer.readonly(), buffer.array
            attributes = buffer.attributes
        buffer.close()
        view[:2] = b"ab"
        self.assertEqual(bytes(reader.memoryview()[:2]), b"ab")
        self.assertEqual(bytes(array.memoryview()[:2]), b"ab")
        self.assertEqual(attributes["RawBuffer.Size"], 4096)
        self.assertIn("closed", repr(buffer))
        for use in (lambda: buffer.size, buffer.memoryview, buffer.readonly, lambda: buffer.planes, buffer.flush):
            with self.assertRaises(ValueError):
                use()
        with self.assertRaises(TypeError):
            opennvsci.Buffer()

    def test_the_attributes_are_closed_alone(self) -> None:
        buffer = allocate(RAW)
        with buffer.attributes as attributes:
            pass
        with self.assertRaises(ValueError):
            attributes["Types"]
        self.assertEqual(buffer.attributes["RawBuffer.Size"], 4096)


class ArrayTest(LeakTest):
    def test_planes_have_their_pitch(self) -> None:
        buffer = allocate(PLANES)
        luma, chroma = buffer.planes
        pitch = buffer.attributes["Image.PlanePitch"]
        self.assertEqual((luma.shape, luma.strides), ((64, 100), (pitch[0], 1)))
        self.assertEqual((chroma.shape, chroma.strides), ((32, 50, 2), (pitch[1], 2, 1)))
        self.assertEqual((luma.element, chroma.element), ("Y8", "V8U8"))
        self.assertEqual(chroma.offset, buffer.attributes["Image.PlaneOffset"][1])
        self.assertEqual(buffer.array.shape, (buffer.size,))
        self.assertIn("plane 0", repr(luma))

    def test_shapes_of_formats(self) -> None:
        for name, shape, typestr in (
            ("Y16", (8, 16), "<u2"),
            ("A8B8G8R8", (8, 16, 4), "|u1"),
            ("A16B16G16R16", (8, 16, 4), "<u2"),
            ("Float_A16B16G16R16", (8, 16, 4), "<f2"),
            ("Signed_A32", (8, 16), "<i4"),
            ("A2R10G10B10", (8, 16), "<u4"),
            ("Y8U8Y8V8", (8, 16, 2), "|u1"),
            ("FloatISP_Bayer16RGGB", (8, 16, 2), "|u1"),
        ):
            with self.subTest(format=name):
                more = {"Image.PlaneCount": 1, "Image.PlaneColorFormat": name}
                more.update({"Image.PlaneWidth": 16, "Image.PlaneHeight": 8})
                array = allocate(PLANES, **more).array
                self.assertEqual((array.shape, array.typestr), (shape, typestr))
                self.assertEqual(array.strides[1], math.prod(shape[2:]) * int(typestr[2:]))

    def test_fields_of_an_interlaced_image(self) -> None:
        buffer = allocate(PLANES, **{"Image.ScanType": "Interlace"})
        luma = buffer.planes[0]
        self.assertEqual(luma.shape, (2, 32, 100))
        self.assertEqual(luma.strides[0], buffer.attributes["Image.PlaneSecondFieldOffset"][0])

    def test_block_linear_planes_have_no_rows(self) -> None:
        try:
            buffer = allocate(on_gpu({**PLANES, "Image.Layout": "BlockLinear"}))
        except opennvsci.ReconcileError as error:
            self.skipTest(f"this machine has no memory for it: {error.report.conclusion}")
        plane = buffer.planes[0]
        for use in (lambda: plane.shape, lambda: plane.strides, lambda: plane.__array_interface__, plane.__dlpack__):
            with self.assertRaisesRegex(BufferError, "block-linear"):
                use()
        self.assertEqual(len(plane.memoryview()), plane.nbytes)
        self.assertIn("block-linear", repr(plane))

    def test_tensors_arrays_and_pyramids(self) -> None:
        tensor = allocate(TENSOR).array
        self.assertEqual((tensor.shape, tensor.strides, tensor.typestr), ((3, 4), (16, 4), "<f4"))
        odd = allocate(TENSOR, **{"Tensor.DataType": "Int4"}).array
        self.assertEqual((odd.typestr, odd.element), ("|u1", "Int4"))
        wishes = {"Types": "Array", "Array.DataType": "Int16", "Array.Stride": 6, "Array.Capacity": 10}
        array = allocate({**wishes, "NeedCpuAccess": True}).array
        self.assertEqual((array.shape, array.strides, array.typestr), ((10,), (6,), "<i2"))
        wishes = {**PLANES, "Types": ["Image", "Pyramid"], "Pyramid.NumLevels": 2, "Pyramid.Scale": 0.5}
        names = [one.name for one in allocate(wishes).planes]
        self.assertEqual(names, ["level 0 plane 0", "level 0 plane 1", "level 1 plane 0", "level 1 plane 1"])

    @unittest.skipIf(sys.version_info < (3, 12), "the buffer protocol for classes came with Python 3.12")
    def test_the_buffer_protocol(self) -> None:
        buffer = allocate(TENSOR)
        view = memoryview(buffer)
        self.assertEqual((view.shape, view.format, view.readonly), ((3, 4), "f", False))
        view[2, 3] = 1.5
        self.assertEqual(memoryview(buffer.readonly())[2, 3], 1.5)
        self.assertTrue(memoryview(buffer.readonly()).readonly)
        with self.assertRaises((BufferError, TypeError)):
            ctypes.c_ubyte.from_buffer(buffer.readonly())
        with self.assertRaises(BufferError):
            memoryview(allocate(PLANES).planes[0])


class DlpackTest(LeakTest):
    def test_what_a_consumer_is_told(self) -> None:
        buffer = allocate(TENSOR)
        buffer.memoryview()[:4] = b"abcd"
        self.assertEqual(buffer.__dlpack_device__(), (1, 0))
        for version in (None, (0, 8), (1, 0), (1, 1), (2, 0)):
            taken = Taken(buffer.__dlpack__(max_version=version))
            self.assertEqual(taken.is_versioned, version is not None and version >= (1, 0))
            self.assertEqual((taken.device, taken.type), ((1, 0), (2, 32, 1)))
            self.assertEqual((taken.shape, taken.strides, taken.flags), ((3, 4), (4, 1), 0))
            self.assertEqual(taken.read(4), b"abcd")
            taken.free()

    def test_who_cannot_be_told_gets_no_read_only_buffer(self) -> None:
        reader = allocate(TENSOR).readonly()
        for version in (None, (0, 8)):
            with self.assertRaisesRegex(BufferError, "read-only"):
                reader.__dlpack__(max_version=version)
        taken = Taken(reader.__dlpack__(max_version=(1, 0)))
        self.assertEqual(taken.flags, 1)
        taken.free()

    def test_a_tensor_keeps_its_memory(self) -> None:
        buffer = allocate(TENSOR)
        buffer.memoryview()[:4] = b"kept"
        taken = [Taken(buffer.__dlpack__()) for _ in range(100)]
        buffer.close()
        del buffer
        before = buffers_mapped()
        for one in taken:
            self.assertEqual(one.read(4), b"kept")
            one.free()
        self.assertEqual(buffers_mapped(), before - 1, "the last one gives it back at once")

    def test_a_tensor_on_a_device_keeps_its_memory(self) -> None:
        before = free_memory()
        buffer = allocate(on_gpu(TENSOR, cpu=False))
        tensors: list[Any] = [buffer, buffer, buffer.cuda()]
        taken = [Taken(one.__dlpack__(stream=-1)) for one in tensors]
        del tensors
        buffer.close()
        del buffer
        for one in taken:
            self.assertLess(free_memory(), before)
            one.free()
        self.assertEqual(free_memory(), before)

    def test_capsules_that_nobody_takes(self) -> None:
        buffer = allocate(TENSOR)
        held = buffer.__dlpack__()
        for version in (None, (1, 0)) * 50:
            buffer.__dlpack__(max_version=version)
        before = buffers_mapped()
        del buffer
        self.assertEqual(buffers_mapped(), before)
        del held
        self.assertEqual(buffers_mapped(), before - 1)

    def test_a_deleter_while_an_exception_is_on_its_way(self) -> None:
        class Owner:
            def __init__(self, capsule: object) -> None:
                self.taken = Taken(capsule)

            def __del__(self) -> None:
                self.taken.free()

        buffer = allocate(TENSOR)
        for _ in range(10):
            with self.assertRaises(ZeroDivisionError):
                print(Owner(buffer.__dlpack__()), buffer.__dlpack__(), 1 / 0)

    def test_a_deleter_in_a_thread_without_python(self) -> None:
        buffer = allocate(TENSOR)
        library = ctypes.CDLL(None)
        start = library.pthread_create
        start.argtypes = [ctypes.c_void_p] * 4
        for _ in range(20):
            taken, thread = Taken(buffer.__dlpack__()), ctypes.c_ulong()
            self.assertEqual(start(ctypes.byref(thread), None, taken._managed.deleter, taken.address), 0)
            self.assertEqual(library.pthread_join(thread, None), 0)
        taken, before = Taken(buffer.__dlpack__()), buffers_mapped()
        del buffer
        self.assertEqual(start(ctypes.byref(thread), None, taken._managed.deleter, taken.address), 0)
        self.assertEqual(library.pthread_join(thread, None), 0)
        self.assertEqual(buffers_mapped(), before - 1)

    def test_a_device_that_cannot_be_had_is_a_buffer_error(self) -> None:
        buffer = allocate(on_gpu(TENSOR))
        for device in ((2, 99), (2, -1), (2, 1 << 32), (1, 7), (3, 0)):
            with self.assertRaises(BufferError):
                buffer.__dlpack__(dl_device=device)

    def test_copies(self) -> None:
        reader = allocate(TENSOR).readonly()
        taken = Taken(reader.__dlpack__(copy=True))  # a copy can be written
        ctypes.memset(taken.data, 1, 48)
        taken.free()
        taken = Taken(reader.__dlpack__(copy=True, max_version=(1, 0)))
        self.assertEqual(taken.flags, 2)
        taken.free()
        self.assertEqual(bytes(reader.memoryview()[:4]), bytes(4))

    def test_devices_and_streams(self) -> None:
        cpu, both = allocate(TENSOR), allocate(on_gpu(TENSOR))
        self.assertEqual(both.__dlpack_device__(), (2, 0))
        for arguments in ({"stream": 1}, {"dl_device": (10, 0)}):
            with self.assertRaises(BufferError):
                cpu.__dlpack__(**arguments)
        with self.assertRaises(BufferError):
            both.__dlpack__(copy=True)
        with self.assertRaises(ValueError):
            both.__dlpack__(stream=0)
        with self.assertRaises(TypeError):
            both.__dlpack__(stream=True)
        for arguments in ({"stream": -1}, {"stream": 1}, {"stream": 2}, {"dl_device": (2, 0)}):
            taken = Taken(both.__dlpack__(**arguments))
            self.assertEqual(taken.device, (2, 0))
            taken.free()
        taken = Taken(both.__dlpack__(dl_device=(1, 0), stream=1))
        self.assertEqual((taken.device, taken.data), ((1, 0), both._open.address))
        taken.free()

    def test_strides_that_are_no_elements(self) -> None:
        wishes = {"Types": "Array", "Array.DataType": "Int16", "Array.Stride": 3, "Array.Capacity": 10}
        with self.assertRaises(BufferError):
            allocate({**wishes, "NeedCpuAccess": True}).__dlpack__()


class CudaTest(LeakTest):
    def test_the_array_interface(self) -> None:
        buffer = allocate(on_gpu(PLANES))
        luma, chroma = buffer.planes
        interface = chroma.__cuda_array_interface__
        self.assertEqual(interface["version"], 3)
        self.assertEqual((interface["shape"], interface["strides"]), (chroma.shape, chroma.strides))
        self.assertEqual(interface["typestr"], "|u1")
        self.assertEqual(interface["data"], (luma.cuda().pointer + chroma.offset, False))
        self.assertIsNone(interface["stream"])
        self.assertEqual(buffer.cuda(stream=0).__cuda_array_interface__["stream"], 1)
        self.assertTrue(buffer.readonly().__cuda_array_interface__["data"][1])
        self.assertFalse(hasattr(allocate(PLANES), "__cuda_array_interface__"))

    def test_one_address_in_one_context(self) -> None:
        buffer = allocate(on_gpu(RAW))
        pointers = {buffer.cuda().pointer, buffer.array.cuda(0).pointer}
        with context_on(0):
            pointers.add(buffer.cuda().pointer)
        self.assertEqual(len(pointers), 1)

    def test_what_the_device_writes_the_cpu_reads_and_a_reader_is_refused(self) -> None:
        buffer = allocate(on_gpu(RAW))
        driver = ctypes.CDLL(opennvsci.driver().path)
        memset = driver.cuMemsetD8_v2
        memset.argtypes = [ctypes.c_ulonglong, ctypes.c_ubyte, ctypes.c_size_t]
        reader = buffer.readonly()
        with context_on(0):
            self.assertEqual(memset(buffer.cuda().pointer, 7, 4096), 0)
            self.assertNotEqual(memset(reader.cuda().pointer, 8, 4096), 0)
            self.assertEqual(driver.cuCtxSynchronize(), 0)
        self.assertEqual(bytes(reader.memoryview()), b"\7" * 4096)

    def test_a_buffer_that_lent_its_address_keeps_it(self) -> None:
        before = free_memory()
        buffer = allocate(on_gpu({**RAW, "RawBuffer.Size": 64 << 20}, cpu=False))
        buffer.__cuda_array_interface__
        buffer.close()
        self.assertLess(free_memory(), before)
        del buffer
        self.assertEqual(free_memory(), before)

    def test_a_tensor_that_was_dropped_before_its_buffer_goes_with_it(self) -> None:
        before = free_memory()
        buffer = allocate(on_gpu({**RAW, "RawBuffer.Size": 64 << 20}, cpu=False))
        taken = Taken(buffer.__dlpack__(stream=-1))
        self.assertLess(free_memory(), before)
        taken.free()
        del buffer
        self.assertEqual(free_memory(), before)

    def test_the_stream_of_the_content_comes_first(self) -> None:
        stream = ctypes.c_void_p()
        driver = ctypes.CDLL(opennvsci.driver().path)
        with context_on(0):
            self.assertEqual(driver.cuStreamCreate(ctypes.byref(stream), 1), 0)
            array = allocate(on_gpu(RAW)).cuda(stream=stream.value)
            for consumer in (None, 1, 2, stream.value, -1):
                Taken(array.__dlpack__(stream=consumer)).free()
            self.assertEqual(driver.cuStreamDestroy_v2(stream), 0)

    def test_a_device_that_is_not_there(self) -> None:
        with self.assertRaises(CudaError) as caught:
            allocate(on_gpu(RAW)).cuda(99)
        self.assertEqual(caught.exception.cuda_result, 101)
        self.assertIn("there is no device 99", str(caught.exception))

    def test_a_device_by_its_number_or_itself(self) -> None:
        buffer = allocate(on_gpu(RAW))
        self.assertEqual(buffer.cuda(opennvsci.devices()[0]).pointer, buffer.cuda(0).pointer)

    def test_two_devices(self) -> None:
        found = run_program(
            """
import sys
sys.path.insert(0, sys.argv[1])
import opennvsci
from consumer import Taken
from support import RAW, allocate
first, second = opennvsci.devices()
both = allocate({**RAW, "GpuId": [first, second]})
print(both.cuda(0).device, both.cuda(1).device, both.__dlpack_device__(), both.cuda(1).__dlpack_device__())
taken = Taken(both.__dlpack__(dl_device=(2, 1)))
only = allocate({**RAW, "GpuId": second, "NeedCpuAccess": False})
print(taken.device, only.__dlpack_device__(), only.cuda().device)
try:
    both.cuda(0).__dlpack__(dl_device=(2, 1))
except BufferError as error:
    print(error)
""",
            os.path.dirname(__file__),
            OPENNVSCI_DEVICE="soft",
            OPENNVSCI_SOFT_DEVICES="2",
        )
        expected = "0 1 (2, 0) (2, 1)\n(2, 1) (2, 1) 1\nthe array is on device 0 of CUDA, and is not copied elsewhere\n"
        self.assertEqual((found.stdout, found.stderr), (expected, ""))

    def test_the_context_stays_as_it_was(self) -> None:
        current = ctypes.c_void_p()
        allocate(on_gpu(RAW)).cuda()
        self.assertEqual(cuda().cuCtxGetCurrent(ctypes.byref(current)), 0)
        self.assertIsNone(current.value)

    def test_a_context_that_is_gone_takes_its_mapping_along(self) -> None:
        buffer = allocate(on_gpu(RAW))
        driver = ctypes.CDLL(opennvsci.driver().path)
        for _ in range(2):
            context = ctypes.c_void_p()
            self.assertEqual(driver.cuCtxCreate_v2(ctypes.byref(context), 0, 0), 0)
            self.assertNotEqual(buffer.cuda().pointer, 0)
            self.assertEqual(driver.cuCtxDestroy_v2(context), 0)

    def test_what_cannot_be_had_together_is_explained(self) -> None:
        with self.assertRaises(opennvsci.ReconcileError) as caught:
            reconcile(AttributeList({**on_gpu(RAW), "VidMem_GpuId": opennvsci.devices()[0]}, name="camera"))
        self.assertIn("video memory", str(caught.exception))


if __name__ == "__main__":
    unittest.main()
