// Constants that the elementary functions share.
//
// The comment at each elementary function states its error in units in the last place (ULP) of the exact result: the
// largest found in millions of points, rounded up, valid for float32 and float64.
//
// Constants are in the module's static data, below __heap_base. V8 builds a 128-bit literal with three instructions at
// every use, also inside loops. Loading a scalar and copying it to all lanes takes one. This made sigmoid() a third
// faster (Node 20).

const SINGLES = memory.data<f32>([1, 2, 0.5, -0.0, 18446744073709551616.0, -Infinity]);
const DOUBLES = memory.data<f64>([1, 2, 0.5, -0.0, 18446744073709551616.0, -Infinity]);

/** Element `index` of `singles` (T = f32) or of `doubles` (T = f64), in every lane. */
@inline
export function constant<T>(singles: usize, doubles: usize, index: usize): v128 {
  if (sizeof<T>() == 4) return v128.load32_splat(singles + (index << 2));
  return v128.load64_splat(doubles + (index << 3));
}

@inline
export function one<T>(): v128 {
  return constant<T>(SINGLES, DOUBLES, 0);
}

@inline
export function two<T>(): v128 {
  return constant<T>(SINGLES, DOUBLES, 1);
}

@inline
export function half<T>(): v128 {
  return constant<T>(SINGLES, DOUBLES, 2);
}

/** −0: the sign bit alone */
@inline
export function sign<T>(): v128 {
  return constant<T>(SINGLES, DOUBLES, 3);
}

/** 2^64 */
@inline
export function twoTo64<T>(): v128 {
  return constant<T>(SINGLES, DOUBLES, 4);
}

@inline
export function minusInfinity<T>(): v128 {
  return constant<T>(SINGLES, DOUBLES, 5);
}
