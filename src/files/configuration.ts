// A network's options as JSON. What is a function in JavaScript is left out, and must be given again.

import type { CustomLoss } from "../customLoss.js";
import type { Numerics } from "../description.js";
import type { DType } from "../dtype.js";
import { BackpropError } from "../errors.js";
import { zeros } from "../initializers.js";
import type { Layer } from "../layers/layers.js";
import type { Loss, LossName } from "../losses.js";
import type { Optimizer } from "../optimizers.js";
import type { LearningRate } from "../schedules/schedules.js";
import { show } from "../show.js";

/** The options that a file keeps. */
export interface Configuration {
  readonly inputs: number;
  readonly layers: readonly Layer[];
  readonly loss: LossName | Loss | CustomLoss;
  readonly optimizer: Optimizer;
  readonly dtype: DType;
  readonly numerics: Numerics;
}

/** What a file cannot keep. */
export interface Functions {
  readonly loss?: unknown;
  readonly learningRate?: LearningRate | undefined;
}

/** The JSON of a learning rate that is a function. */
const FUNCTION = { kind: "function" } as const;

/** The options of a dense layer that are functions. They have no effect once the parameters are drawn. */
const INITIALIZERS = { kernelInitializer: zeros(), biasInitializer: zeros() };

/** The options in JSON: functions are left out, but for the loss and the learning rate, whose places say so. */
export function encodeConfiguration({ loss, optimizer, ...others }: Configuration): object {
  const { learningRate } = optimizer;
  return {
    ...others,
    loss: typeof loss === "object" && "compute" in loss ? { custom: loss.name } : loss,
    optimizer: { ...optimizer, learningRate: withoutFunctions(learningRate) },
  };
}

/**
 * The options from the JSON of a file, still unchecked, with the given functions in their places.
 *
 * @throws BackpropError `invalidOption` if a function is missing, or is given although the file has none.
 */
export function decodeConfiguration(json: EncodedConfiguration, given: Functions): Configuration {
  const { layers, loss, optimizer } = json;
  return {
    ...json,
    layers: layers.map((layer) => (layer.kind === "dense" ? { ...layer, ...INITIALIZERS } : layer)),
    loss: decodeLoss(loss, given.loss),
    optimizer: { ...optimizer, learningRate: decodeRate(optimizer.learningRate, given.learningRate) },
  };
}

/** The JSON of a Configuration. */
export type EncodedConfiguration = Omit<Configuration, "loss"> & {
  readonly loss: LossName | Loss | { readonly custom: string };
};

function decodeLoss(loss: EncodedConfiguration["loss"], given: unknown): Configuration["loss"] {
  if (typeof loss === "string" || !("custom" in loss)) {
    if (given === undefined) return loss;
    throw notNeeded("loss", `the file has the loss ${show(typeof loss === "string" ? loss : loss.name)}`);
  }
  if (given !== undefined) return given as CustomLoss;
  throw needed("loss", `The loss ${show(loss.custom)} of the network is a function`, "customLoss(…)");
}

/** A schedule of the file as it is, but with the function that it or its warm-up needs. */
function decodeRate(rate: LearningRate, given: LearningRate | undefined): LearningRate {
  if (needsFunction(rate)) {
    if (given !== undefined) return withFunction(rate, given);
    throw needed("learningRate", "The learning rate of the network is a function", "(step, epoch) => …");
  }
  if (given === undefined) return rate;
  throw notNeeded("learningRate", "the file has a learning rate");
}

type Warmup = Extract<LearningRate, { kind: "warmup" }>;

function isWarmup(rate: LearningRate): rate is Warmup {
  return typeof rate === "object" && rate.kind === "warmup";
}

function withoutFunctions(rate: LearningRate): unknown {
  if (isWarmup(rate)) return { ...rate, after: withoutFunctions(rate.after) };
  return typeof rate === "function" ? FUNCTION : rate;
}

function needsFunction(rate: LearningRate): boolean {
  if (isWarmup(rate)) return needsFunction(rate.after);
  return (rate as { kind?: string }).kind === FUNCTION.kind;
}

function withFunction(rate: LearningRate, given: LearningRate): LearningRate {
  return isWarmup(rate) ? { ...rate, after: given as Warmup["after"] } : given;
}

function needed(option: string, why: string, example: string): BackpropError {
  return new BackpropError(
    "invalidOption",
    `${why}, which a file cannot keep. Give the same one: loadNetwork(bytes, { ${option}: ${example} }).`,
  );
}

function notNeeded(option: string, why: string): BackpropError {
  return new BackpropError(
    "invalidOption",
    `loadNetwork is given ${option}, but ${why}. Leave it out, or change it after loading.`,
  );
}
