// The file of a network: safetensors with the tensors of a PyTorch state_dict and, beside them:
//
//     optimizer.0, …       the optimizer's state, one number for each parameter: [parameters]
//     optimizer.average    the average of the parameters: [parameters]
//     optimizer.shared     numbers of the last step that the next step of some optimizers needs
//     fit.loss, fit.figures.accuracy, …   the figures of each epoch of the last fit: [epochs]
//     fit.spans.…          learning rates and times of epochs with equal ones: [spans]
//     fit.best.…, fit.last.…   parameters, buffers and average of the best epoch, and of the last one
//     __metadata__         format, version, digest; network, training and the user's metadata as JSON
//
// A file of weights alone has no optimizer, fit and training. A file without our metadata has weights alone.

import type { NetworkDescription } from "../description.js";
import type { FloatArray } from "../dtype.js";
import { BackpropError } from "../errors.js";
import type { StopReason, TrainingWarning } from "../history.js";
import { show } from "../show.js";
import type { PatienceState } from "../training/earlyStopping.js";
import type { FitState, Span } from "../training/fitState.js";
import type { ScheduleState } from "../training/learningRates.js";
import type { CopiedValues } from "../training/parameterCopy.js";
import { attempt } from "../validation.js";
import type { ModelValues } from "../wasm/model.js";
import type { OptimizerValues } from "../wasm/optimizer.js";
import { type Configuration, type EncodedConfiguration, encodeConfiguration } from "./configuration.js";
import { isIntact, NO_DIGEST, seal } from "./digest.js";
import { type FileTensor, headerEnd, readSafetensors, writeSafetensors } from "./safetensors.js";
import { numbersOf, readStateDict, type Section, stateDictOf, tensorOf } from "./stateDict.js";
import { checkTraining } from "./trainingChecks.js";

/** Everything of a network that training changes, besides its parameters and buffers. */
export interface Training {
  readonly key: number;
  readonly epoch: number;
  readonly schedule: ScheduleState;
  /** For each layer: whether it is trained. */
  readonly trainable: readonly boolean[];
  /** The last fit, if it stopped at the end of an epoch. */
  readonly fit: FitState | undefined;
}

/** The JSON of Training, with what is a tensor left out. */
interface EncodedTraining extends Omit<Training, "fit"> {
  readonly step: number;
  readonly optimizer: Pick<ModelValues["optimizer"], "step" | "learningRate" | "averagedSteps">;
  readonly fit?: EncodedFit | undefined;
}

interface EncodedFit extends Pick<FitState, "conditions"> {
  readonly warnings: readonly TrainingWarning[];
  readonly endWarnings: number;
  readonly stopped: StopReason | undefined;
  /** Their names. */
  readonly figures: readonly string[];
  /** `best` as text: JSON has no infinity. */
  readonly patience: (Omit<PatienceState, "best"> & { readonly best: string }) | undefined;
}

const FORMAT = "backprop-wasm";
/** Counts changes of the format that older readers cannot read. */
const VERSION = 1;

/** The names of the tensors that are no weights. */
const TRAINING_TENSOR = /^(optimizer|fit)\./;

/**
 * The bytes of a file with the weights and, if `training` is given, with all that is needed to go on training exactly.
 */
export function writeNetworkFile(
  configuration: Configuration,
  description: NetworkDescription,
  values: ModelValues,
  metadata: Metadata,
  training?: Training,
): Uint8Array<ArrayBuffer> {
  const tensors = stateDictOf(description.layers, sectionsOf(description, values));
  const encoded = training && encodeTraining(tensors, values, training);
  const file = writeSafetensors({
    tensors,
    metadata: {
      format: FORMAT,
      version: `${VERSION}`,
      digest: NO_DIGEST,
      network: JSON.stringify(encodeConfiguration(configuration)),
      metadata: JSON.stringify(metadata),
      ...(encoded && { training: JSON.stringify(encoded) }),
    },
  });
  seal(file, headerEnd(file));
  return file;
}

/** Texts of the user's own, by name. */
export type Metadata = Readonly<Record<string, string>>;

/** A file that was read. Its JSON is as it was written. */
export interface NetworkFile {
  readonly tensors: ReadonlyMap<string, FileTensor>;
  /** Undefined for a file of another tool. */
  readonly network: EncodedConfiguration | undefined;
  readonly metadata: Metadata;
  /** Undefined for a file of weights alone. */
  readonly training: EncodedTraining | undefined;
}

/**
 * Reads a file, and checks that nothing of it was altered if it is one of ours.
 *
 * @throws BackpropError `invalidFile`.
 */
export function readNetworkFile(bytes: Uint8Array): NetworkFile {
  const { metadata: head, tensors } = readSafetensors(bytes);
  const { format, version, digest = "", network = "", metadata = "{}", training } = head;
  if (!isOurs(head)) return { tensors, network: undefined, metadata: head, training: undefined };
  if (format === FORMAT) requireVersion(version);
  if (!isIntact(bytes, digest, headerEnd(bytes))) throw altered();
  return {
    tensors,
    network: parse(network) as EncodedConfiguration,
    metadata: parse(metadata) as Metadata,
    training: training === undefined ? undefined : readTrainingJson(training),
  };
}

function parse(json: string): unknown {
  return attempt("invalidFile", "the file", () => JSON.parse(json));
}

function readTrainingJson(text: string): EncodedTraining {
  const json = parse(text);
  checkTraining(json);
  return json as EncodedTraining;
}

/**
 * Writes the weights of a file to parameters and buffers.
 *
 * @throws BackpropError `invalidFile` if they do not fit.
 */
export function readWeights(
  { tensors, training }: NetworkFile,
  description: NetworkDescription,
  values: Pick<ModelValues, "parameters" | "buffers">,
): void {
  const weights = training ? new Map([...tensors].filter(([name]) => !TRAINING_TENSOR.test(name))) : tensors;
  readStateDict(weights, description.layers, sectionsOf(description, values));
}

/**
 * What a network has learned besides its weights, according to a file of ours. `values`: those of the network, for the
 * shapes.
 *
 * @throws BackpropError `invalidFile` if something is missing or does not fit.
 */
export function readTraining(
  tensors: ReadonlyMap<string, FileTensor>,
  { step, optimizer, fit, ...training }: EncodedTraining,
  { parameters, buffers, optimizer: { slots, shared, average } }: ModelValues,
): Training & Pick<ModelValues, "step" | "optimizer"> {
  const state = fit && readFit(tensors, fit);
  if (state) requireEpochs(state, training.epoch);
  const read = (name: string, like: FloatArray) => numbersOf(name, tensors.get(name), [like.length]);
  const readCopy = (name: string): CopiedValues | undefined => {
    if (!tensors.has(`${name}.parameters`)) return undefined;
    return {
      parameters: read(`${name}.parameters`, parameters),
      buffers: read(`${name}.buffers`, buffers),
      average: tensors.has(`${name}.average`) ? read(`${name}.average`, parameters) : undefined,
    };
  };
  return {
    ...training,
    fit: state && { ...state, best: readCopy("fit.best"), last: readCopy("fit.last") },
    step,
    optimizer: {
      ...optimizer,
      shared: read("optimizer.shared", shared) as Float64Array,
      slots: slots.map((slot, index) => read(`optimizer.${index}`, slot)),
      average: average && read("optimizer.average", average),
    },
  };
}

function sectionsOf(
  { parameters, buffers }: NetworkDescription,
  values: Pick<ModelValues, "parameters" | "buffers">,
): readonly Section[] {
  return [
    { placed: parameters, values: values.parameters },
    { placed: buffers, values: values.buffers },
  ];
}

function addOptimizer(tensors: Map<string, FileTensor>, { slots, shared, average }: OptimizerValues): void {
  for (const [index, slot] of slots.entries()) tensors.set(`optimizer.${index}`, tensorOf(slot));
  tensors.set("optimizer.shared", tensorOf(shared));
  if (average) tensors.set("optimizer.average", tensorOf(average));
}

/** Adds the tensors of the optimizer and the fit, and returns everything else. */
function encodeTraining(
  tensors: Map<string, FileTensor>,
  { step, optimizer }: ModelValues,
  { fit, ...training }: Training,
): EncodedTraining {
  addOptimizer(tensors, optimizer);
  const { step: steps, learningRate, averagedSteps } = optimizer;
  return {
    ...training,
    step,
    optimizer: { step: steps, learningRate, averagedSteps },
    fit: fit && encodeFit(tensors, fit),
  };
}

function encodeFit(tensors: Map<string, FileTensor>, fit: FitState): EncodedFit {
  const add = (name: string, values: ArrayLike<number>) =>
    tensors.set(`fit.${name}`, tensorOf(Float64Array.from(values)));
  add("loss", fit.losses);
  for (const key of ["epochs", "learningRate", "milliseconds"] as const) {
    add(
      `spans.${key}`,
      fit.spans.map((span) => span[key]),
    );
  }
  for (const [name, values] of Object.entries(fit.figures)) add(`figures.${name}`, values);
  for (const epoch of ["best", "last"] as const) {
    for (const [name, values] of Object.entries(fit[epoch] ?? {})) {
      if (values) tensors.set(`fit.${epoch}.${name}`, tensorOf(values));
    }
  }
  const { conditions, warnings, endWarnings, stopped, figures, patience } = fit;
  return {
    conditions,
    warnings,
    endWarnings,
    stopped,
    figures: Object.keys(figures),
    patience: patience && { ...patience, best: `${patience.best}` },
  };
}

function readFit(tensors: ReadonlyMap<string, FileTensor>, encoded: EncodedFit): FitState {
  const numbers = (name: string) => numbersOf(`fit.${name}`, tensors.get(`fit.${name}`));
  const [epochs, rates, times] = ["epochs", "learningRate", "milliseconds"].map((key) =>
    numbers(`spans.${key}`),
  );
  const { conditions, warnings, endWarnings, stopped, figures, patience } = encoded;
  return {
    conditions,
    losses: [...numbers("loss")],
    spans: Array.from(epochs!, (count, i) => ({
      epochs: count,
      learningRate: rates![i]!,
      milliseconds: times![i]!,
    })),
    figures: Object.fromEntries(figures.map((name) => [name, [...numbers(`figures.${name}`)]])),
    warnings,
    endWarnings,
    stopped,
    patience: patience && { ...patience, best: Number(patience.best) },
  };
}

/** Requires as many epochs in all that is known of the fit. `epochs`: those of the network. */
function requireEpochs(state: FitState, epochs: number): void {
  const { losses, spans, figures, patience, warnings, endWarnings } = state;
  const { length } = losses;
  const counts = Object.values(figures).map((values) => values.length);
  const isRight =
    length > 0 &&
    length <= epochs &&
    spans.every(isSpan) &&
    spans.reduce((sum, span) => sum + span.epochs, 0) === length &&
    counts.every((count) => count === 0 || count === length) &&
    (!patience || patience.bestEpoch < length) &&
    endWarnings <= warnings.length;
  if (isRight) return;
  throw new BackpropError(
    "invalidFile",
    "The epochs of the fit in the file do not match. Use another copy of it.",
  );
}

function isSpan({ epochs, learningRate, milliseconds }: Span): boolean {
  return (
    Number.isInteger(epochs) && epochs > 0 && Number.isFinite(learningRate) && Number.isFinite(milliseconds)
  );
}

/** Whether a file is, or was before it was altered, one of ours. */
function isOurs(head: Readonly<Record<string, string>>): boolean {
  const { format, digest, network } = head;
  return format === FORMAT || (digest !== undefined && network !== undefined);
}

function requireVersion(version: string | undefined): void {
  if (version === `${VERSION}`) return;
  throw new BackpropError(
    "invalidFile",
    `The file has version ${show(version)} of the format, and this version of the library reads ${VERSION}. Use a newer ` +
      "version of the library.",
  );
}

function altered(): BackpropError {
  return new BackpropError(
    "invalidFile",
    "The file was altered after it was saved: its digest differs. Use another copy of it.",
  );
}
