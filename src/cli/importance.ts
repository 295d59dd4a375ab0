// Permutation importance: how much worse a model is if the values of one column are in other rows. Breiman, "Random
// Forests", 2001, section 10.

import { numpyRandom } from "../index.js";
import type { Table, TableModel } from "../table.js";

export interface Importance {
  readonly column: string;
  /** By how much the accuracy, or R², falls. The mean of three permutations. */
  readonly drop: number;
}

const PERMUTATIONS = 3;

/** More cells than these take more than about half a second. */
const MAX_CELLS = 10_000;
const MIN_ROWS = 100;

/** For each column that the model uses, the most important first. `table`: rows with a target. */
export function permutationImportance(model: TableModel, table: Table): Importance[] {
  const rows = firstRows(table, Math.max(MIN_ROWS, Math.floor(MAX_CELLS / table.columns.length)));
  const columns = Object.fromEntries(rows.columns.map(({ name, values }) => [name, values]));
  const orders = permutations(rows.rows);
  const base = scoreOf(model, columns);
  const importances = model.preprocessor.features.map(({ name: column }) => {
    const values = columns[column]!;
    const scores = orders.map((order) =>
      scoreOf(model, { ...columns, [column]: Array.from(order, (row) => values[row]!) }),
    );
    return { column, drop: base - scores.reduce((sum, score) => sum + score) / scores.length };
  });
  return importances.sort((a, b) => b.drop - a.drop);
}

function firstRows(table: Table, count: number): Table {
  return table.rows > count ? table.select(Array.from({ length: count }, (_, i) => i)) : table;
}

type Columns = Readonly<Record<string, ArrayLike<string | number>>>;

function scoreOf(model: TableModel, columns: Columns): number {
  const evaluation = model.evaluate(columns);
  return "accuracy" in evaluation ? evaluation.accuracy : evaluation.r2;
}

/** Orders of rows, the same ones for each call. Fisher and Yates. */
function permutations(rows: number): Uint32Array[] {
  const random = numpyRandom(0);
  return Array.from({ length: PERMUTATIONS }, () => {
    const draws = new Float64Array(rows);
    random.fillUniform(draws, 0, 1);
    const order = Uint32Array.from(draws, (_, i) => i);
    for (let i = rows - 1; i > 0; i--) {
      const j = Math.floor(draws[i]! * (i + 1));
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    return order;
  });
}
