// What a fit knows at the end of an epoch: with it, another fit goes on as if there had been no interruption.

import { BackpropError } from "../errors.js";
import type { StopReason, TrainingWarning } from "../history.js";
import type { Metric } from "../metrics/metric.js";
import { show } from "../show.js";
import type { FitConditions } from "./conditions.js";
import { type PatienceState, validationName } from "./earlyStopping.js";
import type { FitPlan } from "./options.js";
import type { CopiedValues } from "./parameterCopy.js";

/** Consecutive epochs with the same learning rate and time. */
export interface Span {
  readonly epochs: number;
  readonly learningRate: number;
  /** The time of each epoch. */
  readonly milliseconds: number;
}

export interface FitState {
  /** Undefined in files of versions that did not record them. */
  readonly conditions?: FitConditions | undefined;
  /** The loss of each finished epoch. */
  readonly losses: readonly number[];
  readonly spans: readonly Span[];
  /** The validation loss and the metrics of each finished epoch, by their names in the history. */
  readonly figures: Readonly<Record<string, readonly number[]>>;
  readonly warnings: readonly TrainingWarning[];
  /** How many of the last warnings were found because the fit had ended. A resumed fit looks for them when it ends. */
  readonly endWarnings: number;
  /** Undefined if the fit was still in progress. */
  readonly stopped?: StopReason | undefined;
  /** Undefined without early stopping. */
  readonly patience?: PatienceState | undefined;
  /** The parameters of the best epoch; undefined if they are not to be restored. */
  readonly best?: CopiedValues | undefined;
  /** The parameters of the last epoch, if the fit has ended with those of the best one. */
  readonly last?: CopiedValues | undefined;
}

/**
 * Requires that a fit with this plan can continue the fit that has this state.
 *
 * @throws BackpropError `invalidOption`.
 */
export function requireResumable(state: FitState | undefined, plan: FitPlan): asserts state is FitState {
  if (!state) {
    throw refused(
      "the network has no fit to resume. Only a fit that stopped at the end of an epoch can be resumed, before the " +
        "network is trained otherwise. Leave out resume",
    );
  }
  const { directions, metrics, earlyStopping, epochs } = plan;
  if (epochs < state.losses.length) {
    throw refused(
      `epochs is ${epochs}, and the fit has finished ${state.losses.length}. Give at least as many`,
    );
  }
  const hasValidation = "validationLoss" in directions;
  const { validationLoss = [] } = state.figures;
  if (validationLoss.length > 0 !== hasValidation) {
    throw refused(`the fit was ${hasValidation ? "not " : ""}validated. Give the same validation data`);
  }
  const names = figureNames(metrics);
  const known = Object.keys(state.figures);
  if (names.length !== known.length || names.some((name) => !known.includes(name))) {
    throw refused(`the figures of the fit were ${known.map(show).join(", ")}. Give the same metrics`);
  }
  if (earlyStopping?.monitor !== state.patience?.monitor) {
    const monitored = state.patience ? `monitored ${show(state.patience.monitor)}` : "had no early stopping";
    throw refused(`the fit ${monitored}. Give the same earlyStopping`);
  }
  if (earlyStopping?.restoreBest && !state.best) {
    throw refused("the fit kept no best parameters. Give earlyStopping with restoreBest: false");
  }
}

/** What the fit had if a condition differs. Hashes are not shown. */
const CONDITIONS: Readonly<Record<keyof FitConditions, { readonly other: string; readonly isHash?: true }>> =
  {
    rows: { other: "another number of rows" },
    inputs: { other: "other inputs", isHash: true },
    targets: { other: "other targets", isHash: true },
    weights: { other: "other sampleWeights or classWeights", isHash: true },
    batchSize: { other: "another batchSize" },
    shuffle: { other: "another shuffle" },
    validationRows: { other: "another number of validation rows" },
    validationInputs: { other: "other inputs to validate on", isHash: true },
    validationTargets: { other: "other targets to validate on", isHash: true },
    validationWeights: { other: "other weights of the validation rows", isHash: true },
  };

/**
 * Requires the conditions of the fit that is resumed.
 *
 * @throws BackpropError `invalidOption`.
 */
export function requireSameConditions(known: FitConditions, given: FitConditions): void {
  for (const [key, { other, isHash }] of Object.entries(CONDITIONS)) {
    const [before, now] = [known[key as keyof FitConditions], given[key as keyof FitConditions]];
    if (before === now) continue;
    const isShown = !isHash && before !== undefined && now !== undefined;
    const values = isShown ? `: ${before} instead of ${now}` : "";
    throw refused(`the fit had ${other}${values}. Give the same, or begin a new fit without resume`);
  }
}

/** The names of the figures that a fit with these metrics records besides the loss. */
export function figureNames(metrics: readonly Metric[]): readonly string[] {
  return ["validationLoss", ...metrics.flatMap(({ name }) => [name, validationName(name)])];
}

function refused(why: string): BackpropError {
  return new BackpropError("invalidOption", `resume is true, but ${why}.`);
}
