// A fuzzer: random descriptions, optimizers, samples and runs, most of them with wrong fields.
//
//     FUZZ_CASES=200000 FUZZ_SEED=7 npx vitest run test/fuzz.test.ts
//
// FUZZ_CASES: the number of cases, default 2000. FUZZ_SEED: the seed, default 1. Case i depends only on the seed and i.
// A failure names both. FUZZ_FIRST=i starts with case i.
//
// Each case asserts:
// - No call traps or hangs, or writes outside the blocks of the case.
// - A size is 0 exactly if a status gives the reason.
// - A description is refused exactly if it breaks the rules of assembly/abi/description.ts.
// - A refused call changes nothing.
// - A case without a wrong field trains to its end.
//
// Not tested: regions and arrays in memory that are smaller than the host claims. The core cannot detect them.

import { afterAll, beforeAll, expect, it } from "vitest";
import { type FieldName, type FieldValues, type Struct, StructView } from "../src/abi/struct.js";
import {
  ActivationNumber,
  DESCRIPTION_VERSION,
  DescriptionStruct,
  EmbeddingColumnStruct,
  LayerDescriptionStruct,
  LayerKindNumber,
  LossNumber,
  OptimizerFeatureNumber,
  OptimizerKindNumber,
  OptimizerStruct,
  PauseNumber,
  RunStruct,
  SamplesStruct,
  StatusNumber,
} from "../src/abi/structs.js";
import { encodeOptimizer } from "../src/optimizers.js";
import { Arena } from "./support/arena.js";
import {
  type DescriptionFields,
  descriptionSize,
  type LayerFields,
  writeDescription,
} from "./support/descriptions.js";
import { OPTIMIZERS } from "./support/optimizers.js";
import { Random } from "./support/random.js";
import { Watchdog } from "./support/watchdog.js";

const CASES = setting("FUZZ_CASES", 2000);
const SEED = setting("FUZZ_SEED", 1);
const FIRST = setting("FUZZ_FIRST", 0);

function setting(name: string, unset: number): number {
  return Number(process.env[name] ?? unset);
}

/** Larger networks are only measured. */
const MAX_REGION_BYTES = 2 ** 18;
const MAX_ROWS = 40;
const MAX_EPOCHS = 3;
/** The capacity of a run's losses: more than the epochs that the calls of a case can train. */
const LOSSES = 200;
const HYPERPARAMETERS = 8;

const REGION_LIMIT = 2 ** 32 - 2 ** 16;

const { Exponential, LeakyRelu, Elu, Sigmoid, Softmax, Softplus } = ActivationNumber;
const { BatchNorm, Dense, Dropout, Embedding, GaussianNoise, LayerNorm, PRelu } = LayerKindNumber;

/** The activation that each fused loss requires in the last layer. */
const FUSED: Readonly<Record<number, number>> = {
  [LossNumber.SigmoidCrossentropy]: Sigmoid,
  [LossNumber.CategoricalCrossentropy]: Softmax,
  [LossNumber.SparseCategoricalCrossentropy]: Softmax,
  [LossNumber.KullbackLeibler]: Softmax,
  [LossNumber.Focal]: Sigmoid,
};

let arena: Arena;
let watchdog: Watchdog;

beforeAll(async () => {
  arena = await Arena.create();
  watchdog = new Watchdog(20);
});

afterAll(() => watchdog.stop());

// Random values of fields

const WORDS = [0, 1, 2, 3, 4, 7, 8, 9, 10, 11, 16, 127, 255, 256, 2 ** 16, 2 ** 20, 2 ** 30, 2 ** 31];
const FLOATS = [0, -0, 1, -1, 0.5, 0.1, 2, 1e-7, 1e-17, 1e-46, 1e-300, 1e39, 1e300, 2 ** 53, 2 ** 54];
const NOT_FINITE = [Number.NaN, Infinity, -Infinity];

function anyWord(random: Random): number {
  if (random.chance(0.2)) return random.word();
  return (random.pick(WORDS) * random.pick([1, -1])) >>> 0;
}

function anyFloat(random: Random): number {
  if (random.chance(0.2)) return random.float(-3, 3);
  return random.pick(random.chance(0.3) ? NOT_FINITE : FLOATS);
}

/** An address that the core can recognize as wrong: null, not aligned, or past the end of memory. */
function wrongAddress(random: Random, right: number): number {
  const end = arena.memory.buffer.byteLength;
  const line = right - (right % 64);
  return random.pick([0, line + 1, line + 2, end, end - 4, 2 ** 32 - 64, 2 ** 32 - 1]);
}

/** A smaller count, or a count that exceeds memory. */
function wrongCount(random: Random, right: number): number {
  return random.pick([0, Math.max(0, right - 1), 2 ** 28, 2 ** 31, 2 ** 32 - 1]);
}

/** Sets a random field of a struct to a random value. `special`: functions that choose the values of some fields. */
function spoil<S extends Struct>(
  random: Random,
  view: StructView<S>,
  struct: S,
  special: { readonly [F in FieldName<S>]?: (right: number) => number } = {},
): void {
  const field = random.pick(Object.keys(struct.fields) as FieldName<S>[]);
  const choose = special[field];
  const isFloat = struct.fields[field]!.type === "f64";
  const value = choose ? choose(view.get(field) as number) : isFloat ? anyFloat(random) : anyWord(random);
  view.set({ [field]: value } as FieldValues<S>);
}

// Descriptions

interface Described {
  readonly fields: DescriptionFields & {
    readonly elementSize: number;
    readonly inputs: number;
    loss: number;
  };
  readonly layers: readonly (LayerFields & { readonly units: number })[];
}

function validLayer(random: Random, inputs: number): Described["layers"][number] {
  if (random.chance(0.2)) return { kind: Dropout, units: inputs, parameter: random.float(0, 1) };
  if (random.chance(0.15)) return { kind: GaussianNoise, units: inputs, parameter: random.float(0, 1) };
  if (random.chance(0.15)) return { kind: PRelu, units: inputs };
  const norm = { units: inputs, parameter: random.float(1e-3, 1) };
  if (random.chance(0.15)) return { kind: LayerNorm, ...norm };
  if (random.chance(0.15)) return { kind: BatchNorm, ...norm, momentum: random.float(0, 1) };
  return validDense(random, random.integer(0, Exponential));
}

/** An embedding of some of the inputs. */
function validEmbedding(random: Random, inputs: number): Described["layers"][number] {
  const all = Array.from({ length: inputs }, (_, column) => column);
  const replaced = all.filter((column) => column === 0 || random.chance(0.3)).reverse();
  const list = replaced.map((column) => ({
    column,
    categories: random.integer(1, 9),
    units: random.integer(1, 5),
  }));
  const columns = arena.allocate(list.length * EmbeddingColumnStruct.size);
  list.forEach((fields, i) => {
    new StructView(EmbeddingColumnStruct, arena.memory, columns + i * EmbeddingColumnStruct.size).set(fields);
  });
  const units = list.reduce((sum, each) => sum + each.units - 1, inputs);
  return { kind: Embedding, units, columns, columnCount: list.length };
}

function validDense(random: Random, activation: number): Described["layers"][number] {
  const hasAlpha = activation === LeakyRelu || activation === Elu;
  const useBias = random.integer(0, 1);
  const penalty = (isAllowed = true) => (isAllowed && random.chance(0.2) ? random.float(0, 0.1) : 0);
  return {
    kind: Dense,
    units: random.integer(activation === Softmax ? 2 : 1, 12),
    activation,
    useBias,
    parameter: hasAlpha ? random.float(0, 2) : 0,
    kernelL1: penalty(),
    kernelL2: penalty(),
    biasL1: penalty(useBias === 1),
    biasL2: penalty(useBias === 1),
  };
}

function validLossParameter(random: Random, loss: number): number {
  if (loss === LossNumber.Huber) return random.float(0.1, 2);
  if (loss === LossNumber.Focal || loss === LossNumber.Quantile) return random.float(0.1, 0.9);
  return loss === LossNumber.BinaryCrossentropy ? random.float(0.01, 0.4) : 0;
}

function validDescription(random: Random): Described {
  const inputs = random.integer(1, 12);
  const loss = random.integer(0, LossNumber.Focal);
  const layers: Described["layers"][number][] = random.chance(0.2) ? [validEmbedding(random, inputs)] : [];
  for (let i = random.integer(1, 4); i > 0; i--) {
    layers.push(validLayer(random, layers.at(-1)?.units ?? inputs));
  }
  // The logarithm of a rate below 0 is NaN.
  const output = loss === LossNumber.Poisson ? Softplus : FUSED[loss];
  if (output !== undefined) layers[layers.length - 1] = validDense(random, output);
  const elementSize = random.pick([4, 8]);
  const lossParameter = validLossParameter(random, loss);
  const lossAlpha = loss === LossNumber.Focal ? random.pick([-1, 0.25]) : 0;
  const labelSmoothing = takesSmoothing(loss) ? random.pick([0, 0.1]) : 0;
  const mean = random.integer(0, 1);
  return { fields: { elementSize, inputs, loss, mean, lossParameter, lossAlpha, labelSmoothing }, layers };
}

/** `columns`: where the columns of the embedding are, 0 without one. */
function spoilDescription(random: Random, address: number, layers: number, columns: number): void {
  if (random.chance(0.1)) {
    const bytes = new Uint8Array(arena.memory.buffer, address, descriptionSize(layers));
    bytes[random.integer(0, bytes.length - 1)] = random.integer(0, 255);
  } else if (random.chance(0.5)) {
    spoil(random, new StructView(DescriptionStruct, arena.memory, address), DescriptionStruct);
  } else if (columns > 0 && random.chance(0.3)) {
    spoil(random, new StructView(EmbeddingColumnStruct, arena.memory, columns), EmbeddingColumnStruct);
  } else {
    const layer = address + descriptionSize(random.integer(0, layers - 1));
    spoil(random, new StructView(LayerDescriptionStruct, arena.memory, layer), LayerDescriptionStruct);
  }
}

/** The fields of a struct in memory. */
function read<S extends Struct>(struct: S, address: number): { readonly [F in FieldName<S>]: number } {
  const view = new StructView(struct, arena.memory, address);
  const fields = Object.keys(struct.fields) as FieldName<S>[];
  return Object.fromEntries(fields.map((field) => [field, view.get(field)])) as never;
}

type ColumnInMemory = { readonly [F in FieldName<typeof EmbeddingColumnStruct>]: number };

/** The columns of the first layer of a description; none if their address is wrong. */
function columnsOf(description: number): readonly ColumnInMemory[] {
  const { kind, columns, columnCount } = read(LayerDescriptionStruct, description + descriptionSize(0));
  const { size } = EmbeddingColumnStruct;
  const isInMemory =
    columns > 0 && columns % 4 === 0 && columns + size * columnCount <= arena.memory.buffer.byteLength;
  if (kind !== Embedding || columnCount > 1024 || !isInMemory) return [];
  return Array.from({ length: columnCount }, (_, i) => read(EmbeddingColumnStruct, columns + i * size));
}

/**
 * Whether a description obeys the rules of assembly/abi/description.ts. Undefined if its size is so close to the limit
 * that the answer depends on the size of the network's head.
 */
function isRight(address: number): boolean | undefined {
  const description = read(DescriptionStruct, address);
  const { version, byteLength, elementSize, inputs, layerCount, loss, mean, reserved } = description;
  if (version !== DESCRIPTION_VERSION || layerCount === 0) return false;
  if (byteLength !== descriptionSize(layerCount)) return false;
  if (address + byteLength > arena.memory.buffer.byteLength) return false;
  if (elementSize !== 4 && elementSize !== 8) return false;
  if (inputs === 0 || mean > 1 || reserved !== 0) return false;
  if (!isRightLoss(description, elementSize)) return false;
  const layers = Array.from({ length: layerCount }, (_, i) =>
    read(LayerDescriptionStruct, address + descriptionSize(i)),
  );
  const widths = [inputs, ...layers.map(({ units }) => units)];
  const columns = columnsOf(address);
  const isRightFirst = layers[0]!.kind === Embedding && isRightEmbedding(layers[0]!, columns, inputs);
  const isRightAt = (layer: LayerInMemory, i: number) =>
    (i === 0 && isRightFirst) || isRightLayer(layer, widths[i]!, elementSize);
  if (!layers.every(isRightAt)) return false;
  if (FUSED[loss] !== undefined && layers.at(-1)!.activation !== FUSED[loss]) return false;
  const tables = columns.reduce((sum, { categories, units }) => sum + categories * units, 0);
  const bytes = networkBytes(layers, widths, elementSize, tables);
  return Math.abs(bytes - REGION_LIMIT) < 2 ** 16 ? undefined : bytes < REGION_LIMIT;
}

function roundedTo(elementSize: number, value: number): number {
  return elementSize === 4 ? Math.fround(value) : value;
}

function takesSmoothing(loss: number): boolean {
  return loss >= LossNumber.BinaryCrossentropy && loss <= LossNumber.SparseCategoricalCrossentropy;
}

type DescriptionInMemory = { readonly [F in FieldName<typeof DescriptionStruct>]: number };

function isRightLoss(
  { loss, lossParameter, lossAlpha, labelSmoothing }: DescriptionInMemory,
  elementSize: number,
): boolean {
  const value = roundedTo(elementSize, lossParameter);
  if (loss === LossNumber.Focal) {
    const isShare = (lossAlpha >= 0 && lossAlpha <= 1) || lossAlpha === -1;
    return isShare && value >= 0 && value < Infinity;
  }
  const smoothing = roundedTo(elementSize, labelSmoothing);
  if (lossAlpha !== 0 || !(takesSmoothing(loss) ? smoothing >= 0 && smoothing < 1 : labelSmoothing === 0))
    return false;
  if (loss === LossNumber.Quantile) return value > 0 && value < 1;
  if (loss === LossNumber.Huber) return value > 0 && value < Infinity;
  if (loss === LossNumber.BinaryCrossentropy) return value < 0.5 && roundedTo(elementSize, 1 - value) < 1;
  return loss <= LossNumber.Custom && lossParameter === 0;
}

function isEpsilon(parameter: number, elementSize: number): boolean {
  const epsilon = roundedTo(elementSize, parameter);
  return epsilon > 0 && epsilon < Infinity;
}

/** For each kind of layer with as many outputs as inputs and without penalties: whether it takes a parameter. */
const PLAIN_PARAMETERS: Readonly<Record<number, (parameter: number, elementSize: number) => boolean>> = {
  [Dropout]: (rate) => rate >= 0 && rate < 1,
  [GaussianNoise]: (deviation, size) => deviation >= 0 && roundedTo(size, deviation) < Infinity,
  [LayerNorm]: isEpsilon,
  [BatchNorm]: isEpsilon,
  [PRelu]: (parameter) => parameter === 0,
};

type LayerInMemory = { readonly [F in FieldName<typeof LayerDescriptionStruct>]: number };

function isRightEmbedding(layer: LayerInMemory, columns: readonly ColumnInMemory[], inputs: number): boolean {
  const { units, columnCount, activation, useBias, parameter, kernelL1, kernelL2, biasL1, biasL2, momentum } =
    layer;
  const reserved = [activation, useBias, parameter, kernelL1, kernelL2, biasL1, biasL2, momentum];
  const numbers = columns.map(({ column }) => column);
  return (
    reserved.every((field) => field === 0) &&
    columns.length > 0 &&
    columns.length === columnCount &&
    new Set(numbers).size === columns.length &&
    columns.every((each) => each.column < inputs && each.categories > 0 && each.units > 0) &&
    units === columns.reduce((sum, each) => sum + each.units - 1, inputs)
  );
}

/** Whether a layer of any kind but an embedding is right. */
function isRightLayer(layer: LayerInMemory, inputs: number, elementSize: number): boolean {
  if (layer.columns !== 0 || layer.columnCount !== 0) return false;
  const { kind, units, activation, useBias, parameter, kernelL1, kernelL2, biasL1, biasL2, momentum } = layer;
  const penalties = [kernelL1, kernelL2, biasL1, biasL2];
  if (kind === BatchNorm ? !(momentum >= 0 && momentum <= 1) : momentum !== 0) return false;
  const isRightParameter = PLAIN_PARAMETERS[kind];
  if (isRightParameter) {
    const hasNoOthers = activation === 0 && useBias === 0 && penalties.every((penalty) => penalty === 0);
    return units === inputs && units > 0 && hasNoOthers && isRightParameter(parameter, elementSize);
  }
  const rounded = penalties.map((penalty) => roundedTo(elementSize, penalty));
  if (!rounded.every((penalty) => penalty >= 0 && penalty < Infinity)) return false;
  if (useBias === 0 && (biasL1 !== 0 || biasL2 !== 0)) return false;
  if (kind !== Dense || units === 0 || activation > Exponential || useBias > 1) return false;
  if (activation === Softmax && units === 1) return false;
  const alpha = roundedTo(elementSize, parameter);
  return activation === LeakyRelu || activation === Elu ? alpha >= 0 && alpha < Infinity : parameter === 0;
}

/**
 * The approximate bytes of a network: its parameters and gradients, and two arrays of buffers, or the bytes that are read
 * past kernels.
 */
function networkBytes(
  layers: readonly LayerInMemory[],
  widths: readonly number[],
  elementSize: number,
  tables: number,
): number {
  let [count, buffers, readable] = [tables, 0, 0];
  layers.forEach(({ kind, units, useBias }, i) => {
    if (kind === PRelu) count += units;
    if (kind === LayerNorm || kind === BatchNorm) count += 2 * units;
    if (kind === BatchNorm) buffers += 2 * units;
    if (kind !== Dense) return;
    const inputs = widths[i]!;
    if (i > 0) readable = Math.max(readable, count + (inputs + 32 / elementSize - 1) * units);
    count += (inputs + useBias) * units;
  });
  return elementSize * Math.max(2 * count + 2 * buffers, readable);
}

// A case

/** Counts outcomes over all cases, so that the test fails if it never reaches one of them. */
const tally = { wrong: 0, laidOut: 0, trained: 0, changed: 0, refused: 0, stopped: 0 };

interface Network {
  readonly address: number;
  readonly suffix: "f32" | "f64";
  readonly elementSize: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly takesLabels: boolean;
  /** Whether it has a batch norm, which takes no batch of one row. */
  readonly needsWholeBatch: boolean;
  /** Of its embedding, if it has one. */
  readonly columns: readonly ColumnInMemory[];
  /** Whether its description has a changed field that is still valid, such as an alpha of 1e300. */
  readonly isOdd: boolean;
}

function expectStatus(status: number, expected: keyof typeof StatusNumber): void {
  if (status !== StatusNumber[expected]) throw new Error(`status ${status} instead of ${expected}`);
}

function expectNoIntrusion(call: string): void {
  const address = arena.findIntrusion();
  if (address >= 0) throw new Error(`${call} wrote to ${address}`);
}

/** Asserts that the size is 0 exactly if the status is not Ok. Returns whether the size is above 0. */
function measures(size: number, status: number, isExpected: boolean | undefined): boolean {
  const isOk = status === StatusNumber.Ok;
  if (size > 0 !== isOk) throw new Error(`size ${size} with status ${status}`);
  if (isExpected !== undefined && isOk !== isExpected) throw new Error(`status ${status} is wrong`);
  return isOk;
}

function runCase(random: Random): void {
  arena.clear();
  const network = layOutNetwork(random);
  if (!network) return;
  tally.laidOut++;
  const workspace = layOutWorkspace(random, network);
  const optimizer = layOutOptimizer(random, network);
  if (!workspace || !optimizer) return;
  train(random, network, workspace, optimizer);
}

function layOutNetwork(random: Random): Network | undefined {
  const { fields, layers } = validDescription(random);
  const description = arena.allocate(descriptionSize(layers.length));
  writeDescription(arena.memory, description, fields, layers);
  const isSpoilt = random.chance(0.5);
  if (isSpoilt)
    for (let i = random.integer(1, 3); i > 0; i--)
      spoilDescription(random, description, layers.length, layers[0]!.columns ?? 0);
  const isExpected = isRight(description);
  if (!isSpoilt && !isExpected) throw new Error("a valid description is wrong");
  const size = arena.call("network_size", description);
  const isOk = measures(size, arena.call("network_check", description), isExpected);
  if (!isOk) {
    tally.wrong++;
    const region = arena.allocate(MAX_REGION_BYTES);
    if (arena.call("network_layout", region, description) === StatusNumber.Ok) throw new Error("laid out");
    if (arena.copyOf(region).some((byte) => byte !== 0)) throw new Error("wrote to the region");
  }
  if (!isOk || size > MAX_REGION_BYTES) return undefined;
  const address = arena.allocate(size);
  const wrongRegion = wrongAddress(random, address);
  expectStatus(arena.call("network_layout", wrongRegion, description), "InvalidAddress");
  expectStatus(arena.call("network_layout", address, description), "Ok");
  expectNoIntrusion("network_layout");
  const { elementSize, inputs, loss, layerCount } = read(DescriptionStruct, description);
  const { units } = read(LayerDescriptionStruct, description + descriptionSize(layerCount - 1));
  const columns = columnsOf(description);
  const count = arena.call("network_parameter_count", address);
  const parameters = arena.floats(arena.call("network_parameters", address), count, elementSize);
  for (let i = 0; i < count; i++) parameters[i] = random.float(-0.5, 0.5);
  const takesLabels = loss === LossNumber.SparseCategoricalCrossentropy;
  return {
    address,
    suffix: elementSize === 4 ? "f32" : "f64",
    elementSize,
    inputs,
    outputs: units,
    takesLabels,
    needsWholeBatch: arena.call("network_buffer_count", address) > 0,
    columns,
    isOdd: isSpoilt,
  };
}

function layOutWorkspace(random: Random, { address, suffix }: Network): number | undefined {
  const isSpoilt = random.chance(0.1);
  const rows = isSpoilt ? anyWord(random) : random.integer(1, 300);
  const threads = isSpoilt ? anyWord(random) : random.integer(1, 3);
  const size = arena.call(`workspace_size_${suffix}`, address, rows, threads);
  const status = arena.call(`workspace_check_${suffix}`, address, rows, threads);
  // The limit of the size is not predicted: it depends on the layers.
  const isPossible = rows > 0 && threads > 0 && threads <= 255;
  const isOk = measures(size, status, isSpoilt && isPossible && rows > 300 ? undefined : isPossible);
  if (!isOk || size > 2 ** 21) return undefined;
  const workspace = arena.allocate(size);
  const wrongRegion = wrongAddress(random, workspace);
  expectStatus(
    arena.call(`workspace_layout_${suffix}`, address, wrongRegion, rows, threads),
    "InvalidAddress",
  );
  expectStatus(arena.call(`workspace_layout_${suffix}`, address, workspace, rows, threads), "Ok");
  expectNoIntrusion("workspace_layout");
  return workspace;
}

/** The features of each kind in addition to those of all kinds. */
const FEATURES: Readonly<Record<number, readonly (keyof typeof OptimizerFeatureNumber)[]>> = {
  [OptimizerKindNumber.Sgd]: ["Momentum", "Nesterov", "WeightDecay"],
  [OptimizerKindNumber.Adam]: ["Amsgrad", "DecoupledDecay", "WeightDecay"],
  [OptimizerKindNumber.Nadam]: ["DecoupledDecay", "WeightDecay"],
  [OptimizerKindNumber.Rmsprop]: ["Momentum", "Centered", "WeightDecay"],
  [OptimizerKindNumber.Adagrad]: ["WeightDecay"],
  [OptimizerKindNumber.Adadelta]: ["WeightDecay"],
  [OptimizerKindNumber.Rprop]: [],
};

const COMMON_FEATURES =
  OptimizerFeatureNumber.ValueClipping | OptimizerFeatureNumber.NormClipping | OptimizerFeatureNumber.Average;

function isRightKind(kind: number, features: number): boolean {
  const own = FEATURES[kind]?.reduce((bits, feature) => bits | OptimizerFeatureNumber[feature], 0);
  return own !== undefined && (features & ~(own | COMMON_FEATURES)) === 0;
}

function layOutOptimizer(random: Random, { address, suffix }: Network): number | undefined {
  const encoded = encodeOptimizer(random.pick(Object.values(OPTIMIZERS)));
  const kind = random.chance(0.1) ? anyWord(random) : encoded.kind;
  const features = random.chance(0.1) ? anyWord(random) : encoded.features;
  const size = arena.call(`optimizer_size_${suffix}`, address, kind, features);
  const status = arena.call(`optimizer_check_${suffix}`, address, kind, features);
  if (!measures(size, status, isRightKind(kind, features))) return undefined;
  const optimizer = arena.allocate(size);
  const layout = (region: number) =>
    arena.call(`optimizer_layout_${suffix}`, address, region, kind, features);
  expectStatus(layout(wrongAddress(random, optimizer)), "InvalidAddress");
  expectStatus(layout(optimizer), "Ok");
  // Its fields would not fit.
  if (kind !== encoded.kind || features !== encoded.features) return undefined;
  const { weightDecay, clipValue, clipNorm, averageDecay, hyperparameters } = encoded;
  new StructView(OptimizerStruct, arena.memory, optimizer).set({
    learningRate: random.float(0, 1e-3),
    weightDecay,
    clipValue,
    clipNorm,
    averageDecay,
  });
  arena.floats(optimizer + OptimizerStruct.size, hyperparameters.length, 8).set(hyperparameters);
  expectStatus(arena.call("network_set_optimizer", address, optimizer), "Ok");
  expectNoIntrusion("optimizer_layout");
  return optimizer;
}

function putSamples(random: Random, network: Network): StructView<typeof SamplesStruct> {
  const { elementSize, inputs, outputs, takesLabels, needsWholeBatch } = network;
  const rows = random.integer(needsWholeBatch ? 2 : 1, MAX_ROWS);
  const numbers = (length: number, low: number, high: number) =>
    Array.from({ length }, () => random.float(low, high));
  const samples = numbers(rows * inputs, -1, 1).map((value, i) => {
    const column = network.columns.find((each) => each.column === i % inputs);
    return column ? random.integer(0, Math.min(column.categories, 2 ** 24) - 1) : value;
  });
  const labels = () => Array.from({ length: rows }, () => random.integer(0, outputs - 1));
  const order = () => Array.from({ length: rows }, () => random.integer(0, rows - 1));
  return arena.put(SamplesStruct, {
    inputs: arena.putFloats(samples, elementSize),
    targets: arena.putFloats(takesLabels ? labels() : numbers(rows * outputs, 0, 1), elementSize),
    order: random.chance(0.5) ? arena.putWords(order()) : 0,
    rows,
    scale: 1,
  });
}

function validBatchSize(random: Random, rows: number, needsWholeBatch: boolean): number {
  for (;;) {
    const batchSize = random.integer(1, rows + 5);
    const leavesOneRow = batchSize === 1 || (batchSize < rows && rows % batchSize === 1);
    if (!needsWholeBatch || !leavesOneRow) return batchSize;
  }
}

function putRun(
  random: Random,
  { needsWholeBatch }: Network,
  samples: StructView<typeof SamplesStruct>,
  workspace: number,
) {
  const rates = random.chance(0.3) ? Array.from({ length: LOSSES }, () => random.float(0, 1e-3)) : [];
  return arena.put(RunStruct, {
    samples: samples.address,
    workspace,
    batchSize: validBatchSize(random, samples.get("rows"), needsWholeBatch),
    pauses: random.chance(0.5) ? random.integer(0, 7) : PauseNumber.Never,
    until: random.integer(1, MAX_EPOCHS),
    losses: arena.allocate(8 * LOSSES),
    shuffles: samples.get("order") && random.integer(0, 1),
    firstEpoch: random.integer(0, 9),
    learningRates: rates.length > 0 ? arena.putFloats(rates, 8) : 0,
    learningRateCount: rates.length,
    targetLoss: Number.NEGATIVE_INFINITY,
  });
}

/** The views and blocks of a training run. */
interface Training {
  readonly network: Network;
  readonly workspace: number;
  readonly optimizer: StructView<typeof OptimizerStruct>;
  readonly samples: StructView<typeof SamplesStruct>;
  readonly run: StructView<typeof RunStruct>;
  /** The addresses of the arrays, even if their pointers were changed. */
  readonly arrays: {
    readonly inputs: number;
    readonly order: number;
    readonly targets: number;
    readonly losses: number;
  };
  /** The number of rows, even if the field was changed. */
  readonly rows: number;
}

function spoilTraining(
  random: Random,
  { network, workspace, optimizer, samples, run, arrays, rows }: Training,
): void {
  const pointer = (right: number) => wrongAddress(random, right);
  const count = (right: number) => wrongCount(random, right);
  const choices = [
    () => spoil(random, optimizer, OptimizerStruct),
    () => {
      const hyperparameters = arena.floats(optimizer.address + OptimizerStruct.size, HYPERPARAMETERS, 8);
      hyperparameters[random.integer(0, HYPERPARAMETERS - 1)] = anyFloat(random);
    },
    () =>
      spoil(random, samples, SamplesStruct, {
        inputs: pointer,
        targets: pointer,
        order: (right) => (right ? pointer(right) : 0),
        rows: count,
      }),
    () =>
      spoil(random, run, RunStruct, {
        samples: pointer,
        workspace: (right) => random.pick([pointer(right), network.address, optimizer.address]),
        losses: pointer,
        learningRates: (right) => (right ? pointer(right) : 0),
        until: count,
        learningRateCount: count,
      }),
    () => {
      if (arrays.order)
        new Uint32Array(arena.memory.buffer, arrays.order, rows)[random.integer(0, rows - 1)] =
          anyWord(random);
    },
    () => {
      if (network.takesLabels) {
        arena.floats(arrays.targets, rows, network.elementSize)[random.integer(0, rows - 1)] =
          anyFloat(random);
      }
    },
    () => {
      const inputs = samples.get("inputs");
      if (inputs !== arrays.inputs) return;
      const count = rows * network.inputs;
      arena.floats(inputs, count, network.elementSize)[random.integer(0, count - 1)] = anyFloat(random);
    },
    () => {
      const address = random.pick([0, ...[1, 2].map(() => pointer(workspace))]);
      const status = arena.call("network_set_optimizer", network.address, address);
      expectStatus(status, address === 0 ? "Ok" : "InvalidAddress");
    },
  ];
  random.pick(choices)();
}

function train(random: Random, network: Network, workspace: number, optimizer: number): void {
  const samples = putSamples(random, network);
  const run = putRun(random, network, samples, workspace);
  const { inputs, order, targets } = read(SamplesStruct, samples.address);
  const arrays = { inputs, order, targets, losses: run.get("losses") };
  const view = new StructView(OptimizerStruct, arena.memory, optimizer);
  const rows = samples.get("rows");
  const training = { network, workspace, optimizer: view, samples, run, arrays, rows };
  const isSpoilt = random.chance(0.7);
  // Before the run, and in the middle of it.
  const spoilAt = isSpoilt ? random.integer(0, 3) : -1;
  for (let i = 0; i < 6; i++) {
    if (i === spoilAt) for (let j = random.integer(1, 2); j > 0; j--) spoilTraining(random, training);
    if (random.chance(0.2)) callParts(random, training);
    if (random.chance(0.1)) setTrainable(random, training);
    advance(random, training);
  }
  if (!isSpoilt && !network.isOdd) expectFinish(random, training);
}

/** A copy of everything that a refused call must not change. */
function stateOf({ network, optimizer, samples, arrays }: Training): Buffer {
  const begin = arena.call("network_parameters", network.address) - network.address;
  const blocks = [optimizer.address, samples.address, ...Object.values(arrays).filter((address) => address)];
  return Buffer.concat([
    arena.copyOf(network.address).subarray(begin),
    ...blocks.map((address) => arena.copyOf(address)),
  ]);
}

/** Calls train() once. */
function advance(random: Random, training: Training): void {
  const { network, run } = training;
  const before = stateOf(training);
  const runBefore = read(RunStruct, run.address);
  const status = arena.call(`run_check_${network.suffix}`, network.address, run.address);
  const done = arena.call(
    `train_${network.suffix}`,
    network.address,
    run.address,
    random.pick([0, 1, 2, 5, 30]),
  );
  expectNoIntrusion("train");
  const isRefused = run.get("status") > StatusNumber.StepNotFinite;
  if (status !== StatusNumber.Ok && run.get("status") !== status) throw new Error(`run_check gave ${status}`);
  if (!isRefused) return;
  // A call may also finish a pending update, which does not count as a unit of its budget.
  if (done > 0 || (status === StatusNumber.Ok && runBefore.updateIsDue)) {
    tally.stopped++;
    return;
  }
  tally.refused++;
  if (Buffer.compare(stateOf(training), before) !== 0) throw new Error("a refused call changed something");
  if (status === StatusNumber.Ok) return;
  expect({ ...read(RunStruct, run.address), status: 0 }).toEqual({ ...runBefore, status: 0 });
}

/** Asserts that a case without a wrong field trains to its end. */
function expectFinish(random: Random, training: Training): void {
  const { network, run } = training;
  for (let calls = 0; run.get("status") !== StatusNumber.Finished; calls++) {
    if (calls > 1000) throw new Error(`status ${run.get("status")} after ${calls} calls`);
    advance(random, training);
  }
  const losses = arena.floats(run.get("losses"), run.get("until"), 8);
  if (!losses.every(Number.isFinite)) throw new Error(`losses ${losses}`);
  const count = arena.call("network_parameter_count", network.address);
  const gradients = arena.floats(
    arena.call("network_gradients", network.address),
    count,
    network.elementSize,
  );
  tally.trained++;
  if (gradients.some((gradient) => gradient !== 0)) tally.changed++;
}

/** Freezes a layer or makes it trainable, between two calls of train(). */
function setTrainable(random: Random, { network: { address, suffix }, run }: Training): void {
  if (run.get("isInBatch")) return;
  const [layer, trainable] = [random.integer(0, 4), random.integer(0, 2)];
  const status = arena.call(`network_set_trainable_${suffix}`, address, layer, trainable);
  if (status === StatusNumber.Ok && trainable > 1) throw new Error("took a wrong flag");
  expectNoIntrusion("network_set_trainable");
}

/** Makes the calls other than train(), for rows that may not exist. */
function callParts(random: Random, { network, workspace, samples }: Training): void {
  const { address, suffix, elementSize, outputs } = network;
  const call = (name: string, ...values: number[]) => arena.call(`${name}_${suffix}`, ...values);
  const word = () => (random.chance(0.8) ? random.integer(0, MAX_ROWS + 1) : anyWord(random));
  const range = [address, workspace, samples.address, word(), word()] as const;
  const [, , , begin, end] = range;
  const isRange = begin < end && end - begin <= MAX_ROWS;
  const training = random.integer(0, 1);
  const status = call("evaluate_check", ...range, training);
  const gradients = arena.copyOf(address);
  const isRefused = status !== StatusNumber.Ok;
  if (Number.isFinite(call("evaluate", ...range, 0, training)) && isRefused) throw new Error("evaluated");
  if (Number.isFinite(call("compute_gradients", ...range, 0, training)) && isRefused)
    throw new Error("computed");
  if (isRefused && Buffer.compare(arena.copyOf(address), gradients) !== 0) throw new Error("wrote gradients");
  const predictions = arena.allocate(isRange ? (end - begin) * outputs * elementSize : 0);
  call("predict", ...range, isRange ? predictions : wrongAddress(random, predictions));
  call("forward", ...range, random.integer(0, 1));
  call("loss", address, workspace, random.pick([0, 128, word()]), random.float(0, 1));
  call("output_magnitude", address, workspace, random.chance(0.5) ? 0 : anyWord(random));
  const outs = arena.allocate(MAX_ROWS * outputs * elementSize);
  call("pass_predictions", address, workspace, random.chance(0.8) ? outs : wrongAddress(random, outs));
  call("complete_outputs", address, workspace);
  expectNoIntrusion("a call");
}

it(`the core never traps, hangs, writes outside its regions or fails without a status in ${CASES} random cases`, {
  timeout: 1e9,
}, () => {
  for (let number = FIRST; number < FIRST + CASES; number++) {
    watchdog.beginCase(number);
    try {
      runCase(new Random(Math.imul(SEED, 0x9e3779b1) + number));
    } catch (cause) {
      throw new Error(`case ${number} of seed ${SEED} fails: ${cause}`, { cause });
    }
  }
  if (CASES < 1000) return;
  for (const [what, count] of Object.entries(tally)) expect(count / CASES, what).toBeGreaterThan(0.0005);
});
