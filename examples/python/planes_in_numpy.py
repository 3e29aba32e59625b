# SPDX-License-Identifier: Apache-2.0
"""An image that a camera writes and a display reads, as arrays of NumPy: one for each plane, with the pitch that the
negotiation gave, and read-only for the display.

usage: planes_in_numpy.py      with NumPy; works with and without a GPU
"""

import numpy

import opennvsci


def image(name: str, **more: object) -> opennvsci.AttributeList:
    """What a participant needs of an image of NV12: a plane of luma, and one of both colours."""
    wishes = {
        "Types": "Image",
        "NeedCpuAccess": True,
        "Image.Layout": "PitchLinear",
        "Image.ScanType": "Progressive",
        "Image.PlaneCount": 2,
        "Image.PlaneColorFormat": ["Y8", "V8U8"],
        "Image.PlaneWidth": [1000, 500],
        "Image.PlaneHeight": [600, 300],
    }
    return opennvsci.AttributeList({**wishes, **more}, name=name)


def main() -> None:
    # Lists that cannot be had together: the exception says who asks for what, and what would help.
    try:
        opennvsci.reconcile(image("camera"), image("display", **{"Image.PlaneColorFormat": ["Y10", "V10U10"]}))
    except opennvsci.ReconcileError as error:
        print(error)

    camera = image("camera", RequiredPerm="ReadWrite")
    display = image("display", **{"Image.PlaneBaseAddrAlign": [4096, 4096]})
    with opennvsci.reconcile(camera, display).allocate() as buffer:
        luma, chroma = (numpy.asarray(plane) for plane in buffer.planes)
        luma[:] = numpy.linspace(16, 235, luma.shape[1], dtype=numpy.uint8)
        chroma[:] = 128
        reader = buffer.readonly()

    shown = numpy.asarray(reader.planes[0])
    print(f"{reader}: rows of {shown.shape[1]} pixels, {shown.strides[0]} bytes apart")
    print(f"luma from {shown.min()} to {shown.max()}")
    try:
        shown[0, 0] = 0
    except ValueError as error:
        print(f"the display cannot write: {error}")


if __name__ == "__main__":
    main()
