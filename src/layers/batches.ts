// The batches that layers refuse to be trained on.

import { BackpropError } from "../errors.js";
import type { Layer } from "./layers.js";
import { definitionOf } from "./stack.js";

/**
 * If a layer needs at least two rows, requires that no batch has one. `item`: the name of the rows in messages, if they
 * are an item of a stream.
 *
 * @throws BackpropError `invalidShape` for a single row of data, `invalidOption` for a batchSize that leaves a batch of
 *   one row.
 */
export function requireBatches(
  layers: readonly Layer[],
  rows: number,
  batchSize: number,
  item?: string,
): void {
  const index = layers.findIndex((layer) => definitionOf(layer).needsWholeBatch);
  if (index < 0 || !leavesOneRow(rows, batchSize)) return;
  const why = `layers[${index}] is a ${layers[index]!.kind}, which needs at least 2 rows in each batch of training`;
  if (rows === 1)
    throw new BackpropError("invalidShape", `${item ? `${item}.inputs` : "inputs"} has one row, but ${why}.`);
  let better = batchSize + 1;
  while (leavesOneRow(rows, better)) better++;
  const last =
    batchSize === 1
      ? "is 1"
      : `is ${batchSize}, which leaves a last batch of one of ${rows} rows${item ? ` of ${item}` : ""}`;
  throw new BackpropError(
    "invalidOption",
    `batchSize ${last}, but ${why}. Use a batchSize such as ${better}.`,
  );
}

function leavesOneRow(rows: number, batchSize: number): boolean {
  return rows === 1 || batchSize === 1 || rows % batchSize === 1;
}
