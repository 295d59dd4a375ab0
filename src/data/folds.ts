// Divisions of rows into training and validation, with the random numbers of scikit-learn.

import { allocate } from "../dtype.js";
import { BackpropError } from "../errors.js";
import { numpyRandom } from "../random/numpyRandom.js";
import { integerWithin, type OptionsOf, readOptions } from "../validation.js";
import { classesOf } from "./labels.js";
import { readRows } from "./matrix.js";
import type { Rows } from "./rows.js";

/** The numbers of the training rows and of the validation rows. */
export interface Fold {
  readonly training: Uint32Array;
  readonly validation: Uint32Array;
}

export interface FoldOptions {
  /** Into how many parts the rows are divided; at least 2, default 5. */
  readonly folds?: number;
  /** Chooses the division; an integer from 0 to 2³² − 1, default 0. */
  readonly seed?: number;
}

const MAX_SEED = 2 ** 32 - 1;
const MAX_ROWS = 2 ** 32 - 1;

export const requireSeed = integerWithin(0, MAX_SEED);

export const FOLD_OPTIONS: OptionsOf<FoldOptions> = {
  folds: { check: integerWithin(2, MAX_ROWS, "an integer of 2 or more"), default: 5 },
  seed: { check: requireSeed, default: 0 },
};

/**
 * Divides `rows` rows at random into parts of equal size (some have one row more). Each fold validates on one part, and
 * trains on the others. The row numbers are in increasing order. The folds are those of scikit-learn's `KFold(folds,
 * shuffle=True, random_state=seed)`.
 *
 * @param rows at least `folds`
 * @throws BackpropError `invalidOption`.
 */
export function kFold(rows: number, options: FoldOptions = {}): Generator<Fold, void> {
  const { folds, seed } = readOptions("kFold", options, FOLD_OPTIONS) as Required<FoldOptions>;
  integerWithin(folds, MAX_ROWS, `an integer of at least folds, which is ${folds}`)("rows", rows);
  const order = numpyRandom(seed).permutation(rows);
  const foldOf = allocate("uint32", rows);
  for (let fold = 0, begin = 0; fold < folds; fold++) {
    const end = begin + Math.floor(rows / folds) + (fold < rows % folds ? 1 : 0);
    for (const row of order.subarray(begin, end)) foldOf[row] = fold;
    begin = end;
  }
  return foldsOf(foldOf, folds);
}

/**
 * As `kFold`, but each part has about the same share of each class. A class with fewer rows than folds is missing in
 * some parts. The folds are those of scikit-learn's `StratifiedKFold(folds, shuffle=True, random_state=seed)`.
 *
 * @param targets labels [rows], or one-hot rows [rows, classes]
 * @throws BackpropError `invalidOption`, for example if every class has fewer rows than folds; `invalidShape`,
 *   `invalidData`, `invalidLabel`.
 */
export function stratifiedFolds(targets: Rows, options: FoldOptions = {}): Generator<Fold, void> {
  const { folds, seed } = readOptions("stratifiedFolds", options, FOLD_OPTIONS) as Required<FoldOptions>;
  return stratify(classesOf(readRows("targets", targets)), folds, seed);
}

/** `classes`: [rows], numbered from 0 without gaps. */
export function stratify(classes: Uint32Array, folds: number, seed: number): Generator<Fold, void> {
  const rowsOf = rowsByClass(classes);
  const largest = rowsOf.reduce((max, { length }) => Math.max(max, length), 0);
  if (largest < folds) {
    throw new BackpropError(
      "invalidOption",
      `folds is ${folds}, but no class has more than ${largest} rows; expected fewer folds.`,
    );
  }
  const random = numpyRandom(seed);
  const foldOf = new Uint32Array(classes.length);
  let begin = 0;
  for (const classNumber of new Set(classes)) {
    const rows = rowsOf[classNumber]!;
    // Rows sorted by class are dealt to the folds in turn; those of this class begin at `begin`.
    const dealt = Uint32Array.from(rows, (_, i) => (begin + i) % folds).sort();
    random.shuffle(dealt);
    for (const [i, row] of rows.entries()) foldOf[row] = dealt[i]!;
    begin += rows.length;
  }
  return foldsOf(foldOf, folds);
}

/** The rows of each class. Collected at once: there may be as many classes as rows. */
export function rowsByClass(classes: Uint32Array): number[][] {
  const rows: number[][] = [];
  for (const [row, classNumber] of classes.entries()) {
    rows[classNumber] ??= [];
    rows[classNumber]!.push(row);
  }
  return rows;
}

function* foldsOf(foldOf: Uint32Array, folds: number): Generator<Fold, void> {
  const rows = Uint32Array.from(foldOf.keys());
  for (let fold = 0; fold < folds; fold++) {
    yield {
      training: rows.filter((row) => foldOf[row] !== fold),
      validation: rows.filter((row) => foldOf[row] === fold),
    };
  }
}
