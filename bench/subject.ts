import type { FloatArray } from "backprop-wasm";

/** A computation that can be timed. */
export interface Steps {
  /** Restores the initial state, so that every timed call does the same computation. */
  reset(): void;
  step(steps: number): void;
}

/** The results of steps. `changes`: the parameters minus the initial parameters. */
export type Outputs = Partial<Record<"losses" | "changes" | "predictions", FloatArray>>;

/** The core, or the TypeScript baseline. */
export type EngineName = "wasm" | "typescript";

/** One engine with one workload. It is compared with the other engine, then timed. */
export interface Subject extends Steps {
  readonly engine: EngineName;
  /** The results of all steps since `reset`. */
  outputs(): Outputs;
  dispose(): void;
}
