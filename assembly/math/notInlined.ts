import { exp } from "./exponential";
import { tanh } from "./hyperbolic";
import { log, log1p } from "./logarithm";

/**
 * Functions of a vector as calls, where size matters more than the few nanoseconds of a call. The functions themselves
 * are inlined wherever they are used. Methods of a class, because asc warns of exported functions that take vectors and
 * are not inlined.
 */
@unmanaged
export class Call {
  static exp<T>(x: v128): v128 {
    return exp<T>(x);
  }

  static log<T>(x: v128): v128 {
    return log<T>(x);
  }

  static log1p<T>(x: v128): v128 {
    return log1p<T>(x);
  }

  static tanh<T>(x: v128): v128 {
    return tanh<T>(x);
  }
}
