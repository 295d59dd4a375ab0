// The network of an experiment with its rows.

import {
  createNetwork,
  type Dataset,
  type Layer,
  type Network,
  type NetworkOptions,
  type Tensor,
} from "backprop-wasm";
import { type Data, type DataPart, prepareData } from "../data/data.js";
import { MAX_PARAMETERS } from "../experiment/choices.js";
import type { Experiment } from "../experiment/experiment.js";
import { ExperimentError } from "../experiment/fields.js";
import { classesOf } from "../experiment/outputs.js";
import { evaluate, networkRecipe } from "../experiment/recipe.js";
import { FUNCTIONS } from "./functions.js";
import type { LayerShape, Opened, PlottedRows } from "./messages.js";

export type AnyNetwork = Network<readonly Layer[]>;

/** The most numbers in all inputs together. */
const MAX_NUMBERS = 20_000_000;

/** The most rows that are drawn. */
const MAX_PLOTTED = 5000;

/** Rows in the memory of a network, and what they are for pictures and metrics. */
export interface LoadedPart {
  readonly part: DataPart;
  readonly dataset: Dataset;
}

export interface Model {
  readonly experiment: Experiment;
  readonly network: AnyNetwork;
  readonly data: Data;
  readonly training: LoadedPart;
  readonly validation: LoadedPart | undefined;
  /** Steps of an epoch. */
  readonly steps: number;
  readonly opened: Opened;
}

/**
 * Makes the network of an experiment, before its first epoch.
 *
 * @param file The bytes of the CSV file, for the data sets `table` and `digits`.
 * @throws ExperimentError or BackpropError with a sentence.
 */
export async function openModel(experiment: Experiment, file: Uint8Array | undefined): Promise<Model> {
  const data = await prepareData(experiment, file);
  const threads = Math.min(experiment.threads, availableThreads());
  const options = evaluate(networkRecipe(experiment, data.inputNames.length), FUNCTIONS) as NetworkOptions<
    readonly Layer[]
  >;
  requireSize(options, data);
  const network = await createNetwork({ ...options, ...(threads > 1 && { threads }) });
  try {
    const load = async (part: DataPart): Promise<LoadedPart> => ({
      part,
      dataset: await network.createDataset(part.inputs, part.targets),
    });
    const training = await load(data.training);
    const validation = data.validation && (await load(data.validation));
    const isWhole = experiment.gradients === "forwardDifferences";
    const steps = isWhole ? 1 : Math.ceil(training.dataset.rows / experiment.batchSize);
    const opened = describe(experiment, network, data, steps, threads);
    return { experiment, network, data, training, validation, steps, opened };
  } catch (error) {
    network.dispose();
    throw error;
  }
}

/** Frees the memory of a model. A fit in progress ends. */
export function disposeModel({ network, training, validation }: Model): void {
  network.dispose();
  training.dataset.dispose();
  validation?.dataset.dispose();
}

function availableThreads(): number {
  const isIsolated = (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated ?? true;
  return isIsolated ? (globalThis.navigator?.hardwareConcurrency ?? 2) : 1;
}

/** @throws ExperimentError for a network or rows that are too large for a page. */
function requireSize({ inputs, layers }: NetworkOptions<readonly Layer[]>, { training }: Data): void {
  let parameters = 0;
  let width = inputs;
  for (const layer of layers) {
    if (layer.kind !== "dense") continue;
    parameters += (width + 1) * layer.units;
    width = layer.units;
  }
  if (parameters > MAX_PARAMETERS) {
    throw new ExperimentError(
      `The network would have ${grouped(parameters)} parameters; expected at most ${grouped(MAX_PARAMETERS)}. ` +
        "Take fewer units, or fewer columns.",
    );
  }
  const numbers = training.inputs.data.length;
  if (numbers <= MAX_NUMBERS) return;
  throw new ExperimentError(
    `The inputs are ${grouped(numbers)} numbers; expected at most ${grouped(MAX_NUMBERS)}. Take fewer rows or columns.`,
  );
}

function grouped(count: number): string {
  return count.toLocaleString("en");
}

function describe(
  experiment: Experiment,
  network: AnyNetwork,
  data: Data,
  steps: number,
  threads: number,
): Opened {
  const layers = layerShapes(network);
  return {
    experiment,
    task: classesOf(experiment.data) === 0 ? "number" : "classes",
    inputs: network.inputs,
    inputNames: data.inputNames,
    classes: data.classes,
    layers,
    parameters: layers.reduce((sum, layer) => sum + layer.parameters, 0),
    trainingRows: data.training.values.length,
    validationRows: data.validation?.values.length ?? 0,
    steps,
    threads,
    rows: network.inputs <= 2 ? plottedRows(data) : undefined,
    notes: data.notes,
  };
}

function layerShapes({ inputs, layers, parameters }: AnyNetwork): LayerShape[] {
  let units = inputs;
  return layers.map((layer, i) => {
    if (layer.kind === "dense") units = layer.units;
    const tensors = Object.values(parameters[i]!) as (Tensor | null)[];
    return {
      kind: layer.kind,
      units,
      activation: layer.kind === "dense" ? layer.activation : undefined,
      parameters: tensors.reduce((sum, tensor) => sum + (tensor?.data.length ?? 0), 0),
    };
  });
}

/** Rows of one or two inputs, validation rows last; at most MAX_PLOTTED of each. */
function plottedRows({ training, validation }: Data): PlottedRows {
  const parts = [training, ...(validation ? [validation] : [])];
  const points: number[] = [];
  const targets: number[] = [];
  const isValidation: number[] = [];
  for (const part of parts) {
    const { inputs, values } = part;
    const [, columns] = inputs.shape;
    for (let row = 0; row < Math.min(values.length, MAX_PLOTTED); row++) {
      const begin = row * columns!;
      points.push(inputs.data[begin]!, columns === 1 ? values[row]! : inputs.data[begin + 1]!);
      targets.push(values[row]!);
      isValidation.push(Number(part === validation));
    }
  }
  return {
    points: Float32Array.from(points),
    targets: Float32Array.from(targets),
    isValidation: Uint8Array.from(isValidation),
  };
}
