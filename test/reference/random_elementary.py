"""Writes random_elementary.json: exact values of the functions of src/random/elementary.ts, and glibc's log.

    pip install -r ../tools/requirements.txt
    python random_elementary.py

It needs a processor with FMA and glibc 2.28 or later. Every number is the bit pattern of a float64, 16 hexadecimal
digits. A row is [x, y, f(x) − y], where y is the correctly rounded f(x). A row of log also has glibc's result. A row of
power is [x, y, xʸ], where xʸ is correctly rounded.
"""

import json
import math
import pathlib
import platform
import random
import struct

import mpmath

mpmath.mp.prec = 300


def bits(x):
    return struct.pack(">d", x).hex()


def row(function, x):
    exact = function(mpmath.mpf(x))
    rounded = float(exact)
    return [bits(x), bits(rounded), bits(float(exact - mpmath.mpf(rounded)))]


def log_arguments(source):
    yield from (1.0, 0.9375, math.nextafter(0.9375, 0), 1.064697265625, math.nextafter(1.064697265625, 0))
    yield from (2.0**-53, 2.0**-104, 2.0**-1022, 1.7976931348623157e308, 0.5, 2.0, 0.6875, 1.375)
    yield from (1 - 2.0**-53, 1 + 2.0**-52)
    yield from (source.random() for _ in range(300))
    yield from (0.93 + 0.14 * source.random() for _ in range(200))
    yield from (math.ldexp(1 + source.random(), source.randrange(-1022, 1023)) for _ in range(100))


def angle_arguments(source):
    for quarter_turns in range(5):
        nearest = float(quarter_turns * mpmath.pi / 2)
        yield from (nearest, math.nextafter(nearest, 0), math.nextafter(nearest, 6.28) if nearest < 6 else nearest)
    yield from (2 * math.pi * 2.0**-53, 0.7853981633974483, 2.356194490192345, 3.9269908169872414)
    yield from (2 * math.pi * source.random() for _ in range(400))


def exponents(source):
    yield from (0.0, 1.0, -1.0, 708.0, -708.0, 0.34657359027997264, -0.34657359027997264)
    yield from (source.uniform(-1, 1) for _ in range(200))
    yield from (source.uniform(-700, 700) for _ in range(200))


def powers(source):
    """Pairs of a base and an exponent."""
    yield from ((0.9, 1000.0), (0.999, 100000.0), (2.0, 0.5), (1.0, 0.3), (0.5, -2.0), (10.0, 3.0), (0.1, 0.0))
    yield from ((source.uniform(0.5, 2), float(source.randrange(300))) for _ in range(200))
    yield from ((source.uniform(0.01, 10), source.uniform(-5, 5)) for _ in range(200))


def power_row(x, y):
    exact = mpmath.power(mpmath.mpf(x), mpmath.mpf(y))
    return [bits(x), bits(y), bits(float(exact))]


def main():
    source = random.Random(20240216)
    angles = list(angle_arguments(source))
    document = {
        "versions": {"mpmath": mpmath.__version__, "libc": " ".join(platform.libc_ver())},
        "log": [[*row(mpmath.log, x), bits(math.log(x))] for x in log_arguments(source)],
        "sin": [row(mpmath.sin, x) for x in angles],
        "cos": [row(mpmath.cos, x) for x in angles],
        "exp": [row(mpmath.exp, x) for x in exponents(source)],
        "power": [power_row(x, y) for x, y in powers(source)],
    }
    path = pathlib.Path(__file__).with_name("random_elementary.json")
    path.write_text(json.dumps(document, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
