// Tests for finite numbers.

import { splat } from "../math/vector";

/** x − x: all bits are 0 in a lane where x is finite. In other lanes it is NaN. */
@inline
export function nonFiniteBits<T>(x: v128): v128 {
  return v128.sub<T>(x, x);
}

/**
 * Whether all numbers in `bytes` bytes, a multiple of 64, are finite.
 * Two accumulators hide the latency of the loads.
 */
export function areFinite<T>(x: usize, bytes: usize): bool {
  let bits0 = splat<T>(0), bits1 = bits0;
  for (const end = x + bytes; x < end; x += 64) {
    bits0 = v128.or(bits0, nonFiniteBits<T>(v128.load(x)));
    bits1 = v128.or(bits1, nonFiniteBits<T>(v128.load(x, 16)));
    bits0 = v128.or(bits0, nonFiniteBits<T>(v128.load(x, 32)));
    bits1 = v128.or(bits1, nonFiniteBits<T>(v128.load(x, 48)));
  }
  return !v128.any_true(v128.or(bits0, bits1));
}
