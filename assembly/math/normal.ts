import { madd, splat } from "./vector";
import { constant, half, one, sign, two, twoTo64 } from "./constants";
import { halfTangentExcess, halfTangentNumerator, power, remainder, Shift, shiftedMultiple } from "./reduction";

// The normal distribution. A relative error of a² grows by the factor a²/2 in e^(−a²/2). So a² is computed as the sum
// of upper², which is exact (upper: the upper half of a's significant bits), and (a − upper)·(a + upper). The second
// part is subtracted from r after the reduction.
//
// Sources: FreeBSD's msun, s_erf.c, for the square in two parts. W. J. Cody, "Rational Chebyshev Approximations for the
// Error Function", Math. Comp. 23 (1969), for e^(−a²/2) times a quotient of polynomials. The coefficients come from
// test/reference/elementary_coefficients.py.

// Coefficients of P and Q in normalTail(), lowest power first. All are positive, so no sum cancels.
const P_F32 = memory.data<f32>([
  0.5000000031506325, 0.43928322706327766, 0.1839689936964199, 0.040881080587269546, 0.004153223223575384,
]);
const Q_F32 = memory.data<f32>([
  1.0, 1.676451461163871, 1.2055476664305564, 0.4714083168046953, 0.10247978910597419, 0.010410475095999789,
]);
const P_F64 = memory.data<f64>([
  0.5, 0.8279452075774677, 0.6796419661259874, 0.3573710515569598, 0.13205936427967813, 0.03567239482642914,
  0.0071240149034377575, 0.0010399164205581665, 0.00010659714895782269, 6.97785055497877e-6, 2.2425447882994422e-7,
]);
const Q_F64 = memory.data<f64>([
  1.0, 2.453774975957801, 2.8171131012531183, 2.001547184928098, 0.9801754975048691, 0.34835220876325695,
  0.09198913593603458, 0.018123332359157283, 0.002624174780725658, 0.0002677615501869138, 1.749087749728924e-5,
  5.62122617347649e-7,
]);

// The value of a from which on Φ(−a) and φ(a) round to 0; 1/√(2π).
const SINGLES = memory.data<f32>([14.5, 0.3989422804014327]);
const DOUBLES = memory.data<f64>([38.75, 0.3989422804014327]);

// Masks that keep the upper 12 of 24 significant bits, or 26 of 53: the square of the result is exact.
const UPPER_F32 = memory.data<u32>([0xfffff000]);
const UPPER_F64 = memory.data<u64>([0xfffffffff8000000]);

/**
 * Φ(x), the probability that a standard normal variable is below x. Error: 6.5 ULP, also for x < 0, down to the
 * smallest subnormal result.
 */
@inline
export function normalCdf<T>(x: v128): v128 {
  const tail = normalTail<T>(v128.andnot(x, sign<T>()));
  return v128.bitselect(v128.sub<T>(one<T>(), tail), tail, v128.gt<T>(x, splat<T>(0)));
}

/** φ(x) = e^(−x²/2) / √(2π). Error: 3 ULP. */
@inline
export function normalPdf<T>(x: v128): v128 {
  const a = bounded<T>(v128.andnot(x, sign<T>()));
  return gaussianTimes<T>(a, constant<T>(SINGLES, DOUBLES, 1), one<T>());
}

/** Φ(−a) = e^(−a²/2)·P(a) / Q(a) for a ≥ 0. */
@inline
export function normalTail<T>(deviation: v128): v128 {
  const a = bounded<T>(deviation);
  const w = v128.mul<T>(a, a);
  return gaussianTimes<T>(a, tailNumerator<T>(a, w), tailDenominator<T>(a, w));
}

/**
 * e^(−a²/2)·numerator / denominator, with a single division. Dividend and divisor are both scaled by 2^64, as in
 * sigmoid(): the dividend stays normal, so a subnormal result is rounded only by the division.
 */
@inline
function gaussianTimes<T>(a: v128, numerator: v128, denominator: v128): v128 {
  const shifted = shiftedMultiple<T>(minusHalfSquare<T>(a), Shift.ScaledPower);
  const r = gaussianRemainder<T>(a, shifted);
  const z = v128.mul<T>(r, r);
  const n = halfTangentNumerator<T>(r, z);
  const d = v128.add<T>(two<T>(), halfTangentExcess<T>(z));
  const gaussian = v128.mul<T>(v128.add<T>(d, n), power<T>(shifted));
  return v128.div<T>(
    v128.mul<T>(gaussian, numerator),
    v128.mul<T>(v128.mul<T>(v128.sub<T>(d, n), denominator), twoTo64<T>()),
  );
}

/** min(a, the bound from which on both functions are 0); NaN stays NaN. */
@inline
function bounded<T>(a: v128): v128 {
  return v128.pmin<T>(a, constant<T>(SINGLES, DOUBLES, 0));
}

/** −½·upper², exact. */
@inline
function minusHalfSquare<T>(a: v128): v128 {
  const upper = upperHalf<T>(a);
  return v128.neg<T>(v128.mul<T>(v128.mul<T>(upper, half<T>()), upper));
}

/** r of −a²/2 = n·ln 2 + r, with `shifted` = n + shift. */
@inline
function gaussianRemainder<T>(a: v128, shifted: v128): v128 {
  const upper = upperHalf<T>(a);
  const rest = v128.mul<T>(v128.sub<T>(a, upper), v128.add<T>(a, upper));
  return v128.sub<T>(remainder<T>(minusHalfSquare<T>(a), shifted, Shift.ScaledPower), v128.mul<T>(rest, half<T>()));
}

@inline
function upperHalf<T>(a: v128): v128 {
  return v128.and(a, constant<T>(UPPER_F32, UPPER_F64, 0));
}

// P and Q are evaluated as even(w) + a·odd(w) with w = a²: the two chains of operations run in parallel.

@inline
function tailNumerator<T>(a: v128, w: v128): v128 {
  let even = constant<T>(P_F32, P_F64, 4);
  let odd = constant<T>(P_F32, P_F64, 3);
  if (sizeof<T>() == 8) {
    even = madd<T>(w, constant<T>(P_F32, P_F64, 10), constant<T>(P_F32, P_F64, 8));
    even = madd<T>(w, even, constant<T>(P_F32, P_F64, 6));
    even = madd<T>(w, even, constant<T>(P_F32, P_F64, 4));
    odd = madd<T>(w, constant<T>(P_F32, P_F64, 9), constant<T>(P_F32, P_F64, 7));
    odd = madd<T>(w, odd, constant<T>(P_F32, P_F64, 5));
    odd = madd<T>(w, odd, constant<T>(P_F32, P_F64, 3));
  }
  even = madd<T>(w, even, constant<T>(P_F32, P_F64, 2));
  even = madd<T>(w, even, constant<T>(P_F32, P_F64, 0));
  odd = madd<T>(w, odd, constant<T>(P_F32, P_F64, 1));
  return madd<T>(a, odd, even);
}

@inline
function tailDenominator<T>(a: v128, w: v128): v128 {
  let even = constant<T>(Q_F32, Q_F64, 4);
  let odd = constant<T>(Q_F32, Q_F64, 5);
  if (sizeof<T>() == 8) {
    even = madd<T>(w, constant<T>(Q_F32, Q_F64, 10), constant<T>(Q_F32, Q_F64, 8));
    even = madd<T>(w, even, constant<T>(Q_F32, Q_F64, 6));
    even = madd<T>(w, even, constant<T>(Q_F32, Q_F64, 4));
    odd = madd<T>(w, constant<T>(Q_F32, Q_F64, 11), constant<T>(Q_F32, Q_F64, 9));
    odd = madd<T>(w, odd, constant<T>(Q_F32, Q_F64, 7));
    odd = madd<T>(w, odd, constant<T>(Q_F32, Q_F64, 5));
  }
  even = madd<T>(w, even, constant<T>(Q_F32, Q_F64, 2));
  even = madd<T>(w, even, constant<T>(Q_F32, Q_F64, 0));
  odd = madd<T>(w, odd, constant<T>(Q_F32, Q_F64, 3));
  odd = madd<T>(w, odd, constant<T>(Q_F32, Q_F64, 1));
  return madd<T>(a, odd, even);
}
