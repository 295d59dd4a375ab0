// The URLs of the files that are loaded at run time. Each is written out as `new URL("…", import.meta.url)`: Vite and
// webpack look for this form and copy the file. (esbuild and rollup do not.) The URLs are relative to this file and
// must be right in dist/, build/ and src/. So this file must stay at the top of these folders.

/** The builds of the core. */
export const CORE_URLS = {
  "core.wasm": () => new URL("../build/core.wasm", import.meta.url),
  "core.relaxed.wasm": () => new URL("../build/core.relaxed.wasm", import.meta.url),
  "core.threads.wasm": () => new URL("../build/core.threads.wasm", import.meta.url),
  "core.relaxed.threads.wasm": () => new URL("../build/core.relaxed.threads.wasm", import.meta.url),
} as const;

/** The URL of this module; undefined in a bundle that is not an ES module. */
export function moduleUrl(): string | undefined {
  return import.meta.url;
}

/** Starts a worker in a browser. */
export function createWebWorker(): Worker {
  return new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
}

/** Starts the worker that trains a page's network. */
export function createTrainer(): Worker {
  return new Worker(new URL("./trainer.js", import.meta.url), { type: "module" });
}
