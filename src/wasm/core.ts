// Loads the core: from a file, bytes, a module or a response to its functions and memory.

import { BackpropError } from "../errors.js";
import { reasonOf } from "../show.js";
import { type Build, type CoreBuild, findBuild } from "./builds.js";
import { notLinked, requireIdentity } from "./identity.js";
import { ADVICE, unavailable } from "./loadErrors.js";
import { compileGiven, compileOwn, requireSource } from "./moduleSource.js";
import { requireEngine, requireSubnormals } from "./requirements.js";

/** An address in linear memory. */
export type Address = number;

/** The functions that the core exports once for each dtype, without the suffix of the dtype. */
interface Kernels {
  workspace_check(network: Address, rows: number, threads: number): number;
  workspace_size(network: Address, rows: number, threads: number): number;
  workspace_layout(network: Address, workspace: Address, rows: number, threads: number): number;
  optimizer_check(network: Address, kind: number, features: number): number;
  optimizer_size(network: Address, kind: number, features: number): number;
  optimizer_layout(network: Address, optimizer: Address, kind: number, features: number): number;
  parameters_are_finite(network: Address): number;
  network_set_trainable(network: Address, layer: number, trainable: number): number;
  train(network: Address, run: Address, budget: number): number;
  predict(
    network: Address,
    workspace: Address,
    samples: Address,
    begin: number,
    end: number,
    predictions: Address,
  ): number;
  evaluate(
    network: Address,
    workspace: Address,
    samples: Address,
    begin: number,
    end: number,
    sum: number,
    training: number,
  ): number;
  compute_gradients: Kernels["evaluate"];
  evaluate_check(
    network: Address,
    workspace: Address,
    samples: Address,
    begin: number,
    end: number,
    training: number,
  ): number;
  update(network: Address, workspace: Address): number;
  forward(
    network: Address,
    workspace: Address,
    samples: Address,
    begin: number,
    end: number,
    training: number,
  ): number;
  pass_predictions(network: Address, workspace: Address, predictions: Address): number;
  output_magnitude(network: Address, workspace: Address, layer: number): number;
  backward(network: Address, workspace: Address, accumulates: number): number;
  network_penalty(network: Address): number;
  add_penalty_gradients(network: Address, workspace: Address): number;
}

export type KernelName = keyof Kernels;

export const KERNEL_NAMES: readonly KernelName[] = [
  "workspace_check",
  "workspace_size",
  "workspace_layout",
  "optimizer_check",
  "optimizer_size",
  "optimizer_layout",
  "parameters_are_finite",
  "network_set_trainable",
  "train",
  "predict",
  "evaluate",
  "compute_gradients",
  "evaluate_check",
  "update",
  "forward",
  "pass_predictions",
  "output_magnitude",
  "backward",
  "network_penalty",
  "add_penalty_gradients",
];

/**
 * What `assembly/index.ts` exports. Addresses and sizes of 2 GiB and more come back negative: `>>> 0` them.
 */
export type CoreExports = { [N in KernelName as `${N}_${"f32" | "f64"}`]: Kernels[N] } & {
  heap_base(): Address;
  abi_version(): number;
  build_features(): number;
  add_in_vector(a: number, b: number): number;
  network_check(description: Address): number;
  network_size(description: Address): number;
  network_layout(network: Address, description: Address): number;
  network_parameters(network: Address): Address;
  network_gradients(network: Address): Address;
  network_prediction_parameters(network: Address): Address;
  network_parameter_count(network: Address): number;
  network_buffers(network: Address): Address;
  network_buffer_count(network: Address): number;
  network_loss_scale(network: Address, weight: number): number;
  workspace_outputs(network: Address, workspace: Address): Address;
  workspace_output_gradients(network: Address, workspace: Address): Address;
  workspace_stride(workspace: Address): number;
  samples_loss_scale(network: Address, samples: Address): number;
  network_set_seed(network: Address, seed: number): void;
  network_step(network: Address): number;
  network_set_step(network: Address, step: number): void;
  network_set_optimizer(network: Address, optimizer: Address): number;
  permutation(order: Address, begin: number, end: number, seed: number, epoch: number): number;
  /** This and the following functions exist only in the builds with threads. */
  team_size(): number;
  team_work_f32(network: Address, team: Address): void;
  team_work_f64(network: Address, team: Address): void;
  network_set_team(network: Address, team: Address): number;
  team_stop(team: Address): void;
};

export interface Core {
  readonly exports: CoreExports;
  readonly memory: WebAssembly.Memory;
  readonly module: WebAssembly.Module;
}

/**
 * The core's module: its bytes (an ArrayBuffer or a view of one), a compiled WebAssembly.Module, the Response to a
 * request for it, or a promise of one of these. (The type is `object` because not every environment declares all of
 * these types.)
 */
export type CoreSource = object;

/** The core's functions were compiled for memories of at most so many pages: 4 GiB. */
const MAX_MEMORY_PAGES = 65536;

const loading = new Map<Build, Promise<Core>>();

/**
 * Loads the core once for this program: from `source`, or else from the library's own file, such as `build/core.wasm`.
 * `createNetwork` calls it itself. Call it earlier if the library's file cannot be reached, for example because a
 * bundler drops it, or because an edge worker takes only compiled modules. Networks with `numerics` or `threads` use a
 * core of another `build`, which is loaded in the same way. Once a core is loaded, later calls for its build keep it:
 * they check the type of their `source`, and do not read it.
 *
 * @throws BackpropError `coreUnavailable` if the module cannot be fetched, compiled or instantiated, or is another
 *   build, `unsupported` if this engine or processor lacks a feature that the build needs, `outOfMemory` if no memory
 *   can be reserved, `invalidOption` or `unknownName` for a build that does not exist or a source of another type.
 *   After an error, a later call may try again.
 */
export async function loadCore(source?: CoreSource, build: CoreBuild = {}): Promise<void> {
  await sharedCore(source, build);
}

/** @internal The program's only core of that build, loaded at the first call. */
export async function sharedCore(source?: CoreSource, build: CoreBuild = {}): Promise<Core> {
  const found = findBuild(build);
  let core = loading.get(found);
  if (core && source !== undefined) await requireSource(source, found);
  if (!core) {
    core = instantiateCore(source, found).catch((cause: unknown) => {
      loading.delete(found);
      if (cause instanceof BackpropError) throw cause;
      throw unavailable(reasonOf(cause), ADVICE.giveFile(found), cause);
    });
    loading.set(found, core);
  }
  return core;
}

async function instantiateCore(source: CoreSource | undefined, build: Build): Promise<Core> {
  requireEngine(build);
  const module = source === undefined ? await compileOwn(build) : await compileGiven(source, build);
  const memory = createMemory(build.isShared);
  const exports = await instantiate(module, memory, build);
  requireIdentity(exports, build);
  requireSubnormals(exports.add_in_vector);
  return { exports, memory, module };
}

async function instantiate(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  build: Build,
): Promise<CoreExports> {
  try {
    const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
    return exports as unknown as CoreExports;
  } catch (cause) {
    throw notLinked(cause, module, build);
  }
}

function createMemory(shared: boolean): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: 1, maximum: MAX_MEMORY_PAGES, shared });
  } catch (cause) {
    throw new BackpropError(
      "outOfMemory",
      `This engine could not reserve the addresses of a WebAssembly memory (${reasonOf(cause)}). Free some memory, raise ` +
        "the limit of the process's virtual memory, or use a 64-bit engine.",
      { cause },
    );
  }
}
