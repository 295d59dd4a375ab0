// Loads the core: from a file, bytes, a module or a response to its functions and memory.

import { CORE_URLS } from "../assets.js";
import { BackpropError } from "../errors.js";
import { type OptionsOf, ofType, oneOf, readOptions } from "../validation.js";
import { builtinModule } from "./builtins.js";

/** @internal An address in linear memory. */
export type Address = number;

/** The functions that the core exports once for each dtype, without the suffix of the dtype. */
interface Kernels {
  workspace_size(network: Address, rows: number, threads: number): number;
  workspace_layout(network: Address, workspace: Address, rows: number, threads: number): void;
  optimizer_size(network: Address, kind: number): number;
  optimizer_layout(network: Address, optimizer: Address, kind: number): void;
  parameters_are_finite(network: Address): number;
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
  ): number;
  compute_gradients: Kernels["evaluate"];
  update(network: Address, workspace: Address): number;
}

/** @internal */
export type KernelName = keyof Kernels;

/** @internal */
export const KERNEL_NAMES: readonly KernelName[] = [
  "workspace_size",
  "workspace_layout",
  "optimizer_size",
  "optimizer_layout",
  "parameters_are_finite",
  "train",
  "predict",
  "evaluate",
  "compute_gradients",
  "update",
];

/**
 * @internal What `assembly/index.ts` exports. Addresses and sizes of 2 GiB and more come back negative: `>>> 0` them.
 */
export type CoreExports = { [N in KernelName as `${N}_${"f32" | "f64"}`]: Kernels[N] } & {
  heap_base(): Address;
  network_size(description: Address): number;
  network_layout(network: Address, description: Address): void;
  network_parameters(network: Address): Address;
  network_gradients(network: Address): Address;
  network_parameter_count(network: Address): number;
  network_loss_scale(network: Address, rows: number): number;
  network_set_seed(network: Address, seed: number): void;
  network_set_optimizer(network: Address, optimizer: Address): void;
  permutation(order: Address, begin: number, end: number, seed: number, epoch: number): void;
  /** This and the following functions exist only in the builds with threads. */
  team_size(): number;
  team_work_f32(network: Address, team: Address): void;
  team_work_f64(network: Address, team: Address): void;
  network_set_team(network: Address, team: Address): void;
  team_stop(team: Address): void;
};

/** @internal */
export interface Core {
  readonly exports: CoreExports;
  readonly memory: WebAssembly.Memory;
  readonly module: WebAssembly.Module;
}

/**
 * "strict": IEEE 754 operations in a fixed order: the same bits everywhere. "relaxed": a·b + c may be rounded once
 * instead of twice, which is faster on processors that can. Whether it is rounded once depends on processor and engine,
 * and so do the last bits of results.
 */
export type Numerics = "strict" | "relaxed";

/**
 * Selects a build of the core: `core.wasm`, `core.relaxed.wasm`, `core.threads.wasm` or `core.relaxed.threads.wasm`.
 */
export interface CoreBuild {
  /** Default "strict". */
  readonly numerics?: Numerics;
  /**
   * Whether to select the build for networks with more than one of `threads`, whose memory is shared; default false.
   */
  readonly threads?: boolean;
}

/**
 * The core's module: its bytes (an ArrayBuffer or a view of one), a compiled WebAssembly.Module, or the Response to a
 * request for it. (The type is `object` because not every environment declares all of these types.)
 */
export type CoreSource = object;

const LARGEST_MEMORY_PAGES = 65536;

interface Build {
  readonly file: keyof typeof CORE_URLS;
  readonly isRelaxed: boolean;
  readonly isShared: boolean;
}

const BUILDS: readonly Build[] = [
  { file: "core.wasm", isRelaxed: false, isShared: false },
  { file: "core.relaxed.wasm", isRelaxed: true, isShared: false },
  { file: "core.threads.wasm", isRelaxed: false, isShared: true },
  { file: "core.relaxed.threads.wasm", isRelaxed: true, isShared: true },
];

const BUILD_OPTIONS: OptionsOf<CoreBuild> = {
  numerics: { check: oneOf(["strict", "relaxed"]), default: "strict" },
  threads: { check: ofType("boolean"), default: false },
};

const loading = new Map<Build, Promise<Core>>();

/**
 * Loads the core once for this program: from `source`, or else from the library's own file, such as `build/core.wasm`.
 * `createNetwork` calls it itself. Call it earlier if the library's file cannot be reached, for example because a
 * bundler drops it, or because an edge worker takes only compiled modules. Networks with `numerics` or `threads` use a
 * core of another `build`, which is loaded in the same way. Once a core is loaded, later calls for its build keep it
 * and ignore their `source`.
 *
 * @throws BackpropError `coreUnavailable` if the module cannot be fetched, compiled or instantiated, `unsupported` if
 *   this engine lacks a feature that the build needs, `outOfMemory` if no memory can be reserved, `invalidOption` or
 *   `unknownName` for a build that does not exist. After an error, a later call may try again.
 */
export async function loadCore(source?: CoreSource, build: CoreBuild = {}): Promise<void> {
  await sharedCore(source, build);
}

/** @internal The program's only core of that build, loaded at the first call. */
export async function sharedCore(source?: CoreSource, build: CoreBuild = {}): Promise<Core> {
  const found = findBuild(build);
  let core = loading.get(found);
  if (!core) {
    core = instantiateCore(source, found).catch((cause: unknown) => {
      loading.delete(found);
      throw cause instanceof BackpropError ? cause : unavailable(found, cause);
    });
    loading.set(found, core);
  }
  return core;
}

function findBuild(build: CoreBuild): Build {
  const { numerics, threads } = readOptions("loadCore", build, BUILD_OPTIONS);
  return BUILDS.find(
    ({ isRelaxed, isShared }) => isRelaxed === (numerics === "relaxed") && isShared === threads,
  )!;
}

async function instantiateCore(source: CoreSource | undefined, build: Build): Promise<Core> {
  if (build.isRelaxed) requireRelaxedSimd();
  if (build.isShared) requireSharedMemory();
  const memory = createMemory(build.isShared);
  const module = source ? await compile(await source) : await compileOwn(build);
  const instance = await WebAssembly.instantiate(module, { env: { memory } });
  const exports = instance.exports as unknown as CoreExports;
  if (typeof exports.network_layout !== "function") throw new Error("the module is not this library's core");
  return { exports, memory, module };
}

/** The module that a user gave: itself, its bytes, or a response with them. */
async function compile(source: CoreSource): Promise<WebAssembly.Module> {
  if (source instanceof WebAssembly.Module) return source;
  return WebAssembly.compile((isResponse(source) ? await source.arrayBuffer() : source) as BufferSource);
}

function isResponse(source: CoreSource): source is { arrayBuffer(): Promise<ArrayBuffer> } {
  return "arrayBuffer" in source && typeof source.arrayBuffer === "function";
}

/** A module with one function, which only computes f32x4.relaxed_madd. */
const RELAXED_PROBE = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...[0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b, 0x03, 0x02, 0x01, 0x00],
  ...[0x0a, 0x0f, 0x01, 0x0d, 0x01, 0x01, 0x7b, 0x20, 0x00, 0x20, 0x00, 0x20, 0x00, 0xfd, 0x85, 0x02, 0x0b],
);

function requireRelaxedSimd(): void {
  if (WebAssembly.validate(RELAXED_PROBE)) return;
  throw new BackpropError(
    "unsupported",
    'This engine has no relaxed SIMD, which numerics: "relaxed" needs. Use a newer engine (Node 20 has it only with ' +
      '--experimental-wasm-relaxed-simd), or numerics: "strict".',
  );
}

function requireSharedMemory(): void {
  // Only browsers define crossOriginIsolated. If it is false, memory cannot be shared with workers.
  const { crossOriginIsolated = true } = globalThis as { crossOriginIsolated?: boolean };
  if (typeof SharedArrayBuffer === "function" && crossOriginIsolated) return;
  throw new BackpropError(
    "unsupported",
    "There is no SharedArrayBuffer here, which threads need. A page has it where it is served with the headers " +
      '"Cross-Origin-Opener-Policy: same-origin" and "Cross-Origin-Embedder-Policy: require-corp"; or leave threads out.',
  );
}

function createMemory(shared: boolean): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: 1, maximum: LARGEST_MEMORY_PAGES, shared });
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new BackpropError("outOfMemory", "No WebAssembly memory could be reserved. Free some memory.", {
      cause,
    });
  }
}

/** The module in the library's own file. */
async function compileOwn(build: Build): Promise<WebAssembly.Module> {
  const url = CORE_URLS[build.file]();
  if (url.protocol !== "file:") return WebAssembly.compile(await fetchCore(url));
  const { readFileSync } = await builtinModule<FileSystem>("fs");
  return new WebAssembly.Module(readFileSync(url));
}

interface FileSystem {
  readFileSync(url: URL): BufferSource;
}

/** The bytes of a core. Compiling from the Response would fail if the server does not send the type of .wasm files. */
async function fetchCore(url: URL): Promise<ArrayBuffer> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status} ${response.statusText}`);
  return response.arrayBuffer();
}

function unavailable({ file }: Build, cause: unknown): BackpropError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new BackpropError(
    "coreUnavailable",
    `The WebAssembly core could not be loaded: ${reason}. ` +
      `Serve build/${file} as it lies in the library, or give it to loadCore().`,
    { cause },
  );
}
