/// <reference lib="esnext.disposable" preserve="true" />
// The network that users hold: validates, and passes on to the engine.

import type { Numerics } from "./core.js";
import { countRows, type Rows, requireSameRows, writeLabels, writeRows } from "./data.js";
import { allocate } from "./engine/arrays.js";
import type { Dataset, DType, FloatArray, LossName, Model, NetworkDescription } from "./engine/engine.js";
import { loadEngine } from "./engine/engines.js";
import { BackpropError } from "./errors.js";
import type { History } from "./history.js";
import type { Initializer } from "./initializers.js";
import { type DenseLayer, requireLayer } from "./layers.js";
import { describeLoss, type Loss } from "./losses.js";
import { copyOptimizer, type Optimizer, sgd } from "./optimizers.js";
import { type LayerParameters, type LayerValues, layerTensors, writeLayers } from "./parameters.js";
import { numpyRandom } from "./random/numpyRandom.js";
import type { RandomStream } from "./random/random.js";
import { Scratch } from "./scratch.js";
import { describeNetwork } from "./summary.js";
import { type Matrix, Tensor } from "./tensor.js";
import {
  type AsyncFitOptions,
  abortedFit,
  type FitOptions,
  type FitPlan,
  planFit,
  Training,
} from "./training.js";
import {
  requireInteger,
  requireKeys,
  requireKnown,
  requireMethods,
  requirePositiveInteger,
  show,
} from "./validation.js";
import { finish, finishInSlices, type Work } from "./work.js";

export interface NetworkOptions {
  /** Numbers in a row of input. */
  readonly inputs: number;
  /** From the first layer to the output layer; see `dense`. */
  readonly layers: readonly DenseLayer[];
  readonly loss: LossName | Loss;
  /** Default `sgd()`, of learning rate 0.01. */
  readonly optimizer?: Optimizer;
  /** What parameters, data and arithmetic are; default "float32". */
  readonly dtype?: DType;
  /** Seeds `numpyRandom`, from which initialisers and shuffling draw; default 0. */
  readonly seed?: number;
  /** The stream to draw from instead, such as `torchRandom(42)`. */
  readonly random?: RandomStream;
  /**
   * "strict" (the default): the same bits in every engine and on every processor. "relaxed": faster where the processor
   * multiplies and adds in one operation; the last bits are then those of processor and engine.
   */
  readonly numerics?: Numerics;
  /**
   * Up to how many threads, 1 to 255, share the work of a large network, the caller's among them: the same bits for any
   * number. Default 1. The others start with the first fit, which does not wait for them; they end with `dispose`, and
   * keep no process alive. Needs SharedArrayBuffer, which a page has where it is cross-origin isolated; the data of
   * `parameters` then lie in one.
   */
  readonly threads?: number;
}

export interface Gradients {
  /** The loss at the parameters as they are. */
  readonly loss: number;
  readonly layers: readonly LayerParameters[];
}

const OPTION_NAMES = [
  "inputs",
  "layers",
  "loss",
  "optimizer",
  "dtype",
  "seed",
  "random",
  "numerics",
  "threads",
];
const MOST_THREADS = 255;
const DEFAULT_SEED = 0;

/**
 * Creates a network and draws its initial parameters: layer by layer, kernel then bias.
 *
 * @throws BackpropError `invalidOption` or `unknownName` for a description that makes no sense, `coreUnavailable` or
 *   `outOfMemory` where the Wasm core or its memory cannot be had, `unsupported` where `numerics` or `threads` need what
 *   this engine or page has not.
 */
export async function createNetwork(options: NetworkOptions): Promise<Network> {
  const description = describe(options);
  const optimizer = copyOptimizer(options.optimizer ?? sgd());
  const { random = numpyRandom(options.seed ?? DEFAULT_SEED) } = options;
  requireMethods("random", random, ["fillUniform", "fillNormal"], "a stream such as numpyRandom(42)");
  const { threads = 1, numerics = "strict" } = options;
  const engine = await loadEngine({ numerics, threads: threads > 1 });
  const network = new Network(engine.createModel(description, threads), description, optimizer, random);
  try {
    initialize(network, description.layers, random);
  } catch (error) {
    network.dispose();
    throw error;
  }
  return network;
}

function describe(options: NetworkOptions): NetworkDescription & { readonly layers: readonly DenseLayer[] } {
  requireKeys("createNetwork", options, OPTION_NAMES);
  const { inputs, layers, loss, dtype = "float32" } = options;
  requirePositiveInteger("inputs", inputs);
  requireKnown("dtype", dtype, ["float32", "float64"]);
  requireCoreOptions(options);
  requireLayers(layers);
  if (options.seed !== undefined && options.random !== undefined) {
    throw new BackpropError("invalidOption", "seed and random are both given; expected one of them.");
  }
  // Copies, for the objects stay the user's.
  const own = layers.map((layer) => ({ ...layer }));
  return { dtype, inputs, layers: own, loss: describeLoss(loss, own.at(-1)!.activation, dtype) };
}

function requireCoreOptions({ numerics, threads }: NetworkOptions): void {
  if (numerics !== undefined) requireKnown("numerics", numerics, ["strict", "relaxed"]);
  if (threads !== undefined) requireInteger("threads", threads, 1, MOST_THREADS);
}

function requireLayers(layers: readonly DenseLayer[]): void {
  if (!Array.isArray(layers) || layers.length === 0) {
    throw new BackpropError(
      "invalidOption",
      `layers is ${show(layers)}; expected an array of at least one layer, such as [dense(2, "sigmoid")].`,
    );
  }
  // Array.from, for a hole is a mistake as well.
  Array.from(layers).forEach((layer, i) => {
    requireLayer(`layers[${i}]`, layer);
  });
}

function initialize(network: Network, layers: readonly DenseLayer[], random: RandomStream): void {
  network.parameters.forEach(({ kernel, bias }, i) => {
    const { kernelInitializer, biasInitializer } = layers[i]!;
    const [inputs, units] = kernel.shape as [number, number];
    const fill = ({ data, shape }: Tensor, initializer: Initializer): unknown =>
      initializer({ values: data, shape, inputs, units, random });
    requireInitialized(`layers[${i}].kernelInitializer`, kernel, fill(kernel, kernelInitializer));
    if (bias) requireInitialized(`layers[${i}].biasInitializer`, bias, fill(bias, biasInitializer));
  });
}

/** One who forgets to call the factory of an initializer gets that back, and no values. */
function requireInitialized(argument: string, { data }: Tensor, returned: unknown): void {
  if (returned === undefined && data.every(Number.isFinite)) return;
  const did = returned === undefined ? "wrote NaN or infinity" : `returned ${show(returned)}`;
  throw new BackpropError(
    "invalidOption",
    `${argument} ${did}; expected a function that fills \`values\` with finite numbers, such as glorotUniform() (with ` +
      "its parentheses).",
  );
}

/** A network of dense layers; `createNetwork` makes one. */
export class Network {
  /** The parameters as live views, in the order of the layers. */
  readonly parameters: readonly LayerParameters[];
  readonly #model: Model;
  readonly #scratch: Scratch;
  readonly #description: NetworkDescription;
  readonly #optimizer: Optimizer;
  readonly #random: RandomStream;
  #isTraining = false;
  #isDisposed = false;

  /** @internal */
  constructor(model: Model, description: NetworkDescription, optimizer: Optimizer, random: RandomStream) {
    this.#model = model;
    this.#scratch = new Scratch(model);
    this.#description = description;
    this.#optimizer = optimizer;
    this.#random = random;
    this.parameters = layerTensors(description, () => this.#alive().parameters());
  }

  /**
   * Trains on `inputs` [rows, inputs] and `targets` [rows, outputs] (labels [rows] for sparseCategoricalCrossentropy)
   * for some epochs. Both are copied before training begins; leave them alone until `onProgress` is first called, or the
   * fit is over. It works about 10 ms at a time, so that a page stays responsive; only a network of which 128 rows alone
   * take longer holds the thread for that long. `predict` and `evaluate` may be called meanwhile.
   *
   * @throws BackpropError (rejects) `invalidShape`, `invalidData` or `invalidLabel` for data that does not fit,
   *   `invalidOption` for options that make no sense, `diverged` when a loss becomes NaN or infinite, `aborted` when the
   *   signal says so: the network then keeps what was trained, and the error has the `epoch` and the `history`;
   *   `busy` while another fit of this network is under way, `disposed` when the network was disposed,
   *   `coreUnavailable` where one of its threads could not be started, or has died, since an earlier fit.
   */
  async fit(inputs: Rows, targets: Rows, options: AsyncFitOptions = {}): Promise<History> {
    return finishInSlices(this.#fit(inputs, targets, options));
  }

  /**
   * `fit` for a thread that nothing else waits for, such as a worker: the same bits, without pauses.
   *
   * @throws BackpropError as `fit`, at once.
   */
  fitSync(inputs: Rows, targets: Rows, options: FitOptions = {}): History {
    return finish(this.#fit(inputs, targets, options));
  }

  /**
   * The outputs [rows, outputs] for `inputs` [rows, inputs]. A row's outputs are the same bits alone and in any batch.
   *
   * @throws BackpropError `invalidShape`, `invalidData`, `disposed`.
   */
  predict(inputs: Rows): Matrix {
    const rows = countRows("inputs", inputs);
    this.#alive();
    const dataset = this.#scratch.take(rows);
    try {
      finish(this.#writeInputs(inputs, dataset));
      const predictions = allocate(this.#description.dtype, rows * this.#outputs);
      this.#alive().predict(dataset, predictions);
      return new Tensor([rows, this.#outputs], () => predictions);
    } finally {
      this.#scratch.giveBack(dataset);
    }
  }

  /**
   * The loss over all rows, taken as one batch.
   *
   * @throws BackpropError `invalidShape`, `invalidData`, `invalidLabel`, `disposed`.
   */
  evaluate(inputs: Rows, targets: Rows): { loss: number } {
    this.#alive();
    const dataset = finish(this.#load(inputs, targets));
    try {
      return { loss: this.#alive().evaluate(dataset) };
    } finally {
      this.#scratch.giveBack(dataset);
    }
  }

  /**
   * The loss over all rows, taken as one batch, and its gradient by backpropagation; no parameter changes.
   *
   * @throws BackpropError `invalidShape`, `invalidData`, `invalidLabel`, `busy` while fitting, `disposed`.
   */
  gradients(inputs: Rows, targets: Rows): Gradients {
    this.#idle();
    const dataset = finish(this.#load(inputs, targets));
    try {
      const model = this.#idle();
      const loss = model.computeGradients(dataset);
      const values = model.gradients().slice();
      return { loss, layers: layerTensors(this.#description, () => values) };
    } finally {
      this.#scratch.giveBack(dataset);
    }
  }

  /**
   * One step of the optimizer with gradients that came from elsewhere: one { kernel, bias } a layer.
   *
   * @throws BackpropError `invalidShape`, `invalidData`, `diverged` where a parameter would become infinite (none changes
   *   then), `busy` while fitting, `disposed`.
   */
  applyGradients(gradients: readonly LayerValues[]): void {
    this.#idle();
    const values = this.#collect("gradients", gradients);
    const model = this.#idle();
    model.gradients().set(values);
    if (model.update(this.#optimizer.learningRate)) return;
    throw new BackpropError(
      "diverged",
      "The gradients would have made a parameter infinite; the network keeps its parameters as they were. Try a smaller " +
        `learningRate than ${this.#optimizer.learningRate}.`,
    );
  }

  /**
   * Replaces all parameters: one { kernel, bias } a layer, such as `JSON.parse(JSON.stringify(network.parameters))`. None
   * changes if one does not fit.
   *
   * @throws BackpropError `invalidShape`, `invalidData`, `busy` while fitting, `disposed`.
   */
  setParameters(parameters: readonly LayerValues[]): void {
    this.#idle();
    const values = this.#collect("parameters", parameters);
    this.#idle().parameters().set(values);
  }

  /** A table of the layers, with their shapes and the number of parameters, as text. */
  summary(): string {
    this.#alive();
    return describeNetwork(this.#description);
  }

  /** Gives the network's memory back, and ends its threads. A fit that is under way rejects; every later use throws `disposed`. */
  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#scratch.dispose();
    this.#model.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  get #outputs(): number {
    return this.#description.layers.at(-1)!.units;
  }

  #alive(): Model {
    if (this.#isDisposed) throw disposed();
    return this.#model;
  }

  #idle(): Model {
    if (!this.#isTraining) return this.#alive();
    throw new BackpropError(
      "busy",
      "The network is being trained by a fit that is under way. Await it, or abort it by its signal, first.",
    );
  }

  *#fit(inputs: Rows, targets: Rows, options: AsyncFitOptions): Work<History> {
    this.#idle();
    const plan = planFit(options);
    if (plan.signal?.aborted) throw abortedFit(plan.signal.reason, plan, 0, { loss: [] });
    this.#isTraining = true;
    try {
      const dataset = yield* this.#load(inputs, targets);
      try {
        return yield* this.#train(dataset, plan);
      } finally {
        this.#scratch.giveBack(dataset);
      }
    } finally {
      this.#isTraining = false;
    }
  }

  *#train(dataset: Dataset, plan: FitPlan): Work<History> {
    const training = new Training(this.#alive(), dataset, this.#optimizer, this.#random, plan);
    try {
      return yield* training.run(() => this.#alive());
    } finally {
      training.dispose();
    }
  }

  *#load(inputs: Rows, targets: Rows): Work<Dataset> {
    const rows = countRows("inputs", inputs);
    requireSameRows(rows, countRows("targets", targets));
    const dataset = this.#scratch.take(rows);
    try {
      yield* this.#writeInputs(inputs, dataset);
      yield* this.#writeTargets(targets, dataset);
      return dataset;
    } catch (error) {
      this.#scratch.giveBack(dataset);
      throw error;
    }
  }

  #writeInputs(inputs: Rows, dataset: Dataset): Work<void> {
    const shape = [dataset.rows, this.#description.inputs] as const;
    return writeRows("inputs", inputs, shape, () => dataset.inputs());
  }

  #writeTargets(targets: Rows, dataset: Dataset): Work<void> {
    const out = () => dataset.targets();
    if (this.#description.loss.name === "sparseCategoricalCrossentropy") {
      return writeLabels("targets", targets, dataset.rows, this.#outputs, out);
    }
    return writeRows("targets", targets, [dataset.rows, this.#outputs], out);
  }

  /** Values for every layer in one array laid like the parameters. */
  #collect(argument: string, values: readonly LayerValues[]): FloatArray {
    const flat = allocate(this.#description.dtype, this.#model.parameterCount);
    writeLayers(
      argument,
      values,
      layerTensors(this.#description, () => flat),
    );
    return flat;
  }
}

function disposed(): BackpropError {
  return new BackpropError("disposed", "The network was disposed. Create a new one with createNetwork.");
}
