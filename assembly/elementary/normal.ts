import { madd, splat } from "../vector";
import { constant, half, lift, one, sign, two } from "./constants";
import { halfTangentExcess, halfTangentNumerator, power, remainder, Shift, shiftedMultiple } from "./reduction";

// The normal distribution. e^(−a²/2) magnifies the rounding of a² by a²/2, so the square is taken in two parts: a's upper
// half squared, which is exact, and (a − upper)·(a + upper), which joins r after the reduction.
// Source of that step: FreeBSD's msun, s_erf.c; of the quotient of polynomials times the exponential: W. J. Cody, Rational
// Chebyshev Approximations for the Error Function, Math. Comp. 23 (1969). Coefficients: see elementary_coefficients.py.

// P and Q of the tail, lowest power first. All are positive: nothing cancels.
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

// From the first on, both functions are 0; 1/√(2π).
const SINGLES = memory.data<f32>([14.5, 0.3989422804014327]);
const DOUBLES = memory.data<f64>([38.75, 0.3989422804014327]);

// The upper half of the digits, of which the square needs no more than there are.
const UPPER_F32 = memory.data<u32>([0xfffff000]);
const UPPER_F64 = memory.data<u64>([0xfffffffff8000000]);

/**
 * Φ(x), the probability of less than x: relatively accurate below 0 as well, down to where it is the last subnormal.
 * Error: 6.5 ULP.
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
  return bellTimes<T>(a, constant<T>(SINGLES, DOUBLES, 1), one<T>());
}

/** Φ(−a) = e^(−a²/2)·P(a) / Q(a) for a ≥ 0. */
@inline
export function normalTail<T>(deviation: v128): v128 {
  const a = bounded<T>(deviation);
  const w = v128.mul<T>(a, a);
  return bellTimes<T>(a, tailNumerator<T>(a, w), tailDenominator<T>(a, w));
}

/**
 * e^(−a²/2)·numerator / denominator: one division for the exponential and the quotient together. The power of two is 2^64
 * times larger, as in the logistic, so that only the division rounds a subnormal result.
 */
@inline
function bellTimes<T>(a: v128, numerator: v128, denominator: v128): v128 {
  const sum = shiftedMultiple<T>(minusHalfSquare<T>(a), Shift.LiftedPower);
  const r = bellRemainder<T>(a, sum);
  const z = v128.mul<T>(r, r);
  const n = halfTangentNumerator<T>(r, z);
  const d = v128.add<T>(two<T>(), halfTangentExcess<T>(z));
  const bell = v128.mul<T>(v128.add<T>(d, n), power<T>(sum));
  return v128.div<T>(
    v128.mul<T>(bell, numerator),
    v128.mul<T>(v128.mul<T>(v128.sub<T>(d, n), denominator), lift<T>()),
  );
}

/** NaN stays. */
@inline
function bounded<T>(a: v128): v128 {
  return v128.pmin<T>(a, constant<T>(SINGLES, DOUBLES, 0));
}

/** −½·upper², exactly */
@inline
function minusHalfSquare<T>(a: v128): v128 {
  const upper = upperHalf<T>(a);
  return v128.neg<T>(v128.mul<T>(v128.mul<T>(upper, half<T>()), upper));
}

@inline
function bellRemainder<T>(a: v128, sum: v128): v128 {
  const upper = upperHalf<T>(a);
  const rest = v128.mul<T>(v128.sub<T>(a, upper), v128.add<T>(a, upper));
  return v128.sub<T>(remainder<T>(minusHalfSquare<T>(a), sum, Shift.LiftedPower), v128.mul<T>(rest, half<T>()));
}

@inline
function upperHalf<T>(a: v128): v128 {
  return v128.and(a, constant<T>(UPPER_F32, UPPER_F64, 0));
}

// The even and the odd powers are summed apart, in w = a², so that the two chains overlap.

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
