import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as library from "../src/index.js";
import {
  constantRate,
  cosineDecay,
  cosineRestarts,
  exponentialDecay,
  type LearningRate,
  learningRateAt,
  multiStepDecay,
  oneCycle,
  polynomialDecay,
  reduceOnPlateau,
  type Schedule,
  stepDecay,
  warmup,
} from "../src/index.js";
import { initialPlateau, plateauAfter, type ReduceOnPlateau } from "../src/schedules/plateau.js";
import { checkLearningRate } from "../src/schedules/schedules.js";
import { errorOf } from "./support/errorOf.js";

interface Timed {
  readonly function: string;
  readonly options: Record<string, unknown>;
  readonly length?: number | number[];
  readonly after?: Timed;
  readonly rates: number[];
}

interface Plateau {
  readonly options: Record<string, unknown>;
  readonly direction: "max" | "min";
  readonly values: (number | null)[];
  readonly rates: number[];
}

const { versions, timed, warmups, plateaus } = JSON.parse(
  readFileSync(new URL("reference/schedules.json", import.meta.url), "utf8"),
) as { versions: { torch: string }; timed: Timed[]; warmups: Timed[]; plateaus: Plateau[] };

const UNITS = ["steps", "epochs"] as const;

type Unit = (typeof UNITS)[number];

/** The schedule of a case, whose time is counted in `unit`. */
function scheduleOf({ function: name, options, length, after }: Timed, unit: Unit): Schedule {
  const given = length === undefined ? options : { ...options, [unit]: length };
  const make = (library as unknown as Record<string, (...given: unknown[]) => Schedule>)[name]!;
  return after ? make(scheduleOf(after, unit), given) : make(given);
}

/** The rate after `time`. The other unit must have no influence. */
function rateAfter(schedule: LearningRate, time: number, unit: Unit): number {
  return unit === "steps" ? learningRateAt(schedule, time, 12345) : learningRateAt(schedule, 12345, time);
}

function nameOf({ function: name, options, length }: Timed): string {
  return `${name} ${JSON.stringify({ ...options, length })}`;
}

/** Relative. PyTorch computes some rates from the one before, and so adds up rounding errors. */
const TOLERANCE = 1e-12;

describe(`the schedules of PyTorch ${versions.torch}`, () => {
  it.each([...timed, ...warmups].map((example) => [nameOf(example), example] as const))(
    "give its rates over the whole length: %s",
    (_, example) => {
      const largest = Math.max(...example.rates);
      for (const unit of UNITS) {
        const schedule = scheduleOf(example, unit);
        for (const [time, rate] of example.rates.entries()) {
          const distance = Math.abs(rateAfter(schedule, time, unit) - rate);
          // PyTorch's rounding errors may remain where the rate is 0.
          expect(distance).toBeLessThanOrEqual(TOLERANCE * Math.max(rate, 1e-6 * largest));
        }
      }
    },
  );

  it.each(plateaus.map((example) => [JSON.stringify(example.options), example.direction, example] as const))(
    "are reduced on a plateau when its are: %s, %s",
    (_, direction, { options, values, rates }) => {
      const schedule = reduceOnPlateau(options as { learningRate: number }) as ReduceOnPlateau;
      let state = initialPlateau(schedule);
      const actual = [state.learningRate];
      for (const value of values) {
        state = plateauAfter(schedule, direction, state, value ?? Number.NaN);
        actual.push(state.learningRate);
      }
      expect(actual).toEqual(rates);
    },
  );
});

const EXAMPLES: readonly (readonly [Schedule, end: number])[] = [
  [constantRate({ learningRate: 0.1, factor: 0.5, steps: 5 }), 5],
  [multiStepDecay({ learningRate: 0.1, steps: [3, 9] }), 9],
  [polynomialDecay({ learningRate: 0.1, minLearningRate: 0.01, power: 1.5, steps: 20 }), 20],
  [cosineDecay({ learningRate: 0.1, minLearningRate: 0.01, steps: 20 }), 20],
  [oneCycle({ learningRate: 0.1, steps: 20 }), 19],
  [warmup(cosineDecay({ learningRate: 0.1, steps: 20 }), { steps: 10 }), 30],
];

describe("a schedule", () => {
  it.each(EXAMPLES.map(([schedule, end]) => [schedule.kind, schedule, end] as const))(
    "keeps its last rate after its end: %s",
    (_, schedule, end) => {
      const last = learningRateAt(schedule, end);
      expect(learningRateAt(schedule, end - 1)).not.toBe(last);
      for (const step of [end + 1, end + 7, 10 * end, 1e9]) expect(learningRateAt(schedule, step)).toBe(last);
    },
  );

  it.each([
    ...EXAMPLES.map(([schedule]) => schedule),
    stepDecay({ learningRate: 0.1, epochs: 3 }),
    exponentialDecay({ learningRate: 0.1, gamma: 0.9, steps: 10 }),
    cosineRestarts({ learningRate: 0.1, epochs: 10, multiplier: 2 }),
    reduceOnPlateau({ learningRate: 0.1 }),
    warmup(reduceOnPlateau({ learningRate: 0.1 }), { epochs: 3 }),
    warmup(0.1, { epochs: 3 }),
  ])("is plain frozen data, and the same after JSON: $kind", (schedule) => {
    expect(Object.isFrozen(schedule)).toBe(true);
    const loaded = checkLearningRate("learningRate", JSON.parse(JSON.stringify(schedule)));
    expect(loaded).toEqual(schedule);
    expect(Object.isFrozen(loaded)).toBe(true);
    for (let time = 0; time < 40; time++)
      expect(learningRateAt(loaded, time, time)).toBe(learningRateAt(schedule, time, time));
  });

  it("may be a number or a function of step and epoch", () => {
    expect(learningRateAt(0.25, 7, 3)).toBe(0.25);
    expect(learningRateAt((step, epoch) => step + epoch / 8, 7, 3)).toBe(7.375);
    const rising = warmup((step) => step / 8, { steps: 2, startFactor: 0.5 });
    expect([0, 1, 2, 3, 4].map((step) => learningRateAt(rising, step))).toEqual([0, 0, 0, 0.125, 0.25]);
  });

  it("decays by the factor gamma in each period, with a rate for each step within", () => {
    const schedule = exponentialDecay({ learningRate: 1, gamma: 0.25, steps: 2 });
    for (const [step, rate] of [1, 0.5, 0.25, 0.125].entries())
      expect(learningRateAt(schedule, step)).toBeCloseTo(rate, 14);
  });

  it("has a peak also if it is the first step", () => {
    const schedule = oneCycle({ learningRate: 1, steps: 10, pctStart: 0.1 });
    expect(learningRateAt(schedule, 0)).toBe(1);
    expect(learningRateAt(schedule, 9)).toBeCloseTo(1 / 25e4, 15);
  });

  it("ends at a rate of exactly 0", () => {
    expect(learningRateAt(cosineDecay({ learningRate: 0.1, steps: 10 }), 10)).toBe(0);
    expect(learningRateAt(polynomialDecay({ learningRate: 0.1, steps: 10, power: 0.3 }), 10)).toBe(0);
  });
});

describe("a schedule is refused", () => {
  const cosine = (options: object) => () =>
    cosineDecay({ learningRate: 0.1, steps: 10, ...options } as never);

  it.each<[string, () => unknown, string]>([
    [
      "without a length",
      cosine({ steps: undefined }),
      "cosineDecay has steps undefined and epochs undefined; expected either steps or epochs.",
    ],
    [
      "with two lengths",
      cosine({ epochs: 3 }),
      "cosineDecay has steps 10 and epochs 3; expected either steps or epochs.",
    ],
    ["of length 0", cosine({ steps: 0 }), "steps is 0; expected a positive integer below 2^32."],
    [
      "without a rate",
      cosine({ learningRate: undefined }),
      "learningRate is undefined; expected a finite number of 0 or more.",
    ],
    [
      "with a negative minimum",
      cosine({ minLearningRate: -1 }),
      "minLearningRate is -1; expected a finite number of 0 or more.",
    ],
    [
      "with another option",
      cosine({ tMax: 3 }),
      'cosineDecay has no option "tMax"; expected "learningRate", "minLearningRate", "steps", "epochs".',
    ],
    [
      "of no options",
      () => cosineDecay(undefined as never),
      "cosineDecay is given undefined; expected an object",
    ],
    [
      "with a factor for no time",
      () => constantRate({ learningRate: 1, factor: 0.5 }),
      "factor is 0.5, but there are no steps or epochs for which it is used; expected either steps or epochs.",
    ],
    [
      "with a milestone that is none",
      () => multiStepDecay({ learningRate: 1, steps: [3, 0.5] }),
      "steps[1] is 0.5; expected a positive integer below 2^32.",
    ],
    [
      "with gamma 0",
      () => exponentialDecay({ learningRate: 1, gamma: 0, epochs: 1 }),
      "gamma is 0; expected a finite number above 0.",
    ],
    [
      "with another strategy",
      () => oneCycle({ learningRate: 1, steps: 9, annealStrategy: "cosine" as never }),
      'annealStrategy is "cosine"; expected one of "cos", "linear".',
    ],
    [
      "if a warm-up counts otherwise",
      () => warmup(cosineDecay({ learningRate: 1, epochs: 9 }), { steps: 3 }),
      "after is a schedule of epochs, but the warm-up is one of steps; expected both in one unit.",
    ],
    [
      "if a warm-up rises from more than 1",
      () => warmup(1, { steps: 3, startFactor: 1.5 }),
      "startFactor is 1.5; expected a number from 0 to 1.",
    ],
    [
      "after two warm-ups",
      () => warmup(warmup(1, { steps: 3 }) as never, { steps: 3 }),
      'after.kind is "warmup"; expected one of "constant",',
    ],
    [
      "after text",
      () => warmup("1" as never, { steps: 3 }),
      'after is "1"; expected a finite number of 0 or more.',
    ],
    [
      "if it is reduced by a factor of 1",
      () => reduceOnPlateau({ learningRate: 1, factor: 1 }),
      "factor is 1; expected a number from 0 to below 1.",
    ],
    [
      "of another kind",
      () => learningRateAt({ kind: "cos" } as never, 0),
      'learningRate.kind is "cos"; expected one of',
    ],
    [
      "of null",
      () => learningRateAt(null as never, 0),
      "learningRate is null; expected a finite number of 0 or more.",
    ],
    ["at half a step", () => learningRateAt(1, 0.5), "step is 0.5; expected an integer from 0 to"],
    [
      "if a function returns no rate",
      () => learningRateAt(() => Number.NaN, 3, 1),
      "learningRate is NaN after 3 steps and 1 epochs; expected a finite number of 0 or more.",
    ],
    [
      "if it grows without bound",
      () => learningRateAt(exponentialDecay({ learningRate: 1, gamma: 10, steps: 1 }), 400),
      "learningRate is Infinity after 400 steps and 0 epochs; expected",
    ],
  ])("%s", (_, work, message) => {
    expect(errorOf(work).message).toContain(message);
  });

  it("as a copy of itself that was changed", () => {
    const cyclic: Record<string, unknown> & { after?: unknown } = {
      kind: "warmup",
      startFactor: 0.5,
      steps: 3,
    };
    cyclic.after = cyclic;
    expect(errorOf(() => checkLearningRate("optimizer.learningRate", cyclic)).message).toMatch(
      /^optimizer\.learningRate\.after\.kind is "warmup"/,
    );
    const changed = { ...cosineDecay({ learningRate: 1e-50, steps: 3 }) };
    expect(checkLearningRate("optimizer.learningRate", changed, "float64")).toEqual(changed);
    expect(errorOf(() => checkLearningRate("optimizer.learningRate", changed, "float32")).message).toBe(
      "optimizer.learningRate.learningRate is 1e-50, which is too small for float32; expected a finite number of 0 or more.",
    );
  });
});
