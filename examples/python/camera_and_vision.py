# SPDX-License-Identifier: Apache-2.0
"""Two processes, a camera and vision, that share buffers and fences over NvSciIpc: examples/producer_consumer.cpp in
Python. Both speak the same protocol, so either may be in either language.

The camera fills a frame, and vision, which can only read it, checks every word. Neither waits for the other's GPU with
the CPU: what passes between them are packets {buffer, checksum, fence} of 64 bytes.

usage: camera_and_vision.py [producer | consumer] [--frames N] [--with torch | cupy | numpy] [--cpu]
       without a role it starts both; --with is what does the work; --cpu: the CPUs take part, so the buffers are in
       system memory, as NumPy needs them
"""

from __future__ import annotations

import argparse
import struct
import subprocess
import sys
import time
from typing import Any

import opennvsci
from opennvsci import AttributeList, Buffer, Endpoint, ReconciledList, SyncList, SyncObject, reconcile

BUFFERS = 4
SIZE = 131072
WORDS = SIZE // 4
FACTOR = 2654435761
PATIENCE = 30  # seconds after which a peer that says nothing is taken for dead
PACKET = struct.Struct("=II56s")  # the number of the buffer (BUFFERS: no more frames), the checksum, the fence


def checksum_of(frame: int) -> int:
    """The sum over all words of a frame, (frame + i) * FACTOR, in which every word counts 2 i + 1 times."""
    squares = (WORDS - 1) * WORDS * (2 * WORDS - 1) // 6
    weighted = frame * WORDS * WORDS + 2 * squares + (WORDS - 1) * WORDS // 2
    return weighted * FACTOR % (1 << 32)


def signed(word: int) -> int:
    """32 bits as arrays of int32 have them."""
    return word - (1 << 32) if word >> 31 else word


# ------------------------------------------------------------------------------------------------------- The work


class OnTorch:
    """The work of PyTorch in a stream."""

    def __init__(self) -> None:
        import torch

        self.torch = torch
        self.stream = torch.cuda.Stream()
        with torch.cuda.stream(self.stream):
            self.places = torch.arange(WORDS, dtype=torch.int32, device="cuda")
            self.weights = 2 * self.places + 1
            self.wrong = torch.zeros((), dtype=torch.int64, device="cuda")
        warm_up(self, torch.empty_like(self.places))

    def array(self, buffer: Buffer) -> Any:
        """A tensor on the buffer. What PyTorch does with a read-only one the hardware watches."""
        try:
            tensor = self.torch.from_dlpack(buffer)
        except (BufferError, RuntimeError):  # it cannot be told that it may only read: here it will
            tensor = self.torch.as_tensor(Trusted(buffer), device="cuda")
        return tensor.view(self.torch.int32)

    def fill(self, array: Any, frame: int) -> None:
        with self.torch.cuda.stream(self.stream):
            self.torch.mul(self.places + frame, signed(FACTOR), out=array)

    def check(self, array: Any, expected: int) -> None:
        with self.torch.cuda.stream(self.stream):
            found = (array * self.weights).sum(dtype=self.torch.int64) & 0xFFFFFFFF
            self.wrong += found != expected

    def finish(self) -> int:
        """The number of wrong frames."""
        self.stream.synchronize()
        return int(self.wrong.item())


class OnCupy:
    """The work of CuPy in a stream."""

    def __init__(self) -> None:
        import cupy

        self.cupy = cupy
        self.stream = cupy.cuda.Stream(non_blocking=True)
        with self.stream:
            self.places = cupy.arange(WORDS, dtype=cupy.uint32)
            self.weights = 2 * self.places + 1
            self.wrong = cupy.zeros((), dtype=cupy.int64)
        warm_up(self, cupy.empty_like(self.places))

    def array(self, buffer: Buffer) -> Any:
        return self.cupy.asarray(buffer).view(self.cupy.uint32)

    def fill(self, array: Any, frame: int) -> None:
        with self.stream:
            self.cupy.multiply(self.places + self.cupy.uint32(frame), self.cupy.uint32(FACTOR), out=array)

    def check(self, array: Any, expected: int) -> None:
        with self.stream:
            self.wrong += (array * self.weights).sum(dtype=self.cupy.uint32) != expected

    def finish(self) -> int:
        self.stream.synchronize()
        return int(self.wrong)


class OnNumpy:
    """The work of the CPU, which waits for fences itself. It signals in the default stream, when it is done."""

    stream = None

    def __init__(self) -> None:
        import numpy

        self.numpy = numpy
        self.places = numpy.arange(WORDS, dtype=numpy.uint32)
        self.wrong = 0

    def array(self, buffer: Buffer) -> Any:
        return self.numpy.asarray(buffer).view(self.numpy.uint32)

    def fill(self, array: Any, frame: int) -> None:
        self.numpy.multiply(self.places + self.numpy.uint32(frame), self.numpy.uint32(FACTOR), out=array)

    def check(self, array: Any, expected: int) -> None:
        weighted = array * (2 * self.places + self.numpy.uint32(1))
        self.wrong += int(weighted.sum(dtype=self.numpy.uint32)) != expected

    def finish(self) -> int:
        return self.wrong


class Trusted:
    """A read-only buffer for a library that knows no such thing. If it writes, the GPU stops it."""

    def __init__(self, buffer: Buffer) -> None:
        self.buffer = buffer
        interface = buffer.__cuda_array_interface__
        self.__cuda_array_interface__ = {**interface, "data": (interface["data"][0], False)}


def warm_up(worker: Any, scratch: Any) -> None:
    """Loads the kernels, which would be loaded amid the first frames."""
    worker.fill(scratch, 1)
    worker.check(scratch, checksum_of(1))
    if worker.finish() != 0:
        raise RuntimeError("the frame is wrong that was just made")


WORKERS = {"torch": OnTorch, "cupy": OnCupy, "numpy": OnNumpy}

# ------------------------------------------------------------------------------------------------- What is shared


class Fences:
    """The fences of both directions. This code is the same in both processes."""

    def __init__(self, endpoint: Endpoint, name: str, worker: Any) -> None:
        self.endpoint = endpoint
        self.worker = worker
        signaler = SyncList.for_device(signal=True, name=name)
        waiter = SyncList.for_device(wait=True, name=name)
        if worker.stream is None:
            waiter["NeedCpuAccess"] = True
        # The lists of the waiters cross; each makes an object of its own signaler and the other's waiter.
        endpoint.send(waiter.export(endpoint), PATIENCE)
        peers_waiter = SyncList.import_(endpoint, endpoint.receive(PATIENCE))
        self.own = reconcile(signaler, peers_waiter).allocate()
        endpoint.send(self.own.export(endpoint, "WaitOnly"), PATIENCE)
        self.peers = SyncObject.import_(endpoint, endpoint.receive(PATIENCE), check=[waiter], permissions="WaitOnly")

    def signal(self) -> bytes:
        """A fence of all work so far, for the peer."""
        return self.own.signal_stream(self.worker.stream).export(self.endpoint)

    def wait(self, data: bytes) -> None:
        """What comes next waits for a fence of the peer."""
        fence = self.peers.import_fence(data)
        if self.worker.stream is None:
            fence.wait(PATIENCE)
        else:
            self.peers.wait_stream(fence, self.worker.stream)


def buffer_list(name: str, cpu: bool, **more: Any) -> AttributeList:
    gpu = opennvsci.devices()[0]
    wishes = {"Types": "RawBuffer", "RawBuffer.Align": 4096, "NeedCpuAccess": cpu, "GpuId": gpu}
    return AttributeList({**wishes, **more}, name=name)


def make_buffers(endpoint: Endpoint, cpu: bool) -> list[Buffer]:
    """The camera's side: reconciles, allocates, sends."""
    own = buffer_list("camera", cpu, RequiredPerm="ReadWrite", **{"RawBuffer.Size": SIZE})
    theirs = AttributeList.import_(endpoint, endpoint.receive(PATIENCE))
    reconciled = reconcile(own, theirs)
    endpoint.send(reconciled.export(endpoint), PATIENCE)
    buffers = [reconciled.allocate() for _ in range(BUFFERS)]
    for buffer in buffers:
        endpoint.write(buffer.export_descriptor(endpoint, "Readonly"), PATIENCE)
    return buffers


def receive_buffers(endpoint: Endpoint, cpu: bool) -> list[Buffer]:
    """Vision's side: sends its list, and imports what comes."""
    own = buffer_list("vision", cpu, RequiredPerm="Readonly")
    endpoint.send(own.export(endpoint), PATIENCE)
    reconciled = ReconciledList.import_(endpoint, endpoint.receive(PATIENCE), check=[own])
    return [
        reconciled.import_buffer(endpoint, endpoint.read(256, PATIENCE), minimum="Readonly") for _ in range(BUFFERS)
    ]


# ------------------------------------------------------------------------------------------------------- The roles


def produce(worker: Any, frames: int, cpu: bool) -> float:
    """The camera. Gives frames a second."""
    with Endpoint("nvscisync_a_0") as endpoint:
        endpoint.connect(PATIENCE)
        fences = Fences(endpoint, "camera", worker)
        buffers = make_buffers(endpoint, cpu)
        arrays = [worker.array(buffer) for buffer in buffers]
        start = time.perf_counter()

        def take_back() -> int:
            number, _, fence = PACKET.unpack(endpoint.read(PACKET.size, PATIENCE))
            fences.wait(fence)
            return number

        for frame in range(frames):
            number = frame if frame < BUFFERS else take_back()  # the first ones were never away
            worker.fill(arrays[number], frame)
            endpoint.write(PACKET.pack(number, checksum_of(frame), fences.signal()), PATIENCE)
        for _ in range(min(frames, BUFFERS)):
            take_back()
        worker.finish()
        rate = frames / (time.perf_counter() - start)
        endpoint.write(PACKET.pack(BUFFERS, 0, bytes(56)), PATIENCE)
    print(f"camera:  {frames} frames of {SIZE} bytes through {BUFFERS} buffers, {rate:.0f} a second", flush=True)
    return rate


def consume(worker: Any, cpu: bool) -> tuple[int, int, float]:
    """Vision. Gives the frames that came, how many were wrong, and how many came in a second."""
    with Endpoint("nvscisync_a_1") as endpoint:
        endpoint.connect(PATIENCE)
        fences = Fences(endpoint, "vision", worker)
        buffers = receive_buffers(endpoint, cpu)
        arrays = [worker.array(buffer) for buffer in buffers]
        received = 0
        while True:
            number, checksum, fence = PACKET.unpack(endpoint.read(PACKET.size, PATIENCE))
            if received == 0:
                start = time.perf_counter()
            if number == BUFFERS:
                break
            fences.wait(fence)
            worker.check(arrays[number], checksum)
            endpoint.write(PACKET.pack(number, 0, fences.signal()), PATIENCE)
            received += 1
        wrong = worker.finish()
        rate = received / (time.perf_counter() - start)
    print(f"vision:  {received} frames received, {wrong} wrong, {rate:.0f} a second", flush=True)
    return received, wrong, rate


def main() -> int:
    parser = argparse.ArgumentParser(description="Two processes that share buffers and fences")
    parser.add_argument("role", nargs="?", choices=["producer", "consumer"])
    parser.add_argument("--frames", type=int, default=1000)
    parser.add_argument("--with", dest="library", choices=list(WORKERS), default="torch")
    parser.add_argument("--cpu", action="store_true")
    options = parser.parse_args()
    if options.role is None:  # nothing of CUDA survives a fork, so both are programs of their own
        arguments = [*sys.argv[1:]]
        both = [subprocess.Popen([sys.executable, __file__, role, *arguments]) for role in ("producer", "consumer")]
        return max(one.wait() != 0 for one in both)
    worker = WORKERS[options.library]()
    if options.role == "producer":
        produce(worker, options.frames, options.cpu)
        return 0
    received, wrong, _ = consume(worker, options.cpu)
    return int(wrong != 0 or received == 0)


if __name__ == "__main__":
    sys.exit(main())
