// Loads networks from files.

import { build, type NetworkOptions, OPTIONS, type Plan } from "./createNetwork.js";
import type { NetworkDescription } from "./description.js";
import { isBytes } from "./dtype.js";
import { BackpropError } from "./errors.js";
import { decodeConfiguration } from "./files/configuration.js";
import {
  type NetworkFile,
  readNetworkFile,
  readTraining,
  readWeights,
  type Training,
} from "./files/networkFile.js";
import { dtypeOfTensors, inputsOf } from "./files/stateDict.js";
import type { Layer } from "./layers/layers.js";
import type { Network } from "./network.js";
import { show } from "./show.js";
import { attempt, type OptionsOf, ofType, readOptions } from "./validation.js";
import type { Model } from "./wasm/model.js";

/** The options of `loadNetwork`. */
export interface LoadOptions extends Partial<NetworkOptions<readonly Layer[]>> {
  /** The function that is the learning rate, or that follows its warm-up: a file cannot keep it. */
  readonly learningRate?: ((step: number, epoch: number) => number) | undefined;
}

const LOAD_OPTIONS: OptionsOf<LoadOptions> = {
  ...OPTIONS,
  inputs: { ...OPTIONS.inputs, default: undefined },
  layers: { ...OPTIONS.layers, default: undefined },
  loss: { ...OPTIONS.loss, default: undefined },
  dtype: { ...OPTIONS.dtype, default: undefined },
  numerics: { ...OPTIONS.numerics, default: undefined },
  metadata: { ...OPTIONS.metadata, default: undefined },
  learningRate: { check: ofType("function"), default: undefined },
};

/** The smallest numbers in files are F16 and BF16. */
const MIN_NUMBER_BYTES = 2;

/**
 * The network of a file that `save`, `saveWeights` or a checkpoint made. It continues as the saved network would, with
 * the same bits. Of the options, give `threads`, and `loss` or `learningRate` if they are functions.
 *
 * Other files of safetensors have weights alone, such as the state_dict of a PyTorch nn.Sequential. Give the options of
 * `createNetwork`, above all `layers`. `inputs` and `dtype` are those of the weights; `loss` is "meanSquaredError", if
 * it is not given.
 *
 * @throws BackpropError (rejects) `invalidFile` if the bytes are not a whole file, were altered, have a later version,
 *   or do not fit the layers; `invalidOption` if a function is missing; and whatever `createNetwork` throws.
 */
export async function loadNetwork(
  bytes: Uint8Array | ArrayBuffer,
  options: LoadOptions = {},
): Promise<Network<readonly Layer[]>> {
  const given = readOptions("loadNetwork", options, LOAD_OPTIONS);
  const file = readNetworkFile(bytesOf(bytes));
  return build(
    planOf(file, given),
    (model, description) => attempt("invalidFile", "the file", () => readValues(file, model, description)),
    (description) => requireNumbers(file, description),
  );
}

function bytesOf(bytes: unknown): Uint8Array {
  if (bytes instanceof ArrayBuffer) return new Uint8Array(bytes);
  // Not the array itself: it may be a Buffer, whose slice() does not copy.
  if (isBytes(bytes)) return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  throw new BackpropError(
    "invalidOption",
    `loadNetwork is given ${show(bytes)}; expected the bytes of a file, a Uint8Array or an ArrayBuffer.`,
  );
}

/** The options of the network in a file, or of the network that its weights are for. */
function planOf({ network, metadata, tensors }: NetworkFile, given: LoadOptions): Plan {
  const { threads = 1 } = given;
  if (!network) {
    const { learningRate, ...others } = given;
    if (learningRate) throw new BackpropError("invalidOption", "Give the learning rate to the optimizer.");
    const known = { inputs: inputsOf(tensors), dtype: dtypeOfTensors(tensors), metadata };
    const plan = { ...known, ...defined(others), threads };
    return readOptions("loadNetwork", { loss: "meanSquaredError", ...plan }, OPTIONS) as Plan;
  }
  for (const name of ["inputs", "layers", "optimizer", "dtype", "seed", "random", "metadata"] as const) {
    if (given[name] === undefined) continue;
    throw new BackpropError(
      "invalidOption",
      `loadNetwork is given ${name}, but the file has its own. Leave it out.`,
    );
  }
  const options = attempt("invalidFile", "the file", () => decodeConfiguration(network, given));
  const { numerics = options.numerics } = given;
  return readOptions("loadNetwork", { ...options, numerics, threads, metadata }, OPTIONS) as Plan;
}

/** The options that are not undefined. */
function defined<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}

/** Requires roughly as many numbers as the network has parameters, before memory is allocated for these. */
function requireNumbers({ tensors }: NetworkFile, { parameters }: NetworkDescription): void {
  const count = parameters.at(-1)?.end ?? 0;
  const bytes = [...tensors.values()].reduce((sum, tensor) => sum + tensor.bytes.length, 0);
  if (bytes >= MIN_NUMBER_BYTES * count) return;
  throw new BackpropError(
    "invalidFile",
    `The file has ${bytes} bytes of tensors, too few for the ${count} parameters of the network. Give the layers that ` +
      "the file was saved from.",
  );
}

function readValues(file: NetworkFile, model: Model, description: NetworkDescription): Training | undefined {
  readWeights(file, description, model.values);
  const wrong = model.findNotFinite();
  if (wrong)
    throw new BackpropError(
      "invalidFile",
      `${wrong.path} is ${wrong.value} in the file; expected a finite number.`,
    );
  if (!file.training) return undefined;
  const { step, optimizer, ...training } = readTraining(file.tensors, file.training, model.values);
  if (training.trainable.length !== description.layers.length) {
    throw new BackpropError(
      "invalidFile",
      "The layers and their training do not match. Use another copy of the file.",
    );
  }
  model.restoreProgress({ step, optimizer });
  for (const [layer, trainable] of training.trainable.entries()) model.setTrainable(layer, trainable);
  return training;
}
