import type { Nested, Network } from "backprop-wasm";

/** A program of the notebooks, written with backprop-wasm. */
export interface Program {
  readonly name: string;
  readonly title: string;
  /** What it does, in one or two sentences. */
  readonly description: string;
  readonly epochs: number;
  /** The seed of the figures that the source prints; null if the source has no seed and prints no figures as text. */
  readonly sourceSeed: number | null;
  readonly printouts: readonly Printout[];
  train(options: TrainOptions): Promise<Trained>;
}

export interface TrainOptions {
  readonly seed: number;
  /** Called from time to time with the number of finished epochs. */
  readonly onEpoch: (epoch: number) => void;
}

export interface Trained {
  readonly network: Network;
  readonly curve: Curve;
  /** Figures by their names in the source, with kernels oriented as in the source. */
  readonly figures: Figures;
  /** Figures that only the comparison shows, not `--json`. */
  readonly extraFigures?: Figures;
}

export type Figures = Readonly<Record<string, readonly Nested[]>>;

export interface Curve {
  readonly label: string;
  readonly points: readonly { readonly epoch: number; readonly loss: number }[];
}

/** Figures that the source prints. */
export interface Printout {
  /** Their name in `figures` or `extraFigures`. */
  readonly figure: string;
  /** The label of each line. */
  readonly labels: readonly string[];
  readonly decimals: number;
  /** One number or row of numbers for each line; absent if the source does not print them as text. */
  readonly printed?: readonly (number | readonly number[])[];
}
