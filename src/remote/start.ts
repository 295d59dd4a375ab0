// Starts the worker of a network, in Node and in browsers.

import { createTrainer, moduleUrl } from "../assets.js";
import { BackpropError } from "../index.js";
import { builtinModule, isNode } from "../wasm/builtins.js";
import type { MessageToPage, MessageToWorker } from "./messages.js";

/** A worker that was started. */
export interface TrainerWorker {
  post(message: MessageToWorker, transfer: readonly Transferable[]): void;
  /** Whether the worker keeps the process alive. Pages are kept by their users. */
  setBusy(isBusy: boolean): void;
  terminate(): void;
}

export interface WorkerListener {
  onMessage(message: MessageToPage): void;
  /** Called when the worker could not be started or has ended. `cause`: the exception that ended it, if it is known. */
  onEnd(cause: unknown): void;
}

interface NodeWorker {
  postMessage(message: MessageToWorker, transfer: readonly Transferable[]): void;
  on(event: "message", listener: (message: MessageToPage) => void): void;
  on(event: "error" | "messageerror", listener: (cause: unknown) => void): void;
  on(event: "exit", listener: () => void): void;
  ref(): void;
  unref(): void;
  terminate(): void;
}

interface WorkerThreads {
  readonly Worker: new (script: URL, options: object) => NodeWorker;
}

/** @throws BackpropError `unsupported` in a bundle that is not an ES module. Exceptions of the browser pass through. */
export async function startTrainer(listener: WorkerListener): Promise<TrainerWorker> {
  const url = moduleUrl();
  if (!url) throw noModuleUrl();
  if (!isNode()) return startWebWorker(listener);
  return startNodeWorker(await builtinModule<WorkerThreads>("worker_threads"), url, listener);
}

function startNodeWorker(
  { Worker }: WorkerThreads,
  url: string,
  { onMessage, onEnd }: WorkerListener,
): TrainerWorker {
  // The name is put together here so that bundlers for browsers do not copy the script a second time. Without the
  // process's command-line options: some are not allowed for workers.
  const worker = new Worker(new URL(["./trainer", "js"].join("."), url), { execArgv: [] });
  worker.on("message", onMessage);
  worker.on("messageerror", onEnd);
  worker.on("error", (cause) => onEnd(isMissing(cause) ? notLoaded((cause as Error).message) : cause));
  worker.on("exit", () => onEnd(undefined));
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    setBusy: (isBusy) => (isBusy ? worker.ref() : worker.unref()),
    terminate: () => worker.terminate(),
  };
}

function startWebWorker({ onMessage, onEnd }: WorkerListener): TrainerWorker {
  const worker = createTrainer();
  worker.onmessage = ({ data }) => onMessage(data);
  worker.onmessageerror = () => onEnd(undefined);
  worker.onerror = (event) => {
    event.preventDefault();
    onEnd(event.message ? new Error(event.message) : notLoaded());
  };
  return {
    post: (message, transfer) => worker.postMessage(message, [...transfer]),
    setBusy: () => {},
    terminate: () => worker.terminate(),
  };
}

/** Whether the script, or a file that it imports, does not exist. */
function isMissing(cause: unknown): boolean {
  return /MODULE_NOT_FOUND$/.test(String((cause as { readonly code?: unknown } | undefined)?.code));
}

/** Browsers do not say whether the script could not be loaded or was not allowed. */
function notLoaded(reason?: string): Error {
  return new Error(
    `its script, dist/trainer.js, or the file that this imports, dist/index.js, could not be loaded${reason ? ` (${reason})` : ""}. ` +
      "Both must be unchanged, next to the file that imports backprop-wasm/worker. If a page has a Content-Security-Policy, " +
      "its worker-src must allow the script's address",
  );
}

function noModuleUrl(): BackpropError {
  return new BackpropError(
    "unsupported",
    "import.meta.url is not defined here, so the library cannot locate the script of its worker. Bundle as an ES module.",
  );
}
