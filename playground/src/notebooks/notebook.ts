import type { Experiment } from "../experiment/experiment.js";

/** A figure that a notebook prints, and where the worker finds it. */
export interface PrintedFigure {
  readonly figure: string;
  /** The label of each line. */
  readonly labels: readonly string[];
  readonly decimals: number;
  /** For each line the number or numbers that the notebook prints; undefined if it shows them as an image only. */
  readonly printed: readonly (readonly number[])[] | undefined;
  readonly source: FigureSource;
}

/** How a figure is computed. `after` counts finished epochs. */
export type FigureSource =
  /** The training losses of these epochs, counted from 0, divided by `divisor`: one line for each. */
  | { readonly kind: "loss"; readonly epochs: readonly number[]; readonly divisor: number }
  /** Of the four rows of XOR, one line for each: the outputs, or 1 for outputs of one half or more, else 0. */
  | { readonly kind: "predictions" | "classes"; readonly after: number }
  /** Of the four rows, one line for each number of epochs. */
  | { readonly kind: "meanAbsoluteError" | "evaluatedLoss"; readonly after: readonly number[] }
  /** The kernel of a layer, one line of weights for each unit. */
  | { readonly kind: "kernel"; readonly after: number; readonly layer: number };

/** A program of the notebooks as an experiment. */
export interface Notebook {
  readonly name: string;
  readonly title: string;
  /** What it trains, in one or two sentences. */
  readonly description: string;
  /** `experiment.epochs` is the number of epochs that the notebook trains. */
  readonly experiment: Experiment;
  readonly figures: readonly PrintedFigure[];
}
