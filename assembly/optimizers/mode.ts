// The modes of an optimizer's loop over parameters, as types. No instances of these classes exist.
//
//     gradient       the gradients at `address`, adjusted if the mode adjusts
//     decayed        the parameters before the step, after decoupled weight decay if the mode adjusts
//     storeOrCheck   Apply and ApplyAdjusted store new values at `address` and return `nonFinite`. Check returns
//                    `nonFinite` with bits set if a value is not finite.

import { Optimizer } from "../abi/optimizer";
import { nonFiniteBits } from "../kernels/finite";
import { adjustedGradient, adjustedParameter } from "./adjustment";

/** Does not adjust gradients and parameters. Stores new values. */
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

/** Adjusts gradients and parameters (see adjustment.ts). Stores new values. */
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

/** Adjusts gradients and parameters if the step does. Stores nothing, and finds new values that are not finite. */
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
