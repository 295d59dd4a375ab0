// The modes of an optimizer's loop over parameters, as types. No instances of these classes exist.

import { Optimizer } from "../abi/optimizer";
import { excess } from "../kernels/finite";
import { adjustedGradient, adjustedParameter } from "./adjustment";

/** Takes gradients and parameters as they are, and stores new values. */
@unmanaged
export class Apply {
  @inline
  gradient<T>(optimizer: Optimizer, address: usize, parameter: v128): v128 {
    return v128.load(address);
  }

  @inline
  kept<T>(optimizer: Optimizer, parameter: v128): v128 {
    return parameter;
  }

  @inline
  take<T>(address: usize, value: v128, found: v128): v128 {
    v128.store(address, value);
    return found;
  }
}

/** Adjusts gradients and parameters (see adjustment.ts), and stores new values. */
@unmanaged
export class ApplyAdjusted {
  @inline
  gradient<T>(optimizer: Optimizer, address: usize, parameter: v128): v128 {
    return adjustedGradient<T>(optimizer, v128.load(address), parameter);
  }

  @inline
  kept<T>(optimizer: Optimizer, parameter: v128): v128 {
    return adjustedParameter<T>(optimizer, parameter);
  }

  @inline
  take<T>(address: usize, value: v128, found: v128): v128 {
    v128.store(address, value);
    return found;
  }
}

/** Adjusts gradients and parameters if necessary, and stores nothing. Sets bits of the result if a new value is not finite. */
@unmanaged
export class Check {
  @inline
  gradient<T>(optimizer: Optimizer, address: usize, parameter: v128): v128 {
    const gradient = v128.load(address);
    return optimizer.isAdjusted ? adjustedGradient<T>(optimizer, gradient, parameter) : gradient;
  }

  @inline
  kept<T>(optimizer: Optimizer, parameter: v128): v128 {
    return optimizer.isAdjusted ? adjustedParameter<T>(optimizer, parameter) : parameter;
  }

  @inline
  take<T>(address: usize, value: v128, found: v128): v128 {
    return v128.or(found, excess<T>(value));
  }
}
