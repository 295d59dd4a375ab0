// Exports functions of vectors, partial loads and stores, and finiteness tests once for each dtype, for
// test/vectors.test.ts.

import { areFinite, nonFiniteBits } from "../../assembly/kernels/finite";
import { fill, loadLanes, storeLanes } from "../../assembly/kernels/memory";
import { clamp, firstLanes, laneNumbers, splat } from "../../assembly/math/vector";

export function heap_base(): usize {
  return __heap_base;
}

/** Stores the loaded lanes as a vector at `out`. */
export function load_lanes_f32(out: usize, pointer: usize, count: usize): void {
  v128.store(out, loadLanes<f32>(pointer, count));
}

/** Stores the loaded lanes as a vector at `out`. */
export function load_lanes_f64(out: usize, pointer: usize, count: usize): void {
  v128.store(out, loadLanes<f64>(pointer, count));
}

/** Stores lanes of the vector at `x`. */
export function store_lanes_f32(pointer: usize, x: usize, count: usize): void {
  storeLanes<f32>(pointer, v128.load(x), count);
}

/** Stores lanes of the vector at `x`. */
export function store_lanes_f64(pointer: usize, x: usize, count: usize): void {
  storeLanes<f64>(pointer, v128.load(x), count);
}

export function fill_f32(out: usize, value: f32, count: usize): void {
  fill<f32>(out, value, count);
}

export function fill_f64(out: usize, value: f64, count: usize): void {
  fill<f64>(out, value, count);
}

/** Copies the first lanes of the vector at `x`, and zeros for the others. */
export function first_lanes_f32(out: usize, x: usize, count: usize): void {
  v128.store(out, v128.and(v128.load(x), firstLanes<f32>(count)));
}

/** Copies the first lanes of the vector at `x`, and zeros for the others. */
export function first_lanes_f64(out: usize, x: usize, count: usize): void {
  v128.store(out, v128.and(v128.load(x), firstLanes<f64>(count)));
}

export function lane_numbers_f32(out: usize): void {
  v128.store(out, laneNumbers<f32>());
}

export function lane_numbers_f64(out: usize): void {
  v128.store(out, laneNumbers<f64>());
}

export function clamp_f32(out: usize, x: usize, low: f64, high: f64): void {
  v128.store(out, clamp<f32>(v128.load(x), splat<f32>(low), splat<f32>(high)));
}

export function clamp_f64(out: usize, x: usize, low: f64, high: f64): void {
  v128.store(out, clamp<f64>(v128.load(x), splat<f64>(low), splat<f64>(high)));
}

/** Whether any bit of nonFiniteBits(x) is set, for the vector at `x`. */
export function has_non_finite_bits_f32(x: usize): bool {
  return v128.any_true(nonFiniteBits<f32>(v128.load(x)));
}

/** Whether any bit of nonFiniteBits(x) is set, for the vector at `x`. */
export function has_non_finite_bits_f64(x: usize): bool {
  return v128.any_true(nonFiniteBits<f64>(v128.load(x)));
}

export function are_finite_f32(x: usize, bytes: usize): bool {
  return areFinite<f32>(x, bytes);
}

export function are_finite_f64(x: usize, bytes: usize): bool {
  return areFinite<f64>(x, bytes);
}
