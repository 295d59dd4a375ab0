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

/**
 * `loss`: of the epochs counted from 0, divided by `divisor`. The others after so many finished epochs: `predictions` of
 * the four rows; `classes`: 1 for predictions of one half or more, else 0; `meanAbsoluteError` of the predictions;
 * `kernel`: rows [units, inputs] of a layer; `evaluatedLoss`: evaluated instead of from a step.
 */
export type FigureSource =
  | { readonly kind: "loss"; readonly epochs: readonly number[]; readonly divisor: number }
  | {
      readonly kind: "predictions" | "classes" | "meanAbsoluteError" | "evaluatedLoss";
      readonly after: readonly number[];
    }
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
