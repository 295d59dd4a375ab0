/** What distinguishes the builds of the core: see `build_features`. */
export const enum BuildFeature {
  /** A product and a sum are one instruction with one rounding, where the processor has it. */
  RelaxedSimd = 1,
  /** The memory is shared between threads, and the module exports the functions of teams. */
  Threads = 2,
}
