/** What distinguishes the builds of the core: see `build_features`. */
export const enum BuildFeature {
  RelaxedSimd = 1,
  Threads = 2,
}
