// Layout of a region of memory. The same code measures a region and lays it out: called with region 0, it only
// measures.

/** Every tensor begins on a cache line. */
const ALIGNMENT: u64 = 64;

/** `bytes` rounded up to whole cache lines. */
@inline
export function aligned(bytes: u64): u64 {
  return (bytes + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
}

/**
 * A size far beyond the address space. Larger sizes are clamped to it, so that products and sums of sizes do not wrap
 * around.
 */
const UNADDRESSABLE: u64 = 1 << 52;

/** a · b, at most UNADDRESSABLE. */
export function productOf(a: u64, b: u64): u64 {
  return <f64>a * <f64>b < <f64>UNADDRESSABLE ? a * b : UNADDRESSABLE;
}

/** a + b, at most UNADDRESSABLE; a and b are below 2⁶³. */
@inline
export function sumOf(a: u64, b: u64): u64 {
  return min(a + b, UNADDRESSABLE);
}

/** Bytes of a tensor [rows, columns]. */
@inline
export function tensorSize<T>(rows: u64, columns: u64): u64 {
  return aligned(productOf(rows, columns) * sizeof<T>());
}

/**
 * Reserves `size` bytes at offset `at` of a region, and stores their address in the pointer at address `field`. Returns
 * the offset of the first cache line after them. If the region is 0, `field` is not written.
 */
@inline
export function place(region: usize, field: usize, at: u64, size: u64): u64 {
  if (region) store<usize>(field, region + <usize>at);
  return sumOf(at, aligned(size));
}
