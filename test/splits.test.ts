import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { balancedClassWeights, kFold, oneHot, splitRows, stratifiedFolds, Tensor } from "../src/index.js";
import { errorOf } from "./support/errorOf.js";

interface Split {
  readonly seed: number;
  readonly rows: number;
  readonly validation: number;
  readonly targets?: number[];
  readonly parts: [number[], number[]];
}

interface Folds {
  readonly seed: number;
  readonly folds: number;
  readonly rows: number;
  readonly targets: number[];
  readonly parts: number[][];
}

interface Reference {
  readonly versions: Record<string, string>;
  readonly splits: Split[];
  readonly kFolds: Folds[];
  readonly stratified: Folds[];
  readonly classWeights: { targets: number[]; weights: Record<string, number> }[];
}

const reference = JSON.parse(
  readFileSync(new URL("reference/splits.json", import.meta.url), "utf8"),
) as Reference;

const NAME = `scikit-learn ${reference.versions["scikit-learn"]}`;

function rangeOf(rows: number): number[] {
  return Array.from({ length: rows }, (_, row) => row);
}

/** Labels of any numbers as one-hot rows. */
function oneHotOf(labels: readonly number[]): number[][] {
  const classes = [...new Set(labels)].sort((a, b) => a - b);
  return labels.map((label) => classes.map((other) => Number(other === label)));
}

describe(`splitRows takes the rows of ${NAME}`, () => {
  it.each(
    reference.splits.map((split) => {
      const { rows, validation, seed, targets } = split;
      const name = `${rows} rows, ${validation}, seed ${seed}${targets ? `, ${new Set(targets).size} classes` : ""}`;
      return [name, split] as const;
    }),
  )("%s", (_, { seed, rows, validation, targets, parts }) => {
    const options = { validation, seed, stratify: targets !== undefined };
    const split = splitRows(rangeOf(rows), targets ?? rangeOf(rows), options);
    expect([[...split.training.rows], [...split.validation.rows]]).toEqual(parts);
    expect([[...split.training.inputs.data], [...split.validation.inputs.data]]).toEqual(parts);
    if (!targets) return;
    expect([...split.validation.targets.data]).toEqual(parts[1].map((row) => targets[row]));
    const fromRows = splitRows(rangeOf(rows), oneHotOf(targets), options);
    expect(fromRows.training.rows).toEqual(split.training.rows);
  });
});

describe("splitRows", () => {
  it("copies rows with their shape and type", () => {
    const inputs = Array.from({ length: 10 }, (_, row) => [row, -row]);
    const targets = Float32Array.from(inputs, ([x]) => x! / 2);
    const { training, validation } = splitRows(inputs, targets, { seed: 5 });
    expect(training.inputs.shape).toEqual([8, 2]);
    expect(validation.inputs.toArray()).toEqual([...validation.rows].map((row) => [row, -row]));
    expect(validation.inputs.data).toBeInstanceOf(Float64Array);
    expect(validation.targets).toEqual(
      new Tensor(
        [2],
        Float32Array.from(validation.rows, (row) => row / 2),
      ),
    );
  });

  it.each<[unknown, unknown, unknown, RegExp]>([
    [[1], [1], {}, /^validation is 0\.2 of 1 row, which leaves none to train on/],
    [[1, 2], [1], {}, /^inputs has 2 rows and targets has 1; expected equal/],
    [[1, 2], [1, 2], { validation: 1 }, /^validation is 1; expected a number above 0 and below 1/],
    [[1, 2], [1, 2], { seed: -1 }, /^seed is -1; expected an integer/],
    [[1, 2], [1, 2], { test: 1 }, /^splitRows has no option "test"/],
    [[1, 2, 3, 4], [0, 0, 0, 1], { stratify: true }, /a class has only 1 row; expected at least 2/],
    [[1, 2, 3, 4], [0, 0, 1, 1], { stratify: true, validation: 0.1 }, /a part would have only 1 rows/],
    [
      [1, 2],
      [
        [0, 1],
        [0.5, 0.5],
      ],
      { stratify: true },
      /^targets\[1\] is not a class; expected a label, or a row/,
    ],
    [
      [1, 2],
      [
        [0, 1],
        [1, 1],
      ],
      { stratify: true },
      /^targets\[1\] is not a class/,
    ],
    [
      [1, 2],
      [
        [0, 1],
        [0, 0],
      ],
      { stratify: true },
      /^targets\[1\] is not a class/,
    ],
    [[[1], [2, 3]], [1, 2], {}, /^inputs\[1\] has 2 numbers where the rows before it have 1/],
    [[[[1]], [[2]]], [1, 2], {}, /^inputs has shape \[2, 1, 1\]; expected rows of numbers/],
  ])("refuses %j, %j, %j", (inputs, targets, options, message) => {
    expect(errorOf(() => splitRows(inputs as never, targets as never, options as never)).message).toMatch(
      message,
    );
  });
});

describe(`folds are those of ${NAME}`, () => {
  it.each(reference.kFolds)("$folds of $rows rows, seed $seed", ({ seed, rows, folds, parts }) => {
    const made = [...kFold(rows, { folds, seed })];
    expect(made.map(({ validation }) => [...validation])).toEqual(parts);
    for (const { training, validation } of made) {
      expect([...training, ...validation].sort((a, b) => a - b)).toEqual(rangeOf(rows));
      expect(training).toEqual(training.toSorted());
    }
  });

  it.each(
    reference.stratified.map(
      (folds) => [folds.folds, new Set(folds.targets).size, folds.seed, folds] as const,
    ),
  )("%d of %d classes, seed %d", (folds, _, seed, { targets, parts }) => {
    const validationOf = (rows: Parameters<typeof stratifiedFolds>[0]) =>
      [...stratifiedFolds(rows, { folds, seed })].map(({ validation }) => [...validation]);
    expect(validationOf(targets)).toEqual(parts);
    expect(validationOf(oneHotOf(targets))).toEqual(parts);
  });

  it("are 5 of seed 0 by default", () => {
    expect([...kFold(20)]).toEqual([...kFold(20, { folds: 5, seed: 0 })]);
  });

  it("are refused, before the first one, if there are too few rows", () => {
    expect(errorOf(() => kFold(4)).message).toBe(
      "rows is 4; expected an integer of at least folds, which is 5.",
    );
    expect(errorOf(() => kFold(4, { folds: 1 })).message).toBe(
      "folds is 1; expected an integer of 2 or more.",
    );
    expect(errorOf(() => stratifiedFolds([0, 0, 1], { folds: 3 })).message).toBe(
      "folds is 3, but no class has more than 2 rows; expected fewer folds.",
    );
  });
});

describe("balancedClassWeights", () => {
  it.each(reference.classWeights.map((example) => [example.targets.length, example] as const))(
    `has the weights of ${NAME} for %d rows`,
    (_, { targets, weights }) => {
      const expected = rangeOf(Math.max(...targets) + 1).map((label) => weights[label] ?? 0);
      for (const [label, weight] of balancedClassWeights(targets).entries()) {
        expect(weight).toBeCloseTo(expected[label]!, 13);
      }
    },
  );

  it("takes one-hot rows, and has one for each class", () => {
    expect(
      balancedClassWeights([
        [0, 1, 0],
        [0, 1, 0],
        [1, 0, 0],
        [0, 1, 0],
      ]),
    ).toEqual([2, 4 / 6, 0]);
    expect(balancedClassWeights([1, 1, 0], 3)).toEqual([1.5, 0.75, 0]);
  });
});

describe("oneHot", () => {
  it("has a 1 in the column of the label", () => {
    const rows = oneHot([2, 0]);
    expect(rows.toArray()).toEqual([
      [0, 0, 1],
      [1, 0, 0],
    ]);
    expect(rows.data).toBeInstanceOf(Float32Array);
    expect(oneHot([0], 2).toArray()).toEqual([[1, 0]]);
  });

  it.each<[unknown, number | undefined, string, RegExp]>([
    [[0, 1.5], undefined, "invalidLabel", /^labels\[1\] is 1\.5; expected an integer label/],
    [[-1], undefined, "invalidLabel", /^labels\[0\] is -1/],
    [[2], 2, "invalidLabel", /^labels\[0\] is 2; expected an integer label from 0 to 1\.$/],
    [[2], 0, "invalidOption", /^classes is 0; expected an integer from 1 to 1048576/],
    [[[1, 0]], undefined, "invalidShape", /^labels has rows of 2 numbers; expected 1 a row/],
    [["a"], undefined, "invalidData", /^labels\[0\] is "a"/],
  ])("refuses %j of %j classes", (labels, classes, code, message) => {
    const error = errorOf(() => oneHot(labels as never, classes));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });
});

it("divides as many classes as rows in little time", () => {
  const classes = Array.from({ length: 40_000 }, (_, row) => row >> 1);
  const [fold] = stratifiedFolds(classes, { folds: 2 });
  expect(fold!.validation.length).toBe(20_000);
  expect(splitRows(classes, classes, { validation: 0.5, stratify: true }).validation.rows.length).toBe(
    20_000,
  );
});
