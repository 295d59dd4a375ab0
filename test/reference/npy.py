"""Writes npy.json: files that NumPy writes, for test/npy.test.ts.

    pip install -r ../tools/requirements.txt
    python npy.py

"files" are .npy files in hexadecimal, with the array's shape and its elements in row-major order. "archive" is a .npz file
that numpy.savez writes, with the names of its arrays.
"""

import io
import json
import pathlib

import numpy as np

TYPES = ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8")
SHAPES = ((), (0,), (3,), (2, 3), (2, 3, 4))
VERSIONS = ((1, 0), (2, 0), (3, 0))


def arrays():
    """An array of each type in both byte orders, of each shape in both orders, and of booleans."""
    for name in TYPES:
        for byte_order in "<>":
            yield np.arange(6).reshape(2, 3).astype(byte_order + name)
    for name in ("f4", "i8"):
        kind = np.dtype(name)
        limits = np.finfo(kind) if kind.kind == "f" else None
        extremes = [limits.min, limits.tiny, limits.max, -0.0] if limits else [-(2**53) + 1, 2**53 - 1]
        yield np.array(extremes, kind)
    yield np.array([6e-8, -65504, np.inf, 0.333251953125], "f2")
    for shape in SHAPES:
        for order in "CF":
            yield np.array(np.arange(np.prod(shape)).reshape(shape) - 1, "f8", order=order)
    yield np.array([[True, False]])


def written(array, version=None):
    file = io.BytesIO()
    np.lib.format.write_array(file, array, version=version)
    return file.getvalue().hex()


def entry(array, version=None):
    # JSON has no infinity.
    values = [value if np.isfinite(value) else str(value) for value in array.astype("f8").ravel().tolist()]
    return {"file": written(array, version), "type": array.dtype.str, "shape": array.shape, "values": values}


def main():
    files = [entry(array) for array in arrays()]
    files += [entry(np.arange(6, dtype="f4").reshape(2, 3), version) for version in VERSIONS]
    archive = io.BytesIO()
    named = {"kernel": np.arange(6, dtype="f4").reshape(2, 3), "größe": np.array(7)}
    np.savez(archive, **named)
    document = {
        "versions": {"numpy": np.__version__},
        "files": files,
        "archive": {"file": archive.getvalue().hex(), "names": list(named)},
    }
    pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(document) + "\n")


main()
