// Checks the data that users give, and copies them into samples in linear memory.

import {
  needsProbe,
  openRows,
  probeRows,
  type RowFormat,
  type RowSource,
  type Rows,
  requireSameRows,
  writeRows,
  writeRowsSync,
} from "../data/rows.js";
import { type ClassWeightTable, multiplyByClass, type RowWeights, requireWeights } from "../data/weights.js";
import type { NetworkDescription } from "../description.js";
import { BackpropError } from "../errors.js";
import { categoriesOf } from "../layers/stack.js";
import { show } from "../show.js";
import { allocateWhenFreed } from "../wasm/block.js";
import type { Model } from "../wasm/model.js";
import { PLAIN, type SampleFormat, type Samples, WEIGHTED } from "../wasm/samples.js";
import { Scratch } from "../wasm/scratch.js";
import { finish, type Work } from "../work.js";
import type { StoredData } from "./data.js";
import { Dataset, type SampleFormats } from "./dataset.js";

const WEIGHT_FORMAT: RowFormat = { argument: "sampleWeights", width: 1 };

/** The names of inputs, targets and weights in messages. */
type RowNames = readonly [inputs: string, targets: string, weights?: string];
const DEFAULT_NAMES: RowNames = ["inputs", "targets", WEIGHT_FORMAT.argument];

/** The weights of rows. Class weights are multiplied in later. */
export interface Weights extends RowWeights {
  readonly classWeights?: ClassWeightTable | undefined;
  /** Whether the rows are a part of an epoch, whose weights may all be 0. */
  readonly isPart?: boolean;
}

/** Loads the data of one network. Samples that are given back are used again for the next call. */
export class SampleLoader {
  readonly #model: () => Model;
  readonly #description: NetworkDescription;
  readonly #formats: SampleFormats;
  readonly #scratch: Scratch;

  /** `model` throws if the network was disposed: reading data may run code of the user. */
  constructor(model: () => Model, description: NetworkDescription) {
    this.#model = model;
    this.#description = description;
    this.#formats = formatsOf(description);
    this.#scratch = new Scratch((rows, format) => model().createSamples(rows, format));
  }

  /** What inputs and targets must be. */
  get formats(): SampleFormats {
    return this.#formats;
  }

  giveBack(samples: Samples): void {
    this.#scratch.giveBack(samples);
  }

  dispose(): void {
    this.#scratch.dispose();
  }

  /** The samples of a dataset. */
  open(dataset: Dataset, isWeighted: boolean): Samples {
    return dataset.open(this.#model(), this.#formats, isWeighted);
  }

  /** Samples with inputs alone. */
  loadInputs(inputs: Rows): Samples {
    const source = openRows(this.#formats.inputs, inputs);
    if (needsProbe(source)) finish(probeRows(source));
    // Reading the rows may have run code that disposed the network.
    this.#model();
    const samples = this.#scratch.take(source.count, formatOf(source, false));
    try {
      writeRowsSync(source, () => samples.stored());
      return samples;
    } catch (error) {
      this.#scratch.giveBack(samples);
      throw error;
    }
  }

  /** `names`: the names of inputs, targets and weights in messages. */
  *load(data: StoredData, weights: Weights = {}, names: RowNames = DEFAULT_NAMES): Work<Samples> {
    if (Dataset.is(data)) return yield* this.#loadDataset(data, weights);
    const [inputs, targets, sampleWeights = weights.sampleWeights] = data;
    const sources = [
      openRows({ ...this.#formats.inputs, argument: names[0] }, inputs),
      openRows({ ...this.#formats.targets, argument: names[1] }, targets),
    ] as const;
    requireSameRows(...sources, "target");
    const weightSource =
      sampleWeights === undefined
        ? undefined
        : openRows({ ...WEIGHT_FORMAT, argument: names[2] ?? "" }, sampleWeights);
    if (weightSource) requireSameRows(sources[0], weightSource, "weight");
    for (const source of weightSource ? [...sources, weightSource] : sources) {
      if (needsProbe(source)) yield* probeRows(source);
    }
    const isWeighted = sampleWeights !== undefined || weights.classWeights !== undefined;
    this.#requireLossTakes(isWeighted);
    const format = formatOf(sources[0], isWeighted);
    const samples = yield* this.allocate(() => this.#scratch.take(sources[0].count, format));
    try {
      yield* writeRows(sources[0], () => samples.stored());
      yield* writeRows(sources[1], () => samples.targets());
      yield* this.#writeWeights(weightSource, samples, weights.isPart);
      return samples;
    } catch (error) {
      this.#scratch.giveBack(samples);
      throw error;
    }
  }

  #requireLossTakes(isWeighted: boolean): void {
    const { loss } = this.#description;
    if (isWeighted && loss.custom) throw noWeights(loss.name);
  }

  /** Samples in the memory of a dataset; only their weights are written. */
  *#loadDataset(dataset: Dataset, { sampleWeights, classWeights }: Weights): Work<Samples> {
    this.#requireLossTakes(sampleWeights !== undefined || classWeights !== undefined);
    if (sampleWeights === undefined) {
      const samples = this.open(dataset, classWeights !== undefined);
      samples.weights()?.fill(1);
      return samples;
    }
    const source = openRows(WEIGHT_FORMAT, sampleWeights);
    requireSameRows({ count: dataset.rows, format: { argument: "dataset" } }, source, "weight");
    if (needsProbe(source)) yield* probeRows(source);
    const samples = yield* this.allocate(() => this.open(dataset, true));
    try {
      yield* this.#writeWeights(source, samples);
      return samples;
    } catch (error) {
      this.#scratch.giveBack(samples);
      throw error;
    }
  }

  /** Writes the weights of the rows; without a source, all weights are 1. */
  *#writeWeights(source: RowSource | undefined, samples: Samples, mayBeZero?: boolean): Work<void> {
    if (!source) {
      samples.weights()?.fill(1);
      return;
    }
    yield* writeRows(source, () => samples.weights()!);
    requireWeights(source.format.argument, samples.weights()!, mayBeZero);
  }

  /** Multiplies the weights of rows by the weights of their classes. */
  *weighClasses(samples: Samples, classWeights: ClassWeightTable): Work<void> {
    const { loss, outputs } = this.#description;
    const values = () => samples.targets();
    const targets = { rows: samples.rows, values, areLabels: loss.takesLabels, outputs };
    yield* multiplyByClass(() => samples.weights()!, classWeights, targets);
    requireWeights("weights", samples.weights()!);
  }

  /** The result of `allocate`. Throws if the network is disposed while this waits for memory. */
  allocate<T>(allocate: () => T): Work<T> {
    return allocateWhenFreed(() => {
      this.#model();
      return allocate();
    });
  }
}

function formatsOf(description: NetworkDescription): SampleFormats {
  const { inputs, layers, dtype } = description;
  const categories = categoriesOf(layers[0]!);
  const bytesTo = categories ? undefined : dtype;
  return {
    inputs: { argument: "inputs", width: inputs, categories, bytesTo },
    targets: targetFormatOf(description),
  };
}

/** The format of samples with these inputs. */
function formatOf({ byteScale }: RowSource, isWeighted: boolean): SampleFormat {
  if (byteScale !== undefined) return { isWeighted, byteScale };
  return isWeighted ? WEIGHTED : PLAIN;
}

function noWeights(loss: string): BackpropError {
  return new BackpropError(
    "invalidOption",
    `The loss ${show(loss)} is computed in JavaScript, which gets no weights; expected neither sampleWeights nor ` +
      "classWeights. Weigh the rows in the function.",
  );
}

function targetFormatOf({ loss, outputs }: NetworkDescription): RowFormat {
  const { advice } = loss;
  return loss.takesLabels
    ? { argument: "targets", width: 1, classes: outputs, advice: { width: outputs, text: advice } }
    : { argument: "targets", width: outputs, advice: { width: 1, text: advice } };
}
