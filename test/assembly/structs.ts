// Structs, and functions that read and write their fields, for test/structs.test.ts.

export const enum Colour {
  Red,
  Blue = 7,
}

@unmanaged
export class Point {
  x: f64;
  /** The last field: the size of the struct is not a multiple of 8. */
  tag: u8;
}

/** An odd number of 32-bit fields precedes the first f64. */
@unmanaged
export class Mixed {
  count: u32;
  address: usize;
  difference: i32;
  ratio: f64;
  isOn: bool;
  single: f32;
  byte: u8;
  big: u64;
  colour: Colour;
  point: Point | null;
  last: f64;
}

export function heap_base(): usize {
  return __heap_base;
}

export function write_mixed(
  mixed: Mixed, count: u32, address: usize, difference: i32, ratio: f64, isOn: bool, single: f32, byte: u8, big: u64,
  colour: Colour, point: Point, last: f64,
): void {
  mixed.count = count;
  mixed.address = address;
  mixed.difference = difference;
  mixed.ratio = ratio;
  mixed.isOn = isOn;
  mixed.single = single;
  mixed.byte = byte;
  mixed.big = big;
  mixed.colour = colour;
  mixed.point = point;
  mixed.last = last;
}

export function get_count(mixed: Mixed): u32 { return mixed.count; }
export function get_address(mixed: Mixed): usize { return mixed.address; }
export function get_difference(mixed: Mixed): i32 { return mixed.difference; }
export function get_ratio(mixed: Mixed): f64 { return mixed.ratio; }
export function get_isOn(mixed: Mixed): bool { return mixed.isOn; }
export function get_single(mixed: Mixed): f32 { return mixed.single; }
export function get_byte(mixed: Mixed): u8 { return mixed.byte; }
export function get_big(mixed: Mixed): u64 { return mixed.big; }
export function get_colour(mixed: Mixed): Colour { return mixed.colour; }
export function get_point(mixed: Mixed): usize { return changetype<usize>(mixed.point); }
export function get_last(mixed: Mixed): f64 { return mixed.last; }
