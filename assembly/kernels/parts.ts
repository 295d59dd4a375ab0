// How work is divided among threads.

/** Where part `index` begins when `length` elements are divided into `count` parts at multiples of `unit`. */
@inline
export function partBegin(length: usize, unit: usize, index: usize, count: usize): usize {
  // The first and the last bound need no division. A division costs as much as a whole phase of the smallest networks.
  if (index == 0) return 0;
  if (index == count) return length;
  const units = (length + unit - 1) / unit;
  return ((units * index) / count) * unit;
}
