import { log } from "../math/logarithm";
import { splat } from "../math/vector";
import { philoxWords, Purpose } from "./philox";

/**
 * Standard normal numbers for one unit and `count` rows of a batch.
 *
 *     out: f32 [count rounded up to 4], for batch rows row … row + count − 1
 *
 * `row` and `count` are even. Row r draws word r mod 4 of the Philox block with the counter (⌊r / 4⌋, unit, layer,
 * step). The words a and b of an even row and the next row give two numbers (G. E. P. Box and M. E. Muller, "A Note on
 * the Generation of Random Normal Deviates", 1958):
 *
 *     √(−2 log((a + ½) / 2³²)) · cos(2π(b + ½) / 2³²), and with sin instead of cos
 *
 * They are f32 in networks of f64 too: noise needs no more digits, and the code is half as large. The largest is 6.8.
 */
export function standardNormals(
  out: usize, row: u32, count: u32,
  unit: u32, layer: u32, step: u32, seed: u32,
): void {
  philoxWords(out, row, row + count, unit, layer, step, seed, Purpose.GaussianNoise);
  const scale = splat<f32>(1.0 / 4294967296.0), half = splat<f32>(0.5);
  for (const end = out + (<usize>count << 2); out < end; out += 16) {
    const uniform = v128.mul<f32>(v128.add<f32>(f32x4.convert_i32x4_u(v128.load(out)), half), scale);
    const logs = log<f32>(v128.shuffle<i32>(uniform, uniform, 0, 0, 2, 2));
    const turns = v128.shuffle<i32>(uniform, uniform, 1, 1, 3, 3);
    // A sine is the cosine of an angle that is a quarter turn smaller.
    const cosines = cosine(v128.sub<f32>(turns, f32x4(0, 0.25, 0, 0.25)));
    v128.store(out, v128.mul<f32>(v128.sqrt<f32>(v128.mul<f32>(splat<f32>(-2), logs)), cosines));
  }
}

// Coefficients of sin(2πy), lowest power first: a Chebyshev fit of sin(2πy) / y in y² (mpmath's chebyfit).
const C1: f64 = 6.283185307;
const C3: f64 = -41.34170212;
const C5: f64 = 81.60522617;
const C7: f64 = -76.70427988;
const C9: f64 = 42.0097793;
const C11: f64 = -14.3939663;

/** cos(2πt), |t| ≤ 1, as sin(2πy) with y = ¼ − |t − nearest(t)|, |y| ≤ ¼. Only rounding adds an error. */
@inline
function cosine(t: v128): v128 {
  const y = v128.sub<f32>(splat<f32>(0.25), v128.abs<f32>(v128.sub<f32>(t, v128.nearest<f32>(t))));
  const z = v128.mul<f32>(y, y);
  let sum = v128.add<f32>(v128.mul<f32>(splat<f32>(C11), z), splat<f32>(C9));
  sum = v128.add<f32>(v128.mul<f32>(sum, z), splat<f32>(C7));
  sum = v128.add<f32>(v128.mul<f32>(sum, z), splat<f32>(C5));
  sum = v128.add<f32>(v128.mul<f32>(sum, z), splat<f32>(C3));
  return v128.mul<f32>(y, v128.add<f32>(v128.mul<f32>(sum, z), splat<f32>(C1)));
}
