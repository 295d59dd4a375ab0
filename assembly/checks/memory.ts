// Whether the addresses that a host gives are aligned and within memory.

import { MAX_REGION_SIZE } from "../abi/description";
import { Status } from "../abi/status";

const PAGE_BITS: u64 = 16;

/** Whether `bytes` bytes from `address` on lie in linear memory. `alignment`: a power of two. */
export function isInMemory(address: usize, bytes: u64, alignment: usize): bool {
  if (address == 0 || (address & (alignment - 1)) != 0) return false;
  return address + bytes <= <u64>memory.size() << PAGE_BITS;
}

/** Why `address` cannot be that of an array [rows, columns] of elements of `size` bytes, 1, 4 or 8; Ok if it can. */
export function checkArray(address: usize, rows: usize, columns: usize, size: usize): Status {
  const count = <u64>rows * columns;
  if (count == 0) return Status.Ok;
  // With more elements, the number of bytes might not fit into 64 bits.
  return count <= u32.MAX_VALUE && isInMemory(address, count * size, size) ? Status.Ok : Status.InvalidAddress;
}

/** InvalidAddress if a region of that size cannot begin at `region`, else Ok. */
export function checkRegion(region: usize, bytes: u64): Status {
  return isInMemory(region, bytes, 64) ? Status.Ok : Status.InvalidAddress;
}

/** TooLarge if no region can have that size, else Ok. */
export function checkSize(bytes: u64): Status {
  return bytes <= MAX_REGION_SIZE ? Status.Ok : Status.TooLarge;
}
