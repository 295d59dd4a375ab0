// Embeddings, as PyTorch's nn.Embedding. An input column of category numbers is replaced by a row of a learned table:
//
//     outputs = the other columns in their order, then for each replaced column: table[category], `units` columns
//     dTable[category] = Σ dOutputs over the rows of that category, in their order
//
// Y. Bengio, R. Ducharme, P. Vincent and C. Jauvin, "A Neural Probabilistic Language Model",
// JMLR 3 (2003).

import { EmbeddingColumn, LayerDescription, MAX_COLUMNS } from "../abi/description";
import { Status } from "../abi/status";
import { copy } from "../kernels/memory";
import { partBegin } from "../kernels/parts";
import { productOf, sumOf } from "../kernels/place";
import { checkNoPenalties } from "./penalty";
import { Layer, Pass, Tensors } from "./tensors";

/** Element `index` of a list of EmbeddingColumns. */
@inline
function columnAt(columns: usize, index: usize): EmbeddingColumn {
  return changetype<EmbeddingColumn>(columns + index * offsetof<EmbeddingColumn>());
}

/** See checkLayer(). checks/description.ts has checked that the columns are in memory. */
export function checkEmbedding(description: LayerDescription, inputs: u32): Status {
  const isReserved = description.activation || description.useBias || description.parameter != 0;
  if (isReserved) return Status.ReservedNotZero;
  const count = description.columnCount, columns = description.columns;
  if (count == 0 || count > MAX_COLUMNS || count > inputs) return Status.InvalidColumns;
  let units: u64 = inputs - count;
  for (let i: u32 = 0; i < count; ++i) {
    const column = columnAt(columns, i);
    if (column.column >= inputs || isReplaced(columns, i, column.column)) return Status.InvalidColumns;
    if (column.categories == 0 || column.units == 0) return Status.InvalidColumns;
    units += column.units;
  }
  return units == description.units ? checkNoPenalties(description) : Status.InvalidUnits;
}

/** Whether `column` is one of the first `count` columns of the list. */
function isReplaced(columns: usize, count: usize, column: usize): bool {
  for (let i: usize = 0; i < count; ++i) if (columnAt(columns, i).column == column) return true;
  return false;
}

/** How many parameters: tables [categories, units], one after the other. */
export function embeddingParameterCount(description: LayerDescription): u64 {
  let count: u64 = 0;
  for (let i: u32 = 0; i < description.columnCount; ++i) {
    const column = columnAt(description.columns, i);
    count = sumOf(count, productOf(column.categories, column.units));
  }
  return count;
}

/** Copies the list of columns to the network's region. */
export function copyColumnList(layer: Layer, description: LayerDescription): void {
  layer.columnCount = description.columnCount;
  const bytes = layer.columnCount * offsetof<EmbeddingColumn>();
  for (let at: usize = 0; at < bytes; at += 4) store<u32>(layer.columns + at, load<u32>(description.columns + at));
}

/** Whether all categories of a row of samples exist. `row`: its address. */
export function hasCategories<T>(layer: Layer, row: usize): bool {
  for (let i: usize = 0; i < layer.columnCount; ++i) {
    const column = columnAt(layer.columns, i);
    const x = load<T>(row + column.column * sizeof<T>());
    if (!(x >= 0 && x < <T>column.categories && floor<T>(x) == x)) return false;
  }
  return true;
}

/**
 * x [inputs, stride] → outputs [units, stride], for columns `begin` … `end` − 1. Embedded units are written only up to
 * the last row of the microbatch.
 */
export function embeddingForward<T>(layer: Layer, tensors: Tensors, pass: Pass, begin: usize, end: usize): void {
  const first = begin * sizeof<T>(), step = pass.stride * sizeof<T>();
  const x = tensors.x + first;
  let out = tensors.outputs + first;
  for (let i: usize = 0; i < layer.inputs; ++i) {
    if (isReplaced(layer.columns, layer.columnCount, i)) continue;
    copy(out, x + i * step, (end - begin) * sizeof<T>());
    out += step;
  }
  const rows = min(end, pass.rows) - begin;
  let table = layer.parameters;
  for (let i: usize = 0; i < layer.columnCount; ++i) {
    const column = columnAt(layer.columns, i);
    const row = column.units * sizeof<T>();
    for (let at: usize = 0; at < rows * sizeof<T>(); at += sizeof<T>()) {
      let from = table + categoryAt<T>(x + column.column * step + at) * row, to = out + at;
      for (const last = from + row; from < last; from += sizeof<T>(), to += step) store<T>(to, load<T>(from));
    }
    out += column.units * step;
    table += column.categories * row;
  }
}

/** The category that is stored as a T at address `x`. */
@inline
function categoryAt<T>(x: usize): usize {
  return <usize><u32>load<T>(x);
}

/** Each thread's part of a table has a multiple of this many categories. */
const PART_CATEGORIES: usize = 16;

/** Part `index` of `count` of the gradients of the tables: the rows of some categories. */
export function embeddingGradients<T>(layer: Layer, tensors: Tensors, pass: Pass, index: usize, count: usize): void {
  const step = pass.stride * sizeof<T>();
  let d = tensors.dOutputs + (layer.inputs - layer.columnCount) * step;
  let table = layer.gradients;
  for (let i: usize = 0; i < layer.columnCount; ++i) {
    const column = columnAt(layer.columns, i);
    const row = column.units * sizeof<T>();
    const begin = partBegin(column.categories, PART_CATEGORIES, index, count);
    const end = partBegin(column.categories, PART_CATEGORIES, index + 1, count);
    if (!pass.accumulates) {
      for (let at = table + begin * row; at < table + end * row; at += sizeof<T>()) store<T>(at, 0);
    }
    for (let at: usize = 0; at < pass.rows * sizeof<T>(); at += sizeof<T>()) {
      const category = categoryAt<T>(tensors.x + column.column * step + at);
      if (category < begin || category >= end) continue;
      let to = table + category * row, from = d + at;
      for (const last = to + row; to < last; to += sizeof<T>(), from += step) store<T>(to, load<T>(to) + load<T>(from));
    }
    d += column.units * step;
    table += column.categories * row;
  }
}
