// The modes of an optimizer's loop over parameters, as types. No instances of these classes exist.
//
//     gradient   the gradients at `address`, as the formula uses them
//     kept       the parameters before the step, as the formula uses them
//     take       handles a vector of new values for `address`, and returns `nonFinite`: bits are set if a value was not
//                finite (only Check finds out)

import { Optimizer } from "../abi/optimizer";
import { nonFiniteBits } from "../kernels/finite";
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
  take<T>(address: usize, value: v128, nonFinite: v128): v128 {
    v128.store(address, value);
    return nonFinite;
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
  take<T>(address: usize, value: v128, nonFinite: v128): v128 {
    v128.store(address, value);
    return nonFinite;
  }
}

/** Adjusts gradients and parameters if the step does, and stores nothing. Finds new values that are not finite. */
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
  take<T>(address: usize, value: v128, nonFinite: v128): v128 {
    return v128.or(nonFinite, nonFiniteBits<T>(value));
  }
}
