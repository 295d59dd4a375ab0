// Layout of a region of memory. The same code measures a region and lays it out: called with region 0, it only
// measures.

/** Every tensor begins on a cache line. */
const CACHE_LINE: u64 = 64;

const VECTOR: u64 = 16;

/** `bytes` rounded up to whole cache lines. */
@inline
export function aligned(bytes: u64): u64 {
  return roundedUp(bytes, CACHE_LINE);
}

/** `bytes` rounded up to a multiple of `unit`, a power of two. */
@inline
function roundedUp(bytes: u64, unit: u64): u64 {
  return (bytes + unit - 1) & ~(unit - 1);
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

/**
 * Rows that are a multiple of this many bytes apart share at most 8 of the 64 sets of a typical L1 cache (32 KB, 8
 * ways), and evict each other.
 */
const CONFLICTING_BYTES: u64 = 512;

/**
 * Elements from one row of a tensor with `columns` columns to the next: whole vectors, and one cache line more if the
 * rows would otherwise share the sets of the L1 cache.
 */
@inline
export function strideOf<T>(columns: u64): u64 {
  const vectors = roundedUp(columns * sizeof<T>(), VECTOR);
  const conflicts = (vectors & (CONFLICTING_BYTES - 1)) == 0;
  return (conflicts ? vectors + CACHE_LINE : vectors) / sizeof<T>();
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
