// Looks for common causes of failing or slow training. Reads a bounded number of values, so that it costs a short fit
// little.

import type { NetworkDescription } from "../description.js";
import type { FloatArray } from "../dtype.js";
import type { TrainingWarning, WarningKind } from "../history.js";
import type { Layer } from "../layers/layers.js";
import type { Address } from "../wasm/core.js";
import { type Model, SLICE_ROWS } from "../wasm/model.js";
import type { Samples } from "../wasm/samples.js";

/** The maximum number of values read from the inputs, and from each layer's parameters and gradients. */
const MAX_READ = 4096;

/** A column of inputs counts only if at least this fraction of its values are not 0: pixels at the edge are often 0. */
const MIN_USED = 0.1;

const MAX_SCALE_RATIO = 1000;

const MAX_GRADIENT_RATIO = 1000;

/** The minimum for the root mean square of the parameters: it may be 0. */
const MIN_PARAMETER = 0.01;

const MIN_CONSTANT_EPOCHS = 10;

/** Losses that differ by less than this fraction count as equal: float32 has about seven digits. */
const CONSTANT_LOSS = 1e-6;

/** The maximum number of rows passed through the network to confirm that a layer is dead. */
const MAX_PROBED_ROWS = 8 * SLICE_ROWS;

/** The warnings of one fit. */
export class Warnings {
  readonly #description: NetworkDescription;
  readonly #batchSize: number;
  readonly #found: TrainingWarning[];

  /** `samples`: at least the first rows of the fit. `resumed`: the warnings of the fit that is resumed. */
  constructor(
    description: NetworkDescription,
    samples: Samples,
    batchSize: number,
    resumed?: readonly TrainingWarning[],
  ) {
    this.#description = description;
    this.#batchSize = batchSize;
    this.#found = [...(resumed ?? [])];
    if (!resumed) this.#inspectInputs(samples);
  }

  /** The warnings, in the order in which they were found. */
  get found(): readonly TrainingWarning[] {
    return this.#found;
  }

  /** Forgets the last warnings. */
  forget(count: number): void {
    this.#found.length -= count;
  }

  /**
   * Inspects the network after `epoch`, while the run's workspace and the gradients are those of its last batch.
   * `samples`: rows of the epoch.
   */
  inspectNetwork(model: Model, workspace: Address, epoch: number, samples: Samples): void {
    const { layers } = this.#description;
    for (let layer = 0; layer < layers.length; layer++) {
      if (
        isRelu(layers[layer]!) &&
        !this.#has("deadLayer", layer) &&
        this.#isDead(model, workspace, layer, samples)
      ) {
        this.#found.push(deadLayer(layer, epoch));
      }
    }
    // Plain SGD does not store the gradients of batches of one row.
    if (this.#batchSize > 1) this.#inspectGradients(model, epoch);
  }

  #inspectGradients(model: Model, epoch: number): void {
    for (const { layer, begin, end } of this.#description.parameters) {
      const ratio = gradientRatio(model, begin, end);
      if (ratio > MAX_GRADIENT_RATIO && !this.#has("explodingGradients", layer)) {
        this.#found.push(explodingGradients(layer, epoch, ratio));
      }
    }
  }

  /** Inspects the losses of all epochs of the fit. */
  inspectLosses(losses: ArrayLike<number>): void {
    if (!this.#has("constantLoss") && isConstant(losses)) this.#found.push(constantLoss(losses.length));
  }

  #inspectInputs(samples: Samples): void {
    const { rows, widths, format } = samples;
    const columns = usedColumns(samples.stored(), rows, widths.inputs, format.byteScale ?? 1);
    let least = columns[0];
    let most = least;
    for (const column of columns) {
      if (column.deviation < least!.deviation) least = column;
      if (column.deviation > most!.deviation) most = column;
    }
    if (least && most && most.deviation > MAX_SCALE_RATIO * least.deviation) {
      this.#found.push(inputScales(least, most));
    }
  }

  /** Whether all outputs of the layer are 0. Checks the last pass and, if its outputs are 0, the first rows. */
  #isDead(model: Model, workspace: Address, layer: number, samples: Samples): boolean {
    if (model.outputMagnitude(layer, workspace) !== 0) return false;
    const rows = Math.min(samples.rows, MAX_PROBED_ROWS);
    for (let begin = 0; begin < rows; begin += SLICE_ROWS) {
      model.forward(samples, begin, Math.min(begin + SLICE_ROWS, rows));
      if (model.outputMagnitude(layer) !== 0) return false;
    }
    return true;
  }

  #has(kind: WarningKind, layer?: number): boolean {
    return this.#found.some((warning) => warning.kind === kind && warning.layer === layer);
  }
}

function isRelu(layer: Layer): boolean {
  return layer.kind === "dense" && layer.activation === "relu";
}

interface Column {
  readonly column: number;
  readonly deviation: number;
}

/** The standard deviations of the columns of scale · inputs that vary, from some of the rows [rows, width]. */
function usedColumns(
  inputs: FloatArray | Uint8Array,
  rows: number,
  width: number,
  scale: number,
): readonly Column[] {
  const count = Math.min(rows, Math.max(1, Math.ceil(MAX_READ / width)));
  const step = Math.floor(rows / count) * width;
  const columns: Column[] = [];
  for (let column = 0; column < Math.min(width, MAX_READ); column++) {
    const deviation = scale * deviationOf(inputs, column, step, count);
    if (deviation > 0) columns.push({ column, deviation });
  }
  return columns;
}

/** The standard deviation of `count` values from `begin` on, `step` apart; 0 if most of them are 0. */
function deviationOf(values: FloatArray | Uint8Array, begin: number, step: number, count: number): number {
  let used = 0;
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const x = values[begin + i * step]!;
    if (x !== 0) used++;
    sum += x;
  }
  if (used < MIN_USED * count) return 0;
  const mean = sum / count;
  let squares = 0;
  for (let i = 0; i < count; i++) squares += (values[begin + i * step]! - mean) ** 2;
  return Math.sqrt(squares / count);
}

/** The root mean square of the gradients divided by that of the parameters. */
function gradientRatio(model: Model, begin: number, end: number): number {
  const parameters = rootMeanSquare(model.parameters(), begin, end);
  return rootMeanSquare(model.gradients(), begin, end) / Math.max(parameters, MIN_PARAMETER);
}

/** The root mean square of at most MAX_READ evenly spaced values. */
function rootMeanSquare(values: FloatArray, begin: number, end: number): number {
  const step = Math.ceil((end - begin) / MAX_READ);
  let squares = 0;
  let count = 0;
  for (let i = begin; i < end; i += step) {
    squares += values[i]! ** 2;
    count++;
  }
  return Math.sqrt(squares / count);
}

function isConstant(losses: ArrayLike<number>): boolean {
  const first = losses[0]!;
  if (losses.length < MIN_CONSTANT_EPOCHS || first === 0) return false;
  const tolerance = CONSTANT_LOSS * Math.abs(first);
  // Backwards: the last loss usually differs most.
  for (let epoch = losses.length - 1; epoch > 0; epoch--) {
    if (!(Math.abs(losses[epoch]! - first) <= tolerance)) return false;
  }
  return true;
}

function inputScales(least: Column, most: Column): TrainingWarning {
  const ratio = (most.deviation / least.deviation).toPrecision(2);
  return {
    kind: "inputScales",
    epoch: 0,
    message:
      `Column ${most.column} of the inputs varies ${Number(ratio)} times as much as column ${least.column} (standard ` +
      `deviations ${short(most.deviation)} and ${short(least.deviation)}). The network hardly sees the smaller one. Scale each ` +
      "column to mean 0 and standard deviation 1.",
  };
}

function deadLayer(layer: number, epoch: number): TrainingWarning {
  return {
    kind: "deadLayer",
    epoch,
    layer,
    message:
      `All outputs of layer ${layer} (relu) are 0, so it and the layers before it get no gradients and stay as they are. ` +
      "Create the network again with a smaller learningRate, with heNormal() as kernelInitializer, or with leakyRelu.",
  };
}

function explodingGradients(layer: number, epoch: number, ratio: number): TrainingWarning {
  return {
    kind: "explodingGradients",
    epoch,
    layer,
    message:
      `The gradients of layer ${layer} are ${short(ratio)} times as large as its parameters (root mean squares). Scale inputs ` +
      "and targets to about -1 to 1, set the optimizer's clipNorm, or use a smaller learningRate.",
  };
}

function constantLoss(epochs: number): TrainingWarning {
  return {
    kind: "constantLoss",
    epoch: epochs - 1,
    message:
      `The loss has not changed in ${epochs} epochs. Unless training is finished, use a larger learningRate, scale the ` +
      "inputs to about -1 to 1, or check that the targets depend on the inputs.",
  };
}

function short(x: number): string {
  return String(Number(x.toPrecision(3)));
}
