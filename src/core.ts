// The only file that names the loader: it turns a module into the core's functions and their memory.

import { instantiate, instantiateSync } from "@assemblyscript/loader";
import { builtinModule } from "./builtins.js";
import { BackpropError } from "./errors.js";
import { requireKeys, requireKnown, requireType } from "./validation.js";

/** @internal An address in linear memory. */
export type Address = number;

type DTypeSuffix = "f32" | "f64";

type KernelExports = {
  [name in `train_${DTypeSuffix}`]: (network: Address, run: Address, budget: number) => number;
} & {
  [name in `predict_${DTypeSuffix}`]: (
    network: Address,
    inputs: Address,
    rows: number,
    predictions: Address,
  ) => void;
} & {
  [name in `evaluate_${DTypeSuffix}` | `compute_gradients_${DTypeSuffix}`]: (
    network: Address,
    samples: Address,
  ) => number;
} & {
  [name in `update_${DTypeSuffix}`]: (network: Address, learningRate: number) => number;
};

/** What `assembly/threads.ts` exports besides: only the builds with threads have it. */
type TeamExports = {
  [name in `team_size_${DTypeSuffix}`]: (network: Address, workers: number) => number;
} & {
  [name in `team_lay_${DTypeSuffix}`]: (network: Address, team: Address, workers: number) => void;
} & {
  [name in `team_work_${DTypeSuffix}`]: (network: Address, team: Address) => void;
} & {
  team_stop(team: Address): void;
};

/** @internal What `assembly/index.ts` exports. Addresses and sizes of 2 GiB and more come back negative: `>>> 0` them. */
export type CoreExports = KernelExports &
  TeamExports & {
    heap_base(): Address;
    network_size(description: Address): number;
    network_lay(network: Address, description: Address): Address;
    network_parameters(network: Address): Address;
    network_gradients(network: Address): Address;
    network_parameter_count(network: Address): number;
  };

/** @internal */
export interface Core {
  readonly exports: CoreExports;
  readonly memory: WebAssembly.Memory;
  readonly module: WebAssembly.Module;
}

/**
 * "strict": IEEE 754 operations in a fixed order, whose bits are the same everywhere. "relaxed": a product and the sum it
 * is added to may be rounded once instead of twice, which is faster where the processor can; whether it is, and so the
 * last bits, depends on processor and engine.
 */
export type Numerics = "strict" | "relaxed";

/** Which of the core's modules: `core.wasm`, `core.relaxed.wasm`, `core.threads.wasm` or `core.relaxed.threads.wasm`. */
export interface CoreBuild {
  /** Default "strict". */
  readonly numerics?: Numerics;
  /** Whether it is the one for networks of several `threads`, whose memory is shared; default false. */
  readonly threads?: boolean;
}

/**
 * Where the core's module can come from: its bytes (an ArrayBuffer or a view of one), a compiled WebAssembly.Module, or the
 * Response to a request for it. (No type names them all in every environment.)
 */
export type CoreSource = object;

const LARGEST_MEMORY_PAGES = 65536;

interface Build {
  readonly file: string;
  readonly isRelaxed: boolean;
  readonly isShared: boolean;
  /** Written out for each, for that is what bundlers look for; it holds seen from dist/, build/ and src/ alike. */
  readonly url: () => URL;
}

const BUILDS: readonly Build[] = [
  {
    file: "core.wasm",
    isRelaxed: false,
    isShared: false,
    url: () => new URL("../build/core.wasm", import.meta.url),
  },
  {
    file: "core.relaxed.wasm",
    isRelaxed: true,
    isShared: false,
    url: () => new URL("../build/core.relaxed.wasm", import.meta.url),
  },
  {
    file: "core.threads.wasm",
    isRelaxed: false,
    isShared: true,
    url: () => new URL("../build/core.threads.wasm", import.meta.url),
  },
  {
    file: "core.relaxed.threads.wasm",
    isRelaxed: true,
    isShared: true,
    url: () => new URL("../build/core.relaxed.threads.wasm", import.meta.url),
  },
];

const loading = new Map<Build, Promise<Core>>();

/**
 * Loads the core once for this program: from `source`, or else from the library's own file, such as `build/core.wasm`.
 * `createNetwork` does it by itself; call this before, where that file cannot be reached (a bundler that drops it, an edge
 * worker that only takes compiled modules). Networks with `numerics` or `threads` have a core of another `build`, which is
 * loaded in the same way. Once a core is loaded, it stays, whatever the source of a later call.
 *
 * @throws BackpropError `coreUnavailable` if the module cannot be fetched, compiled or instantiated, `unsupported` where
 *   this engine has not what the build needs, `outOfMemory` if no memory can be had, `invalidOption` or `unknownName` for
 *   a build that there is not. A later call may try again.
 */
export async function loadCore(source?: CoreSource, build: CoreBuild = {}): Promise<void> {
  await sharedCore(source, build);
}

/** @internal The one core of that build in this program, loaded at the first call. */
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
  requireKeys("loadCore", build, ["numerics", "threads"]);
  const { numerics = "strict", threads = false } = build;
  requireKnown("numerics", numerics, ["strict", "relaxed"]);
  requireType("threads", threads, "boolean");
  return BUILDS.find(
    ({ isRelaxed, isShared }) => isRelaxed === (numerics === "relaxed") && isShared === threads,
  )!;
}

async function instantiateCore(source: CoreSource | undefined, build: Build): Promise<Core> {
  if (build.isRelaxed) requireRelaxedSimd();
  if (build.isShared) requireSharedMemory();
  const memory = createMemory(build.isShared);
  const imports = { env: { memory } };
  const { exports, module } = await (source
    ? instantiate<CoreExports>(source as BufferSource, imports)
    : instantiateOwn(build, imports));
  if (typeof exports.network_lay !== "function") throw new Error("the module is not this library's core");
  return { exports, memory, module };
}

/** A function of nothing but f32x4.relaxed_madd. */
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
  // Pages alone have the second, and it is what counts there.
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

/** The library's own file. */
async function instantiateOwn(build: Build, imports: WebAssembly.Imports) {
  const url = build.url();
  if (url.protocol !== "file:") return instantiate<CoreExports>(await fetchCore(url), imports);
  const { readFileSync } = await builtinModule<FileSystem>("fs");
  // The loader's other way asks for the global Response, and Node loads its HTTP client for that: tens of milliseconds.
  return instantiateSync<CoreExports>(readFileSync(url), imports);
}

interface FileSystem {
  readFileSync(url: URL): BufferSource;
}

/** As bytes: compiling from the response itself would fail where a server does not know the type of .wasm files. */
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
