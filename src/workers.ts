// How a worker is started, in Node and in browsers.

import { builtinModule } from "./builtins.js";
import type { Address } from "./core.js";
import type { DType } from "./engine/engine.js";
import { BackpropError } from "./errors.js";

/** What a worker is given. */
export interface Assignment {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly network: Address;
  readonly team: Address;
  readonly dtype: DType;
}

/** Called once, when a worker has ended; with what was thrown, if that was the reason. */
type EndListener = (cause?: unknown) => void;

interface NodeWorker {
  once(event: "error", listener: (cause: unknown) => void): void;
  once(event: "exit", listener: () => void): void;
  unref(): void;
}

interface WorkerThreads {
  readonly Worker: new (url: URL, options: object) => NodeWorker;
}

/** Seen from dist/, build/ and src/ alike; not written in the URL itself, where bundlers for browsers would take it along. */
const WORKER_FILE = "../dist/worker.js";

let workerThreads: WorkerThreads | undefined;

/**
 * To be awaited before the first worker is started.
 *
 * @throws BackpropError `unsupported` in a bundle that is no module.
 */
export async function prepareWorkers(): Promise<void> {
  const url: string | undefined = import.meta.url;
  if (!url) {
    throw new BackpropError(
      "unsupported",
      "A bundle that is no ES module has no address to start threads from. Bundle as a module, or leave threads out.",
    );
  }
  if (url.startsWith("file:")) workerThreads ??= await builtinModule("worker_threads");
}

/** Starts a worker that keeps no process alive; one that cannot be started may throw, or end. */
export function startWorker(assignment: Assignment, onEnd: EndListener): void {
  if (workerThreads) startNodeWorker(workerThreads, assignment, onEnd);
  else startWebWorker(assignment, onEnd);
}

function startNodeWorker({ Worker }: WorkerThreads, assignment: Assignment, onEnd: EndListener): void {
  // Without the options of the process, of which some are not for files, and others load more than is needed.
  const worker = new Worker(new URL(WORKER_FILE, import.meta.url), { workerData: assignment, execArgv: [] });
  let cause: unknown;
  worker.once("error", (error) => {
    cause = error;
  });
  worker.once("exit", () => onEnd(cause));
  worker.unref();
}

function startWebWorker(assignment: Assignment, onEnd: EndListener): void {
  const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  worker.onmessage = () => onEnd();
  worker.onerror = (event) => {
    event.preventDefault();
    worker.terminate();
    // A script that cannot be loaded has no message.
    onEnd(new Error(event.message || "its script could not be loaded"));
  };
  worker.postMessage(assignment);
}
