// The only file that names WebAssembly and the loader: it turns a module into the core's functions and their memory.

import { instantiate, instantiateSync } from "@assemblyscript/loader";
import { BackpropError } from "./errors.js";

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

/** @internal What `assembly/index.ts` exports. Addresses and sizes of 2 GiB and more come back negative: `>>> 0` them. */
export type CoreExports = KernelExports & {
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
}

/**
 * Where the core's module can come from: its bytes (an ArrayBuffer or a view of one), a compiled WebAssembly.Module, or the
 * Response to a request for it. (No type names them all in every environment.)
 */
export type CoreSource = object;

const LARGEST_MEMORY_PAGES = 65536;

let loading: Promise<Core> | undefined;

/**
 * Loads the core once for this program: from `source`, or else from the file `core.wasm` that lies beside the library.
 * `createNetwork` does it by itself; call this before, where that file cannot be reached (a bundler that drops it, an
 * edge worker that only takes compiled modules). Once the core is loaded, it stays, whatever the source of a later call.
 *
 * @throws BackpropError `coreUnavailable` if the module cannot be fetched, compiled or instantiated, `outOfMemory` if no
 *   memory can be had. A later call may try again.
 */
export async function loadCore(source?: CoreSource): Promise<void> {
  await sharedCore(source);
}

/** @internal The one core of this program, loaded at the first call. */
export function sharedCore(source?: CoreSource): Promise<Core> {
  loading ??= instantiateCore(source).catch((cause: unknown) => {
    loading = undefined;
    throw cause instanceof BackpropError ? cause : unavailable(cause);
  });
  return loading;
}

async function instantiateCore(source: CoreSource | undefined): Promise<Core> {
  const memory = createMemory();
  const imports = { env: { memory } };
  const { exports } = await (source
    ? instantiate<CoreExports>(source as BufferSource, imports)
    : instantiateOwn(imports));
  if (typeof exports.network_lay !== "function") throw new Error("the module is not this library's core");
  return { exports, memory };
}

function createMemory(): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: 1, maximum: LARGEST_MEMORY_PAGES });
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new BackpropError(
      "outOfMemory",
      'No WebAssembly memory could be reserved. Free some memory, or use engine: "typescript".',
      { cause },
    );
  }
}

/** The file `core.wasm` beside the library, seen from build/ and from src/ alike. */
async function instantiateOwn(imports: WebAssembly.Imports) {
  const url = new URL("../build/core.wasm", import.meta.url);
  if (url.protocol !== "file:") return instantiate<CoreExports>(await fetchCore(url), imports);
  const { readFileSync } = await fileSystem();
  // The loader's other way asks for the global Response, and Node loads its HTTP client for that: tens of milliseconds.
  return instantiateSync<CoreExports>(readFileSync(url), imports);
}

interface FileSystem {
  readFileSync(url: URL): BufferSource;
}

async function fileSystem(): Promise<FileSystem> {
  // A name that bundlers cannot see keeps them from resolving, or warning of, a module that browsers do not have.
  const name = ["node", "fs"].join(":");
  // To import it takes milliseconds; from version 20.16 on, Node gives at once what it has loaded itself.
  const { process } = globalThis as { process?: { getBuiltinModule?(name: string): FileSystem } };
  return process?.getBuiltinModule?.(name) ?? import(/* @vite-ignore */ /* webpackIgnore: true */ name);
}

/** As bytes: compiling from the response itself would fail where a server does not know the type of .wasm files. */
async function fetchCore(url: URL): Promise<ArrayBuffer> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status} ${response.statusText}`);
  return response.arrayBuffer();
}

function unavailable(cause: unknown): BackpropError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new BackpropError(
    "coreUnavailable",
    `The WebAssembly core could not be loaded: ${reason}. ` +
      'Serve core.wasm beside the library, give it to loadCore(), or use engine: "typescript".',
    { cause },
  );
}
