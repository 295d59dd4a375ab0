// The modes of an optimizer's loop over parameters, as types. No instances of these classes exist.
//
//     gradient       the gradients at `address`, adjusted if the mode adjusts
//     decayed        the parameters before the step, after decoupled weight decay if the mode adjusts
//     storeOrCheck   Apply and ApplyAdjusted store new values at `address` and return `nonFinite`. Check returns
//                    `nonFinite` with bits set if a value is not finite.

import { Optimizer } from "../abi/optimizer";
import { nonFiniteBits } from "../kernels/finite";
import { adjustedGradient, adjustedParameter } from "./adjustment";

/** Stores new values. Does not adjust gradients and parameters. */
@unmanaged
export class Apply {
  @inline
  gradient<T>(optimizer: Optimizer, address: usize, parameter: v128): v128 {
    return v128.load(address);
  }

  @inline
  decayed<T>(optimizer: Optimizer, parameter: v128): v128 {
    return parameter;
  }

  @inline
  storeOrCheck<T>(address: usize, value: v128, nonFinite: v128): v128 {
    v128.store(address, value);
    return nonFinite;
  }
}

/** Stores new values. Adjusts gradients and parameters: see adjustment.ts. */
@unmanaged
export class ApplyAdjusted {
  @inline
  gradient<T>(optimizer: Optimizer, address: usize, parameter: v128): v128 {
    return adjustedGradient<T>(optimizer, v128.load(address), parameter);
  }

  @inline
  decayed<T>(optimizer: Optimizer, parameter: v128): v128 {
    return adjustedParameter<T>(optimizer, parameter);
  }

  @inline
  storeOrCheck<T>(address: usize, value: v128, nonFinite: v128): v128 {
    v128.store(address, value);
    return nonFinite;
  }
}

/**
 * Stores nothing, but finds new values that are not finite. Adjusts gradients and parameters if optimizer.isAdjusted.
 */
@unmanaged
export class Check {
  @inline
  gradient<T>(optimizer: Optimizer, address: usize, parameter: v128): v128 {
    const gradient = v128.load(address);
    return optimizer.isAdjusted ? adjustedGradient<T>(optimizer, gradient, parameter) : gradient;
  }

  @inline
  decayed<T>(optimizer: Optimizer, parameter: v128): v128 {
    return optimizer.isAdjusted ? adjustedParameter<T>(optimizer, parameter) : parameter;
  }

  @inline
  storeOrCheck<T>(address: usize, value: v128, nonFinite: v128): v128 {
    return v128.or(nonFinite, nonFiniteBits<T>(value));
  }
}
