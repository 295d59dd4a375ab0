// Fused multiply-add: a·b + c, rounded once. JavaScript has no such operation. The compiled code of NumPy and PyTorch
// uses it to draw random numbers.

const view = new DataView(new ArrayBuffer(8));

/**
 * a·b + c in float64, rounded once. Every operand and product must be 0 or of a magnitude in [2⁻⁹⁰⁰, 2⁹⁰⁰].
 *
 * S. Boldo and G. Melquiond, "Emulation of FMA and correctly rounded sums: proved algorithms using rounding to odd",
 * IEEE Trans. Computers 57 (2008) 462–471, algorithm Fmac.
 */
export function fusedMultiplyAdd(a: number, b: number, c: number): number {
  const product = a * b;
  const productError = errorOfProduct(a, b, product);
  const addend = c + productError;
  const addendError = errorOfSum(c, productError, addend);
  const sum = product + addend;
  const sumError = errorOfSum(product, addend, sum);
  return sum + addRoundedToOdd(addendError, sumError);
}

/** a·b + c in float32, rounded once; the operands are float32 values. */
export function fusedMultiplyAddFloat32(a: number, b: number, c: number): number {
  // The product of two float32 values is exact in float64. A float64 sum that is rounded to odd gives the same float32
  // as the exact sum.
  return Math.fround(addRoundedToOdd(a * b, c));
}

/** The exact a·b − product, given product = a * b (T. J. Dekker, Numer. Math. 18 (1971) 224–242). */
export function errorOfProduct(a: number, b: number, product: number): number {
  const aHigh = upperHalf(a);
  const aLow = a - aHigh;
  const bHigh = upperHalf(b);
  const bLow = b - bHigh;
  return aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
}

/** The exact (a + b) − sum, given the rounded sum (D. E. Knuth, TAOCP vol. 2, section 4.2.2, theorem B). */
export function errorOfSum(a: number, b: number, sum: number): number {
  const bRounded = sum - a;
  const aRounded = sum - bRounded;
  return a - aRounded + (b - bRounded);
}

/** The leading 26 bits of x. */
function upperHalf(x: number): number {
  const scaled = 134217729 * x;
  return scaled - (scaled - x);
}

/** a + b, rounded to odd: if the exact sum is not a float64, the neighbouring float64 whose last bit is 1. */
function addRoundedToOdd(a: number, b: number): number {
  const sum = a + b;
  const error = errorOfSum(a, b, sum);
  if (error === 0) return sum;
  view.setFloat64(0, sum);
  const lastBit = view.getUint8(7) & 1;
  if (lastBit === 1) return sum;
  return neighbourTowards(sum, error > 0);
}

function neighbourTowards(x: number, up: boolean): number {
  const awayFromZero = x > 0 === up;
  view.setFloat64(0, x);
  view.setBigInt64(0, view.getBigInt64(0) + (awayFromZero ? 1n : -1n));
  return view.getFloat64(0);
}
