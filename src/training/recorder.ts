import type { History, StopReason, TrainingWarning } from "../history.js";
import type { FitState, Span } from "./fitState.js";

/** Records the epochs of a fit. Costs almost nothing for epochs without callbacks, metrics and validation. */
export class Recorder {
  readonly #spans: Span[];
  /** The time of the epoch in progress. */
  #milliseconds = 0;
  /** The validation loss and all metrics, by their names in the history. */
  readonly #figures: Record<string, number[]> = {};

  /** `figures`: their names. `resumed`: what the fit that is resumed has recorded. */
  constructor(figures: readonly string[], resumed?: FitState) {
    this.#spans = [...(resumed?.spans ?? [])];
    for (const name of figures) this.#figures[name] = [...(resumed?.figures[name] ?? [])];
  }

  /** What was recorded until the end of the last epoch. */
  get state(): Pick<FitState, "spans" | "figures"> {
    const figures = Object.entries(this.#figures).map(([name, values]) => [name, [...values]]);
    return { spans: [...this.#spans], figures: Object.fromEntries(figures) };
  }

  /**
   * Adds a call of the core, which finished `epochs` epochs, with one learning rate for all or one for each. They share
   * the time since the last finished epoch.
   */
  add(epochs: number, learningRate: number | readonly number[], totalMilliseconds: number): void {
    this.#milliseconds += totalMilliseconds;
    if (epochs === 0) return;
    const milliseconds = this.#milliseconds / epochs;
    if (typeof learningRate === "number") this.#spans.push({ epochs, learningRate, milliseconds });
    else for (const rate of learningRate) this.#spans.push({ epochs: 1, learningRate: rate, milliseconds });
    this.#milliseconds = 0;
  }

  /** Adds the time of the validation of the last epoch. */
  addTime(milliseconds: number): void {
    const last = this.#spans.pop()!;
    this.#spans.push({ ...last, milliseconds: last.milliseconds + milliseconds });
  }

  /** The time of the last epoch. */
  get lastMilliseconds(): number {
    return this.#spans.at(-1)!.milliseconds;
  }

  /** Adds figures of the last epoch. */
  addFigures(figures: Readonly<Record<string, number>>): void {
    for (const name in figures) this.#figures[name]!.push(figures[name]!);
  }

  /** The history of the epochs that have these losses. */
  history(losses: ArrayLike<number>, end: HistoryEnd): History {
    const loss = toArray(losses);
    const spans = [...this.#spans];
    const history = { loss, ...(this.#figures as { validationLoss: number[] }), ...end };
    defineLazily(history, "learningRate", () => spread(spans, "learningRate", loss.length));
    defineLazily(history, "milliseconds", () => spread(spans, "milliseconds", loss.length));
    return history as typeof history & Pick<History, "learningRate" | "milliseconds">;
  }
}

/** The history of a fit that stopped, or was interrupted, at the end of an epoch. */
export function historyOf(state: FitState): History {
  const { losses, patience, warnings, stopped = "interrupted" } = state;
  const recorder = new Recorder(Object.keys(state.figures), state);
  return recorder.history(losses, { stopped, bestEpoch: patience?.bestEpoch, warnings });
}

/** A copy as a plain array. Array.from() takes a fifth of the training time of a small network. */
export function toArray(values: ArrayLike<number>): number[] {
  const array = emptyArray(values.length);
  for (let i = 0; i < values.length; i++) array[i] = values[i]!;
  return array;
}

/**
 * An array to be filled. Minifiers shorten `new Array(length)` to `Array(length)`, whose elements V8 allocates twice: for
 * integers, and again for the first number that is none.
 */
function emptyArray(length: number): number[] {
  return new globalThis.Array<number>(length);
}

/** One number for each epoch. */
function spread(spans: readonly Span[], of: "learningRate" | "milliseconds", length: number): number[] {
  const values = emptyArray(length);
  let begin = 0;
  for (const span of spans) {
    values.fill(span[of], begin, begin + span.epochs);
    begin += span.epochs;
  }
  return values;
}

/**
 * Defines a property that is computed when it is first read. Two arrays for each fit took 5 % of the time of training a
 * small network.
 */
function defineLazily(object: object, name: string, compute: () => unknown): void {
  Object.defineProperty(object, name, {
    enumerable: true,
    configurable: true,
    get() {
      const value = compute();
      Object.defineProperty(object, name, { enumerable: true, value });
      return value;
    },
  });
}

/** What is known at the end of a fit. */
export interface HistoryEnd {
  readonly stopped: StopReason;
  readonly bestEpoch: number | undefined;
  readonly warnings: readonly TrainingWarning[];
}
