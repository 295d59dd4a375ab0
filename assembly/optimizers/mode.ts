// The two modes of an optimizer's loop over parameters, as types. No instances of these classes exist.

import { excess } from "../kernels/finite";

/** Stores new values. */
@unmanaged
export class Apply {
  @inline
  take<T>(address: usize, value: v128, found: v128): v128 {
    v128.store(address, value);
    return found;
  }
}

/** Stores nothing. Sets bits of the result if a new value is not finite. */
@unmanaged
export class Check {
  @inline
  take<T>(address: usize, value: v128, found: v128): v128 {
    return v128.or(found, excess<T>(value));
  }
}
