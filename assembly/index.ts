import { splat } from "./vector";
export function t(p: usize): void { v128.store(p, splat<f32>(0.1)); }
export function t2(p: usize): void { v128.store(p, splat<f64>(0.1)); }
export function heap_base(): usize { return __heap_base; }
