import type { Nested, Network } from "backprop-wasm";

/** A program of the seeds, written with backprop-wasm. */
export interface Program {
  readonly name: string;
  readonly title: string;
  /** What it does, in a sentence or two. */
  readonly description: string;
  readonly epochs: number;
  /** The seed of the figures that the source prints; null where the source sets no seed and its text has no figures. */
  readonly sourceSeed: number | null;
  readonly printouts: readonly Printout[];
  train(options: TrainOptions): Promise<Trained>;
}

export interface TrainOptions {
  readonly seed: number;
  /** Called now and then with the number of finished epochs. */
  readonly onEpoch: (epoch: number) => void;
}

export interface Trained {
  readonly network: Network;
  readonly curve: Curve;
  /** By their names in the program, in its own orientation. */
  readonly figures: Figures;
  /** What the source prints beside the figures. */
  readonly asides?: Figures;
}

export type Figures = Readonly<Record<string, readonly Nested[]>>;

export interface Curve {
  readonly label: string;
  readonly points: readonly { readonly epoch: number; readonly loss: number }[];
}

/** Some figures as the source prints them. */
export interface Printout {
  /** Their name among the figures or the asides. */
  readonly figure: string;
  /** One for each line. */
  readonly labels: readonly string[];
  readonly decimals: number;
  /** One number or row of numbers for each line; absent where the text of the source has none. */
  readonly printed?: readonly (number | readonly number[])[];
}
