"""Reference values of the elementary functions in float64, for test/elementary.test.ts.

Written with Python 3.11.7 and mpmath 1.3.0 at 60 digits:

    python3 test/reference/elementary.py            # writes elementary.json beside this file
    python3 test/reference/elementary.py 20000 dense.json   # 20000 random points in each range of RANGES

For each function, the file contains base64 of little-endian arrays: `x` (float64), `y` (float64, the rounded result)
and `rest` (int16, the exact result minus y, in 2^-15 ULP of y). The first points are numbers of every exponent of
float64, with random signs where the domain allows both. The others are random points in ranges where the formula
changes, cancels, saturates, overflows or underflows.
"""

import base64
import json
import math
import pathlib
import random
import struct
import sys

from mpmath import mp, mpf

mp.dps = 60
# From here on, a result rounds to infinity.
LARGEST = mpf(sys.float_info.max) * (1 + mpf(2) ** -54)
DOMAIN = {"log": (0.0, math.inf), "log1p": (-1.0, math.inf)}


def bounded(x):
    """x limited to ±2000. Outside, every function here overflows, underflows, is constant or equals x."""
    return min(max(x, mpf(-2000)), mpf(2000))


FUNCTIONS = {
    "exp": lambda x: mp.exp(bounded(x)),
    "expm1": lambda x: mp.expm1(bounded(x)),
    "log": mp.log,
    "log1p": mp.log1p,
    "tanh": mp.tanh,
    "sigmoid": lambda x: 1 / (1 + mp.exp(-bounded(x))),
    "softplus": lambda x: mp.log1p(mp.exp(bounded(x))) + max(x - bounded(x), 0),
    "normalCdf": lambda x: mp.erfc(-bounded(x) / mp.sqrt(2)) / 2,
    "normalPdf": lambda x: mp.exp(-bounded(x) ** 2 / 2) / mp.sqrt(2 * mp.pi),
}

# The ranges of the random points.
RANGES = {
    "exp": [(-1, 1), (-40, 40), (-708.5, 709.79), (709.4, 709.79), (-745.2, -707)],
    "expm1": [(-0.36, 0.36), (0.34, 0.6), (-1.1, 1.1), (-40, 40), (709.4, 709.79)],
    "log": [(0.6, 1.5), (0.99, 1.01), (0.1, 10), (1, 1e6)],
    "log1p": [(-0.5, 0.5), (0.41, 0.5), (-1, 3), (-1, -0.99), (0, 100)],
    "tanh": [(-0.18, 0.18), (-0.6, 0.6), (-5, 5), (16, 22)],
    "sigmoid": [(-1, 1), (-8, 8), (-40, 40), (33, 40), (-745.2, -700)],
    "softplus": [(-1, 1), (-8, 8), (-40, 40), (-745.2, -700)],
    "normalCdf": [(-1, 1), (-8, 8), (-37, 0), (-38.6, -37), (6, 9)],
    "normalPdf": [(-1, 1), (-8, 8), (-37, 37), (-38.6, -37)],
}


def number(bits):
    """The float64 with these bits."""
    return struct.unpack("<d", struct.pack("<Q", bits))[0]


def exponents(chosen):
    """The first, the last or a random number of every exponent (of subnormals: of every highest bit), with random sign."""
    for exponent in range(0, 2047):
        for top in range(52) if exponent == 0 else [None]:
            if top is None:
                low, high = exponent << 52, ((exponent + 1) << 52) - 1
            else:
                low, high = 1 << top, (2 << top) - 1
            pick = [low, high, chosen.randint(low, high)][chosen.randrange(3)]
            yield number(pick | chosen.getrandbits(1) << 63)


def points(name, dense, chosen):
    least, greatest = DOMAIN.get(name, (-math.inf, math.inf))
    taken = [x if least < x < greatest else -x for x in exponents(chosen)]
    for low, high in RANGES[name]:
        taken += [chosen.uniform(low, high) for _ in range(dense)]
    return [x for x in taken if least < x < greatest]


def rounded(exact):
    """The nearest float64, and the exact number minus it in 2^-15 ULP."""
    if exact > LARGEST:
        return math.inf, 0
    y = float(exact)
    place = mpf(2) ** max(math.frexp(y)[1] - 53, -1074)
    return y, int(mp.nint((exact - mpf(y)) / place * 2**15))


def packed(kind, values):
    """Base64 of the values. `kind`: a format character of struct."""
    return base64.b64encode(struct.pack(f"<{len(values)}{kind}", *values)).decode()


def main():
    dense = int(sys.argv[1]) if len(sys.argv) > 1 else 350
    target = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else pathlib.Path(__file__).with_suffix(".json"))
    table = {}
    for name, function in FUNCTIONS.items():
        xs = points(name, dense, random.Random(name))
        results = [rounded(function(mpf(x))) for x in xs]
        table[name] = {
            "x": packed("d", xs),
            "y": packed("d", [y for y, _ in results]),
            "rest": packed("h", [max(-32767, min(32767, rest)) for _, rest in results]),
        }
    target.write_text(json.dumps(table, indent=1) + "\n")


main()
