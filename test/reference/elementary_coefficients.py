"""The coefficients of assembly/math: minimax rational approximations, by the Remez algorithm.

Written with Python 3.11.7 and mpmath 1.3.0 at 80 digits. Prints each pair of polynomials, lowest power first, and the
largest error of their quotient:

    python3 test/reference/elementary_coefficients.py

Source of the method: E. W. Cheney, Introduction to Approximation Theory (1966), chapter 5. The equations contain the
product of the levelled error and the denominator. With the denominator of the previous round, they are linear.
"""

from mpmath import mp, mpf

mp.dps = 80


def rational(f, low, high, numerator, denominator, weight, knee=None):
    """P and Q that minimize the largest |weight · (P/Q − f)| on [low, high].

    `numerator` and `denominator`: the fixed coefficients, then None for each unknown one. `knee`: where the nodes are
    densest in a long interval.
    """
    unknown = [(P, power) for P, given in ((True, numerator), (False, denominator))
               for power, c in enumerate(given) if c is None]
    count = len(unknown)

    def spread(c):
        """The node for c, which is between -1 and 1."""
        if knee is None:
            return low + (high - low) * (1 + c) / 2
        top = (high - knee) / (high + knee)
        t = -1 + (top + 1) * (1 + c) / 2
        return knee * (1 + t) / (1 - t)

    nodes = [spread(-mp.cos(mp.pi * (i + mpf(1) / 2) / 1600)) for i in range(1600)] + [mpf(high)]
    known = {}

    def value(x):
        if x not in known:
            known[x] = f(x)
        return known[x]

    def solve(points, previous):
        """P and Q whose errors at the points are E, −E, E, …; without a `previous` Q, they are 0."""
        size = len(points)
        matrix, right = mp.matrix(size, size), mp.matrix(size, 1)
        for i, x in enumerate(points):
            for j, (P, power) in enumerate(unknown):
                matrix[i, j] = x**power if P else -value(x) * x**power
            if previous:
                matrix[i, count] = -((-1) ** i) * evaluate(previous, x) / weight(x)
            fixed = [sum((c or 0) * x**k for k, c in enumerate(given)) for given in (numerator, denominator)]
            right[i] = value(x) * fixed[1] - fixed[0]
        solution = list(mp.lu_solve(matrix, right))
        P, Q = list(numerator), list(denominator)
        for (inP, power), c in zip(unknown, solution):
            (P if inP else Q)[power] = c
        return P, Q

    def extrema(P, Q):
        """The points with the largest errors, whose signs alternate: (x, error)."""
        found = []
        for x in nodes:
            error = weight(x) * (evaluate(P, x) / evaluate(Q, x) - value(x))
            if found and (found[-1][1] > 0) == (error > 0):
                if abs(error) > abs(found[-1][1]):
                    found[-1] = (x, error)
            else:
                found.append((x, error))
        while len(found) > count + 1:
            found.pop(0 if abs(found[0][1]) < abs(found[-1][1]) else -1)
        if len(found) <= count:
            raise ArithmeticError(f"{len(found)} extrema instead of {count + 1}")
        return found

    P, Q = solve([spread(-mp.cos(mp.pi * (i + mpf(1) / 2) / count)) for i in range(count)], None)
    for _ in range(12):
        found = extrema(P, Q)
        sizes = [abs(error) for _, error in found]
        if max(sizes) < min(sizes) * mpf("1.001"):
            break
        for _ in range(4):
            P, Q = solve([x for x, _ in found], Q)
    return P, Q, max(sizes)


def evaluate(coefficients, x):
    return mp.polyval(coefficients[::-1], x)


def show(name, dtype, result):
    P, Q, error = result
    print(f"{name}, {dtype}: error 2^{float(mp.log(error, 2)):.1f}")
    print("    P", ", ".join(repr(float(c)) for c in P))
    if len(Q) > 1:
        print("    Q", ", ".join(repr(float(c)) for c in Q))


def half_tangent(z):
    r = mp.sqrt(z)
    return mp.tanh(r / 2) / r


def logarithm_rest(z):
    s = mp.sqrt(z)
    return (2 * mp.atanh(s) - 2 * s) / s**3


def mills(a):
    return mp.exp(a * a / 2) * mp.erfc(a / mp.sqrt(2)) / 2


def main():
    low = mpf(2) ** -200

    # tanh(r/2) = r·P(r²) / Q(r²) for |r| ≤ ½ ln 2, or a little more, because the reduction of the argument rounds.
    for dtype, free in (("f32", 1), ("f64", 2)):
        high = (mp.log(2) / 2 * (1 + mpf(2) ** -14)) ** 2
        fixed = [mpf(1)] + [None] * free, [mpf(2)] + [None] * free
        show("tanh(r/2)", dtype, rational(half_tangent, low, high, *fixed, mp.sqrt))

    # log(1+f) = 2s + s·z·P(z), s = f / (2+f), z = s², for 1+f in [√½, √2].
    for dtype, free in (("f32", 4), ("f64", 7)):
        high = ((mp.sqrt(2) - 1) / (mp.sqrt(2) + 1)) ** 2
        show("log", dtype, rational(logarithm_rest, low, high, [None] * free, [mpf(1)], lambda z: z))

    # Φ(−a) = e^(−a²/2)·P(a) / Q(a) for a ≥ 0, up to where it rounds to 0.
    for dtype, degree, high in (("f32", 4, 15), ("f64", 10, 39)):
        fixed = [None] * (degree + 1), [mpf(1)] + [None] * (degree + 1)
        show("normal", dtype, rational(mills, low, mpf(high), *fixed, lambda a: 1 / mills(a), mpf(3)))


main()
