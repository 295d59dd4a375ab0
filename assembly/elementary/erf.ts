import { madd } from "../vector";
import { constant, one, sign } from "./constants";
import { normalTail } from "./normal";

// P, lowest power first; then √2 and where the two formulas meet.
const SINGLES = memory.data<f32>([
  0.12837916689416895, -0.3761263629404718, 0.11283736431014284, -0.026861773695757235, 0.005207219522800227,
  -0.0008216548605459146, 8.698968484416852e-5, 0, 0, 0, 0, 0,
  1.4142135623730951, 0.875,
]);
const DOUBLES = memory.data<f64>([
  0.1283791670955126, -0.3761263890318374, 0.11283791670954368, -0.026866170644945547, 0.005223977623090254,
  -0.0008548326847566518, 0.00012055324632933975, -1.49253889383651e-5, 1.6456634798533871e-6,
  -1.628950716571618e-7, 1.412423178486214e-8, -8.669728118934958e-10,
  1.4142135623730951, 0.875,
]);

@inline
function c<T>(index: usize): v128 {
  return constant<T>(SINGLES, DOUBLES, index);
}

/**
 * erf x = x + x·P(x²) up to |x| = 0.875, and beyond it sign(x)·(1 − 2·Φ(−|x|·√2)), where the tail is small enough that
 * its own error hardly shows. Error: 2.2 ULP. Coefficients:
 * test/reference/elementary_coefficients.py.
 */
@inline
export function erf<T>(x: v128): v128 {
  const a = v128.andnot(x, sign<T>());
  const near = madd<T>(x, errorRest<T>(v128.mul<T>(x, x)), x);
  const tail = normalTail<T>(v128.mul<T>(a, c<T>(12)));
  const far = v128.sub<T>(one<T>(), v128.add<T>(tail, tail));
  return v128.bitselect(v128.or(far, v128.and(x, sign<T>())), near, v128.gt<T>(a, c<T>(13)));
}

/** P(z) = erf(√z) / √z − 1, the even and the odd powers apart so that they overlap. */
@inline
function errorRest<T>(z: v128): v128 {
  const w = v128.mul<T>(z, z);
  let even = c<T>(6);
  let odd = c<T>(5);
  if (sizeof<T>() == 8) {
    even = madd<T>(w, madd<T>(w, c<T>(10), c<T>(8)), even);
    odd = madd<T>(w, madd<T>(w, madd<T>(w, c<T>(11), c<T>(9)), c<T>(7)), odd);
  }
  even = madd<T>(w, madd<T>(w, madd<T>(w, even, c<T>(4)), c<T>(2)), c<T>(0));
  odd = madd<T>(w, madd<T>(w, odd, c<T>(3)), c<T>(1));
  return madd<T>(z, odd, even);
}
