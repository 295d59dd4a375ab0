import { LayerKindNumber, MAX_COLUMNS } from "../abi/structs.js";
import type { DType } from "../dtype.js";
import { BackpropError } from "../errors.js";
import { normal } from "../initializers.js";
import {
  attempt,
  integerWithin,
  type OptionsOf,
  ofType,
  readOptions,
  requireList,
  requirePositiveInteger,
} from "../validation.js";
import { encodeWithoutActivation, type LayerDefinition, roleOf } from "./definition.js";

/** A column of the input that an embedding replaces. */
export interface EmbeddingColumn {
  /** Its number, from 0. */
  readonly column: number;
  /** How many categories there are: its values are integers from 0 to categories − 1. */
  readonly categories: number;
  /** Columns that replace it: the length of the learned vector of each category. */
  readonly units: number;
}

export interface EmbeddingOptions {
  /** False: training does not change the layer, until `network.setTrainable` makes it trainable. Default true. */
  readonly trainable?: boolean;
}

/** An embedding, as `embedding` makes it. */
export interface EmbeddingLayer {
  readonly kind: "embedding";
  readonly columns: readonly EmbeddingColumn[];
  readonly trainable: boolean;
}

/**
 * Replaces columns of categories by learned vectors, as PyTorch's `nn.Embedding`. Only the first layer of a network can
 * be one. Its outputs are the other columns in their order, then the vectors of each listed column, in the order of the
 * list. Parameters: `embedding0` [categories, units] of the first listed column, `embedding1` of the second, …, drawn
 * from the standard normal distribution as PyTorch draws them. Y. Bengio, R. Ducharme, P. Vincent and C. Jauvin, "A
 * Neural Probabilistic Language Model", JMLR 3 (2003).
 *
 * `fit`, `predict` and the other methods refuse values of these columns that are not integers from 0 to categories − 1
 * with `invalidData`. A step reads and writes all rows of the tables, including the categories that the batch lacks. It
 * takes as much time and memory as a dense layer with categories · units parameters.
 *
 * @param columns 1 to 1024 columns, each once.
 * @throws BackpropError `invalidOption`.
 */
export function embedding(
  columns: readonly EmbeddingColumn[],
  options: EmbeddingOptions = {},
): EmbeddingLayer {
  const { trainable } = readOptions("embedding", options, OPTIONS);
  return Object.freeze({ ...KIND, columns: readColumns("columns", columns), trainable: trainable! });
}

const KIND = { kind: "embedding" } as const;

const OPTIONS: OptionsOf<EmbeddingOptions> = { trainable: { check: ofType("boolean"), default: true } };

const LAYER_OPTIONS: OptionsOf<Omit<EmbeddingLayer, "kind">> = {
  // readColumns() checks them, because it copies them.
  columns: { check: () => {} },
  trainable: { check: ofType("boolean") },
};

const COLUMN_OPTIONS: OptionsOf<EmbeddingColumn> = {
  column: { check: integerWithin(0, 2 ** 32 - 1) },
  categories: { check: requirePositiveInteger },
  units: { check: requirePositiveInteger },
};

/** A checked copy of the columns. */
function readColumns(argument: string, given: unknown): readonly EmbeddingColumn[] {
  return attempt("invalidOption", argument, () => {
    const expected = `an array of 1 to ${MAX_COLUMNS} columns, such as [{ column: 0, categories: 7, units: 3 }]`;
    const length = requireList(argument, given, MAX_COLUMNS, expected);
    const columns = Array.from({ length }, (_, i): EmbeddingColumn => {
      const path = `${argument}[${i}]`;
      const column: unknown = (given as readonly unknown[])[i];
      return Object.freeze(readOptions(path, column, COLUMN_OPTIONS, { prefix: `${path}.` }));
    });
    requireDifferent(argument, columns);
    return Object.freeze(columns);
  });
}

function requireDifferent(argument: string, columns: readonly EmbeddingColumn[]): void {
  columns.forEach(({ column }, i) => {
    const first = columns.findIndex((each) => each.column === column);
    if (first === i) return;
    throw new BackpropError(
      "invalidOption",
      `${argument}[${i}].column is ${column}, as ${argument}[${first}].column; expected each column at most once.`,
    );
  });
}

function check(layer: unknown, path: string, dtype: DType): EmbeddingLayer {
  const reading = { prefix: `${path}.`, dtype, known: KIND, isComplete: true };
  const read = readOptions(path, layer, LAYER_OPTIONS, reading);
  const columns = readColumns(`${path}.columns`, read.columns);
  if (dtype === "float32") columns.forEach(requireRepresentable(path));
  return Object.freeze({ ...read, columns });
}

/** A float32 holds all integers up to 2^24. */
function requireRepresentable(path: string): (column: EmbeddingColumn, index: number) => void {
  return ({ categories }, i) => integerWithin(1, 2 ** 24)(`${path}.columns[${i}].categories`, categories);
}

/** Requires that the embedding is the first layer, and that the input has its columns. */
function checkPlace({ columns }: EmbeddingLayer, index: number, inputs: number): void {
  const path = `layers[${index}]`;
  if (index > 0) {
    throw new BackpropError(
      "invalidOption",
      `${path} is an embedding; expected it only as the first layer, because it replaces columns of the inputs.`,
    );
  }
  columns.forEach(({ column }, i) => {
    integerWithin(0, inputs - 1)(`${path}.columns[${i}].column`, column);
  });
  const outputs = outputsOf(columns, inputs);
  if (outputs < 2 ** 32) return;
  throw new BackpropError(
    "invalidOption",
    `${path} has ${outputs} output columns; expected fewer than 2^32.`,
  );
}

/** Each listed column becomes `units` columns. */
function outputsOf(columns: readonly EmbeddingColumn[], inputs: number): number {
  return columns.reduce((sum, { units }) => sum + units - 1, inputs);
}

export const embeddingDefinition: LayerDefinition<EmbeddingLayer> = {
  kind: "embedding",
  isRandom: false,
  needsWholeBatch: false,
  parameterNames: [],
  check,
  checkPlace,
  outputs: ({ columns }, inputs) => outputsOf(columns, inputs),
  parameters: ({ columns, trainable }) =>
    columns.map(({ categories, units }, i) => ({
      name: `embedding${i}`,
      shape: Object.freeze([categories, units]),
      role: roleOf(trainable),
      decays: true,
      initializer: normal(),
      inputs: categories,
      units,
    })),
  encode: (layer, inputs) => ({
    kind: LayerKindNumber.Embedding,
    ...encodeWithoutActivation(embeddingDefinition.outputs(layer, inputs)),
    columnCount: layer.columns.length,
  }),
  summarize: ({ columns }) => `${columns.length} ${columns.length === 1 ? "column" : "columns"}`,
};
