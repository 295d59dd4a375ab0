import type { Metric } from "../metrics/metric.js";
import {
  type OptionsOf,
  ofType,
  readOptions,
  requireKnown,
  requireNotNegative,
  requirePositiveInteger,
} from "../validation.js";

/**
 * Ends a fit when its results no longer get better. Each fit starts counting epochs at 0. Cost: with `restoreBest`, a
 * copy of the parameters (and of their average), made again after each epoch that is better than all before.
 */
export interface EarlyStopping {
  /**
   * The figure that should get better: "validationLoss" (the default with validation), "loss" (the default without), or
   * the name of one of the `metrics`, such as "accuracy" or "validationAccuracy". Losses and errors get better as they
   * fall, accuracies and scores as they rise.
   */
  readonly monitor?: string;
  /**
   * The fit ends after this many epochs in a row without an improvement; default 10, as scikit-learn's
   * `n_iter_no_change`.
   */
  readonly patience?: number;
  /** An improvement must exceed this; 0 or more, default 0. */
  readonly minDelta?: number;
  /**
   * Whether the parameters of the best epoch are restored when the fit ends. This also holds if the fit is aborted or
   * diverges, or if a callback throws. Default true. (Keras's default is false.) The optimizer keeps its state of the
   * last step.
   */
  readonly restoreBest?: boolean;
}

/** Early stopping with every option set. */
export interface StoppingRule extends Required<EarlyStopping> {
  readonly direction: "max" | "min";
}

const OPTIONS: OptionsOf<EarlyStopping> = {
  monitor: { check: () => {}, default: undefined },
  patience: { check: requirePositiveInteger, default: 10 },
  minDelta: { check: requireNotNegative, default: 0 },
  restoreBest: { check: ofType("boolean"), default: true },
};

/**
 * A checked copy of what a user gave.
 *
 * @throws BackpropError `invalidOption`, or `unknownName` if the fit has no figure named `monitor`.
 */
export function readEarlyStopping(given: unknown, directions: Directions): StoppingRule {
  const read = readOptions("earlyStopping", given, OPTIONS, { prefix: "earlyStopping." });
  const monitor = read.monitor ?? defaultMonitor(directions);
  requireKnown("earlyStopping.monitor", monitor, Object.keys(directions));
  return { ...(read as Required<EarlyStopping>), monitor, direction: directions[monitor]! };
}

/** Whether each figure of an epoch gets better as it rises ("max") or falls ("min"). */
export type Directions = Readonly<Record<string, "max" | "min">>;

/** The default of `monitor`. */
export function defaultMonitor(directions: Directions): string {
  return "validationLoss" in directions ? "validationLoss" : "loss";
}

/** The directions of all figures that can be monitored. */
export function directionsOf(metrics: readonly Metric[], hasValidation: boolean): Directions {
  const figures = [
    ["loss", "min"] as const,
    ...metrics.map(({ name, direction }) => [name, direction] as const),
  ];
  const validated = figures.map(([name, direction]) => [validationName(name), direction] as const);
  return Object.fromEntries(hasValidation ? [...figures, ...validated] : figures);
}

/** "accuracy" → "validationAccuracy". */
export function validationName(name: string): string {
  return `validation${name[0]!.toUpperCase()}${name.slice(1)}`;
}

/** The progress of early stopping. */
export interface PatienceState {
  readonly monitor: string;
  readonly best: number;
  readonly bestEpoch: number;
}

/** Watches one figure of each epoch. */
export class Patience {
  readonly #rule: StoppingRule;
  #best: number;
  #bestEpoch: number | undefined;
  #epochs: number;

  /** `resumed`: the progress after `epochs` epochs of the fit that is resumed. */
  constructor(rule: StoppingRule, resumed?: PatienceState, epochs = 0) {
    this.#rule = rule;
    const worst = rule.direction === "max" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    this.#best = resumed?.best ?? worst;
    this.#bestEpoch = resumed?.bestEpoch;
    this.#epochs = epochs;
  }

  /** Undefined before the first epoch. */
  get state(): PatienceState | undefined {
    if (this.#bestEpoch === undefined) return undefined;
    return { monitor: this.monitor, best: this.#best, bestEpoch: this.#bestEpoch };
  }

  /** The name of the figure. */
  get monitor(): string {
    return this.#rule.monitor;
  }

  /** The best epoch, from 0; the first one if no figure was better than infinitely bad. */
  get bestEpoch(): number | undefined {
    return this.#bestEpoch;
  }

  /** Takes the figure of the next epoch. Returns whether it is the best so far. NaN is never better than a number. */
  isBest(figure: number): boolean {
    const { direction, minDelta } = this.#rule;
    const gain = direction === "max" ? figure - this.#best : this.#best - figure;
    const isBest = this.#bestEpoch === undefined || gain > minDelta;
    if (isBest) {
      if (!Number.isNaN(figure)) this.#best = figure;
      this.#bestEpoch = this.#epochs;
    }
    this.#epochs++;
    return isBest;
  }

  get isExhausted(): boolean {
    return this.#epochs - 1 - (this.#bestEpoch ?? 0) >= this.#rule.patience;
  }
}
