import type { FloatArray } from "backprop-wasm";

/** What can be timed. */
export interface Steps {
  /** Back to where it was created, so that every timed call computes the same. */
  reset(): void;
  step(steps: number): void;
}

/** What steps bring about. `changes` are the parameters less what they were. */
export type Outputs = Partial<Record<"losses" | "changes" | "predictions", FloatArray>>;

/** The core, or the TypeScript baseline. */
export type EngineName = "wasm" | "typescript";

/** One engine doing one work: what is compared, then timed. */
export interface Subject extends Steps {
  readonly engine: EngineName;
  /** Of all steps since `reset`. */
  outputs(): Outputs;
  dispose(): void;
}
