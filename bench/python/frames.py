# SPDX-License-Identifier: Apache-2.0
"""Frames a second from one process to another and back, with a fence each way: on OpenNvSci, with the producer in C++
and in Python, and beside it the same on torch.multiprocessing, which shares tensors and events by CUDA IPC.

A frame has 128 KiB and goes through four buffers; the consumer checks every word. usage:

  frames.py [--frames N] [--rounds N] [--producer PROGRAM]

PROGRAM is the built examples/producer_consumer; without it the row of C++ is left out. Needs PyTorch and a GPU; exit
status 77 without. Takes about half a minute.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Callable

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "examples" / "python"))

import camera_and_vision as example  # noqa: E402


def on_opennvsci(producer: list[str], frames: int) -> float:
    """This process is the consumer, and the producer a program. Gives frames a second."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["OPENNVSCI_RUNTIME_DIR"] = folder
        peer = subprocess.Popen([*producer, "producer", "--frames", str(frames)], stdout=subprocess.DEVNULL)
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                received, wrong, rate = example.consume(example.OnTorch(), cpu=False)
        except BaseException:
            peer.kill()
            raise
        finally:
            status = peer.wait()
            del os.environ["OPENNVSCI_RUNTIME_DIR"]
    if (received, wrong, status) != (frames, 0, 0):
        raise RuntimeError(f"{received} frames came, {wrong} wrong, and the producer ended with {status}")
    return rate


def produce_by_ipc(connection: Any, tensors: list[Any], handles: list[bytes], frames: int) -> None:
    """The producer of CUDA IPC, in a process of its own."""
    import torch

    worker = example.OnTorch()
    own = [torch.cuda.Event(interprocess=True) for _ in range(example.BUFFERS)]
    theirs = [torch.cuda.Event.from_ipc_handle(torch.device("cuda", 0), handle) for handle in handles]
    connection.send([event.ipc_handle() for event in own])

    def take_back() -> int:
        number = connection.recv_bytes()[0]
        theirs[number].wait(worker.stream)
        return number

    for frame in range(frames):
        number = frame if frame < example.BUFFERS else take_back()
        worker.fill(tensors[number], frame)
        own[number].record(worker.stream)
        connection.send_bytes(example.PACKET.pack(number, example.checksum_of(frame), bytes(56)))
    for _ in range(min(frames, example.BUFFERS)):
        take_back()
    worker.finish()
    connection.send_bytes(example.PACKET.pack(example.BUFFERS, 0, bytes(56)))
    connection.recv_bytes()  # what is shared stays until both are done


def on_cuda_ipc(frames: int) -> float:
    """The same on torch.multiprocessing."""
    import torch
    import torch.multiprocessing as multiprocessing

    context = multiprocessing.get_context("spawn")
    worker = example.OnTorch()
    tensors = [torch.zeros(example.WORDS, dtype=torch.int32, device="cuda") for _ in range(example.BUFFERS)]
    own = [torch.cuda.Event(interprocess=True) for _ in range(example.BUFFERS)]
    torch.cuda.synchronize()
    here, there = context.Pipe()
    arguments = (there, tensors, [event.ipc_handle() for event in own], frames)
    peer = context.Process(target=produce_by_ipc, args=arguments)
    peer.start()
    theirs = [torch.cuda.Event.from_ipc_handle(torch.device("cuda", 0), handle) for handle in here.recv()]
    received = 0
    while True:
        number, checksum, _ = example.PACKET.unpack(here.recv_bytes())
        if received == 0:
            start = time.perf_counter()
        if number == example.BUFFERS:
            break
        theirs[number].wait(worker.stream)
        worker.check(tensors[number], checksum)
        own[number].record(worker.stream)
        here.send_bytes(bytes([number]))
        received += 1
    wrong = worker.finish()
    rate = received / (time.perf_counter() - start)
    here.send_bytes(b"\0")
    peer.join()
    if (received, wrong, peer.exitcode) != (frames, 0, 0):
        raise RuntimeError(f"{received} frames came, {wrong} wrong, and the producer ended with {peer.exitcode}")
    return rate


def main() -> int:
    parser = argparse.ArgumentParser(description="Frames a second from process to process")
    parser.add_argument("--frames", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--producer", help="the built examples/producer_consumer")
    options = parser.parse_args()
    try:
        import torch
    except ImportError:
        print("skipped: no PyTorch")
        return 77
    if not torch.cuda.is_available():
        print("skipped: PyTorch has no GPU")
        return 77
    baseline = "torch.multiprocessing (CUDA IPC)"
    ways: dict[str, Callable[[int], float]] = {baseline: on_cuda_ipc}
    python = [sys.executable, example.__file__]
    ways["OpenNvSci, Python to PyTorch"] = lambda frames: on_opennvsci(python, frames)
    if options.producer:
        ways["OpenNvSci, C++ to PyTorch"] = lambda frames: on_opennvsci([options.producer], frames)
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(options.rounds):  # in turns, so that a slow moment meets all
        for name, way in ways.items():
            rates[name].append(way(options.frames))
    print(f"{torch.cuda.get_device_name(0)}, PyTorch {torch.__version__}, frames of {example.SIZE} bytes")
    print(f"{'frames a second, the median of ' + str(options.rounds):<44}{'':>8}  to the baseline")
    for name, found in rates.items():
        rate = statistics.median(found)
        print(f"{name:<44}{rate:>8.0f}  {rate / statistics.median(rates[baseline]):.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
