// Creates networks: checks their options, allocates their memory and draws their initial parameters.

import { MAX_THREADS } from "./abi/structs.js";
import type { CustomLoss } from "./customLoss.js";
import type { NetworkDescription, Numerics } from "./description.js";
import { allocate, type DType } from "./dtype.js";
import { BackpropError } from "./errors.js";
import type { Training } from "./files/networkFile.js";
import { fillTensor, initializerMessage } from "./initialization.js";
import type { DenseLayer, Layer } from "./layers/layers.js";
import { checkLayers, checkPlaces, layerWidths, placeBuffers, placeParameters } from "./layers/stack.js";
import { describeLoss, type Loss, type LossName } from "./losses.js";
import { DEFAULT_SEED, MAX_SEED, Network } from "./network.js";
import { checkOptimizer, type Optimizer, sgd } from "./optimizers.js";
import { numpyRandom } from "./random/numpyRandom.js";
import type { RandomStream } from "./random/random.js";
import {
  integerWithin,
  type OptionsOf,
  oneOf,
  readOptions,
  requirePositiveInteger,
  requireTexts,
  withMethods,
} from "./validation.js";
import { allocateWhenFreed } from "./wasm/block.js";
import { sharedCore } from "./wasm/core.js";
import { createHost } from "./wasm/host.js";
import { Model } from "./wasm/model.js";
import { prepareWorkers } from "./wasm/workers.js";
import { finishInSlices, ignoreRejection } from "./work.js";

export interface NetworkOptions<L extends readonly Layer[] = readonly DenseLayer[]> {
  /** Numbers in a row of input. */
  readonly inputs: number;
  /** From the first layer to the output layer; see `dense`. */
  readonly layers: L;
  /** A name, a name with options, or a loss that `customLoss` made. */
  readonly loss: LossName | Loss | CustomLoss;
  /** Default `sgd()`, of learning rate 0.01. */
  readonly optimizer?: Optimizer;
  /** The type of parameters, data and arithmetic; default "float32". */
  readonly dtype?: DType;
  /**
   * Key of the network's random numbers, an integer from 0 to 2³² − 1. The order of shuffled rows is a function of it
   * and of `network.epoch`. If `random` is not given, initial parameters are drawn from `numpyRandom(seed)`. Default:
   * 0; or, if `random` is given, one draw from it at the first fit (or call with `training`) that needs the key.
   */
  readonly seed?: number;
  /** The stream that initial parameters are drawn from, such as `torchRandom(42)`. */
  readonly random?: RandomStream;
  /**
   * "strict" (the default): the same bits in every engine and on every processor. "relaxed": faster on processors that
   * multiply and add in one operation. The last bits then depend on processor and engine.
   */
  readonly numerics?: Numerics;
  /**
   * The maximum number of threads, 1 to 255, that share the work of a large network, including the calling thread;
   * default 1. The bits are the same for any number. The other threads are started by the first fit, which does not
   * wait for them. They end at `dispose`, and do not keep the process alive. Needs SharedArrayBuffer: a page has it if
   * it is cross-origin isolated. The data of `parameters` are then in a SharedArrayBuffer.
   */
  readonly threads?: number;
  /** Texts of your own, by name, which the files of the network keep; see `network.metadata`. Default: none. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Layers, loss and optimizer depend on the dtype, and are checked when it is known. */
const checkedLater = () => {};

export const OPTIONS: OptionsOf<NetworkOptions<readonly Layer[]>> = {
  inputs: { check: requirePositiveInteger },
  layers: { check: checkedLater },
  loss: { check: checkedLater },
  optimizer: { check: checkedLater, default: undefined },
  dtype: { check: oneOf(["float32", "float64"]), default: "float32" },
  seed: { check: integerWithin(0, MAX_SEED), default: undefined },
  random: {
    check: withMethods(["fillUniform", "fillNormal"], "a stream such as numpyRandom(42)"),
    default: undefined,
  },
  numerics: { check: oneOf(["strict", "relaxed"]), default: "strict" },
  threads: { check: integerWithin(1, MAX_THREADS), default: 1 },
  metadata: { check: requireTexts, default: {} },
};

/** The options of a network that are not undefined. */
export type Plan = NetworkOptions<readonly Layer[]> &
  Required<Pick<NetworkOptions, "dtype" | "numerics" | "threads" | "metadata">>;

/**
 * Creates a network and draws its initial parameters: layer by layer, kernel then bias.
 *
 * @throws BackpropError `invalidOption` or `unknownName` for an invalid description, `coreUnavailable` if the Wasm core
 *   cannot be loaded, `outOfMemory` if there is not enough memory, `unsupported` if `numerics` or `threads` need a
 *   feature that this engine or page does not have. Exceptions of an initializer or a stream pass through.
 */
export async function createNetwork<const L extends readonly Layer[]>(
  options: NetworkOptions<L>,
): Promise<Network<L>> {
  const plan = readOptions("createNetwork", options, OPTIONS) as Plan;
  return build<L>(plan, (model, description, random) => {
    initialize(model, description, random);
    return undefined;
  });
}

/** Writes the first values of a network. For a network from a file, returns what it has learned besides them. */
export type Filling = (
  model: Model,
  description: NetworkDescription,
  random: RandomStream,
) => Training | undefined;

/** The network of a plan, with the first values that `fill` writes. `check` may throw before memory is allocated. */
export async function build<const L extends readonly Layer[]>(
  plan: Plan,
  fill: Filling,
  check: (description: NetworkDescription) => void = () => {},
): Promise<Network<L>> {
  const { numerics, threads, seed, random = numpyRandom(seed ?? DEFAULT_SEED) } = plan;
  const metadata = Object.freeze({ ...plan.metadata });
  // The core is read and compiled while the rest of the options is checked.
  const loading = sharedCore(undefined, { numerics, threads: threads > 1 });
  ignoreRejection(loading);
  const description = describe(plan);
  check(description);
  const optimizer = checkOptimizer(plan.optimizer ?? sgd(), plan.dtype);
  const core = await loading;
  if (threads > 1) await prepareWorkers();
  const host = createHost(core, description.dtype);
  const model = await finishInSlices(
    allocateWhenFreed(() => new Model(host, description, optimizer, threads)),
  );
  try {
    const training = fill(model, description, random);
    const key = training?.key ?? seed ?? (plan.random ? undefined : DEFAULT_SEED);
    return new Network<L>(model, description, optimizer, { key, random }, metadata, training);
  } catch (error) {
    model.dispose();
    throw error;
  }
}

function describe({ inputs, loss, dtype, numerics, layers: given }: Plan): NetworkDescription {
  const layers = checkLayers(given, dtype);
  checkPlaces(inputs, layers);
  const output = layers.at(-1)!;
  const activation = output.kind === "dense" ? output.activation : undefined;
  return {
    dtype,
    numerics,
    inputs,
    layers,
    loss: describeLoss(loss, activation, dtype),
    parameters: placeParameters(inputs, layers),
    buffers: placeBuffers(inputs, layers),
    outputs: layerWidths(inputs, layers).at(-1)!,
  };
}

function initialize(model: Model, description: NetworkDescription, random: RandomStream): void {
  const { dtype, parameters, buffers } = description;
  for (const { layer, name, shape, begin, end, inputs, units, initializer } of parameters) {
    // Not a view of linear memory: if the initializer makes that grow, the view becomes empty.
    const values = allocate(dtype, end - begin);
    const wrong = fillTensor(initializer, { values, shape, inputs, units, random });
    if (wrong) throw notInitialized(layer, name, wrong);
    model.parameters().set(values, begin);
  }
  for (const { shape, begin, end, inputs, units, initializer } of buffers) {
    const values = model.buffers().subarray(begin, end);
    initializer({ values, shape, inputs, units, random });
  }
  const wrong = model.findNotFinite();
  if (wrong) throw notInitialized(wrong.layer, wrong.name, "wrote NaN or infinity");
}

function notInitialized(layer: number, name: string, did: string): BackpropError {
  return new BackpropError("invalidOption", initializerMessage(layer, name, did));
}
