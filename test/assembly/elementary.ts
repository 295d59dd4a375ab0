// Exports out[i] = f(x[i]) for each elementary function f and dtype, for test/elementary.test.ts. `count` is a whole
// number of vectors.

import { exp, expm1 } from "../../assembly/math/exponential";
import { tanh } from "../../assembly/math/hyperbolic";
import { log, log1p } from "../../assembly/math/logarithm";
import { sigmoid, softplus } from "../../assembly/math/logistic";
import { normalCdf, normalPdf } from "../../assembly/math/normal";

export function heap_base(): usize {
  return __heap_base;
}

function each<T, F>(out: usize, x: usize, count: usize): void {
  const f = changetype<F>(0);
  const end = x + count * sizeof<T>();
  for (; x < end; x += 16, out += 16) v128.store(out, f.of<T>(v128.load(x)));
}

// Each class passes a generic function to each() at compile time. No instances exist.

@unmanaged class Exp { @inline of<T>(x: v128): v128 { return exp<T>(x); } }
@unmanaged class Expm1 { @inline of<T>(x: v128): v128 { return expm1<T>(x); } }
@unmanaged class Log { @inline of<T>(x: v128): v128 { return log<T>(x); } }
@unmanaged class Log1p { @inline of<T>(x: v128): v128 { return log1p<T>(x); } }
@unmanaged class Tanh { @inline of<T>(x: v128): v128 { return tanh<T>(x); } }
@unmanaged class Sigmoid { @inline of<T>(x: v128): v128 { return sigmoid<T>(x); } }
@unmanaged class Softplus { @inline of<T>(x: v128): v128 { return softplus<T>(x); } }
@unmanaged class NormalCdf { @inline of<T>(x: v128): v128 { return normalCdf<T>(x); } }
@unmanaged class NormalPdf { @inline of<T>(x: v128): v128 { return normalPdf<T>(x); } }

export function exp_f32(out: usize, x: usize, count: usize): void { each<f32, Exp>(out, x, count); }
export function exp_f64(out: usize, x: usize, count: usize): void { each<f64, Exp>(out, x, count); }
export function expm1_f32(out: usize, x: usize, count: usize): void { each<f32, Expm1>(out, x, count); }
export function expm1_f64(out: usize, x: usize, count: usize): void { each<f64, Expm1>(out, x, count); }
export function log_f32(out: usize, x: usize, count: usize): void { each<f32, Log>(out, x, count); }
export function log_f64(out: usize, x: usize, count: usize): void { each<f64, Log>(out, x, count); }
export function log1p_f32(out: usize, x: usize, count: usize): void { each<f32, Log1p>(out, x, count); }
export function log1p_f64(out: usize, x: usize, count: usize): void { each<f64, Log1p>(out, x, count); }
export function tanh_f32(out: usize, x: usize, count: usize): void { each<f32, Tanh>(out, x, count); }
export function tanh_f64(out: usize, x: usize, count: usize): void { each<f64, Tanh>(out, x, count); }
export function sigmoid_f32(out: usize, x: usize, count: usize): void { each<f32, Sigmoid>(out, x, count); }
export function sigmoid_f64(out: usize, x: usize, count: usize): void { each<f64, Sigmoid>(out, x, count); }
export function softplus_f32(out: usize, x: usize, count: usize): void { each<f32, Softplus>(out, x, count); }
export function softplus_f64(out: usize, x: usize, count: usize): void { each<f64, Softplus>(out, x, count); }
export function normal_cdf_f32(out: usize, x: usize, count: usize): void { each<f32, NormalCdf>(out, x, count); }
export function normal_cdf_f64(out: usize, x: usize, count: usize): void { each<f64, NormalCdf>(out, x, count); }
export function normal_pdf_f32(out: usize, x: usize, count: usize): void { each<f32, NormalPdf>(out, x, count); }
export function normal_pdf_f64(out: usize, x: usize, count: usize): void { each<f64, NormalPdf>(out, x, count); }
