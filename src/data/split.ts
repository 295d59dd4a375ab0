import { BackpropError } from "../errors.js";
import { type NumpyRandom, numpyRandom } from "../random/numpyRandom.js";
import { type OptionsOf, ofType, readOptions, requireBetween } from "../validation.js";
import { type Fold, requireSeed, rowsByClass } from "./folds.js";
import { classesOf } from "./labels.js";
import { readRows, requireEqualRows, selectRows } from "./matrix.js";
import type { Rows } from "./rows.js";
import type { Tensor } from "./tensor.js";

export interface SplitOptions {
  /** The share of rows for validation, above 0 and below 1; default 0.2. The number of rows is rounded up. */
  readonly validation?: number;
  /** Chooses the rows; an integer from 0 to 2³² − 1, default 0. */
  readonly seed?: number;
  /** Whether both parts have about the same share of each class; default false. Targets must be labels or one-hot. */
  readonly stratify?: boolean;
}

/** Some of the rows that were given to `splitRows`. */
export interface RowSubset {
  readonly inputs: Tensor;
  readonly targets: Tensor;
  /** The numbers of these rows in the given data. */
  readonly rows: Uint32Array;
}

export interface RowSplit {
  readonly training: RowSubset;
  readonly validation: RowSubset;
}

const OPTIONS: OptionsOf<SplitOptions> = {
  validation: { check: requireBetween, default: 0.2 },
  seed: { check: requireSeed, default: 0 },
  stratify: { check: ofType("boolean"), default: false },
};

/**
 * Divides rows at random into rows to train on and rows to validate on, in random order. Copies the rows. Targets of
 * shape [rows] keep this shape. The rows are those of scikit-learn's `train_test_split(inputs, targets,
 * test_size=validation, random_state=seed)`, with `stratify=targets` if asked for.
 *
 * @throws BackpropError `invalidOption` if a part would have no rows, or no row of some class that is stratified;
 *   `invalidShape`, `invalidData`, `invalidLabel`.
 */
export function splitRows(inputs: Rows, targets: Rows, options: SplitOptions = {}): RowSplit {
  const { validation, seed, stratify } = readOptions("splitRows", options, OPTIONS) as Required<SplitOptions>;
  const inputRows = readRows("inputs", inputs);
  const targetRows = readRows("targets", targets);
  requireEqualRows("inputs", inputRows, "targets", targetRows.rows);
  const { rows } = inputRows;
  const validationRows = Math.ceil(validation * rows);
  if (validationRows === rows) throw notDivisible(validation, rows);
  const random = numpyRandom(seed);
  const fold = stratify
    ? splitClasses(classesOf(targetRows), validationRows, random)
    : splitAt(random.permutation(rows), validationRows);
  const subset = (order: Uint32Array): RowSubset => ({
    inputs: selectRows(inputRows, order),
    targets: selectRows(targetRows, order),
    rows: order,
  });
  return { training: subset(fold.training), validation: subset(fold.validation) };
}

function notDivisible(validation: number, rows: number): BackpropError {
  return new BackpropError(
    "invalidOption",
    `validation is ${validation} of ${rows} ${rows === 1 ? "row" : "rows"}, which leaves none to train on; expected a ` +
      "smaller share, or more rows.",
  );
}

function splitAt(order: Uint32Array, validationRows: number): Fold {
  return { training: order.slice(validationRows), validation: order.slice(0, validationRows) };
}

/** As scikit-learn's StratifiedShuffleSplit, with its order of draws. */
function splitClasses(classes: Uint32Array, validationRows: number, random: NumpyRandom): Fold {
  const rowsOf = rowsByClass(classes);
  const counts = rowsOf.map(({ length }) => length);
  const trainingRows = classes.length - validationRows;
  requireEnough(counts, Math.min(trainingRows, validationRows));
  const trainingCounts = allot(counts, trainingRows, random);
  const validationCounts = allot(
    counts.map((count, i) => count - trainingCounts[i]!),
    validationRows,
    random,
  );
  const training: number[] = [];
  const validation: number[] = [];
  for (const [classNumber, rows] of rowsOf.entries()) {
    const order = random.permutation(rows.length);
    const end = trainingCounts[classNumber]!;
    for (const i of order.subarray(0, end)) training.push(rows[i]!);
    for (const i of order.subarray(end, end + validationCounts[classNumber]!)) validation.push(rows[i]!);
  }
  random.shuffle(training);
  random.shuffle(validation);
  return { training: Uint32Array.from(training), validation: Uint32Array.from(validation) };
}

/** Each part must have room for a row of each class, and each class must have a row for each part. */
function requireEnough(counts: readonly number[], rows: number): void {
  const smallest = counts.reduce((min, count) => Math.min(min, count));
  if (smallest >= 2 && rows >= counts.length) return;
  const what = smallest < 2 ? `a class has only ${smallest} row` : `a part would have only ${rows} rows`;
  throw new BackpropError(
    "invalidOption",
    `stratify is true for ${counts.length} classes, but ${what}; expected at least 2 rows of each class, and at least as ` +
      "many rows in each part as classes. Are the targets labels?",
  );
}

/**
 * `total` divided in proportion to `counts`, in whole numbers. The largest remainders are rounded up; ties are broken
 * at random.
 */
function allot(counts: readonly number[], total: number, random: NumpyRandom): number[] {
  const sum = counts.reduce((a, b) => a + b);
  const shares = counts.map((count) => (count / sum) * total);
  const allotted = shares.map(Math.floor);
  const remainders = shares.map((share, i) => share - allotted[i]!);
  let missing = total - allotted.reduce((a, b) => a + b);
  for (const value of [...new Set(remainders)].sort((a, b) => b - a)) {
    if (missing === 0) break;
    const equal = [...remainders.keys()].filter((i) => remainders[i] === value);
    const chosen = random.permutation(equal.length).subarray(0, missing);
    for (const i of chosen) allotted[equal[i]!]!++;
    missing -= chosen.length;
  }
  return allotted;
}
