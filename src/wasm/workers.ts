// Starts workers, in Node and in browsers.

import { createWebWorker, moduleUrl, nodeWorkerUrl } from "../assets.js";
import type { DType } from "../dtype.js";
import { BackpropError } from "../errors.js";
import { builtinModule } from "./builtins.js";
import type { Address } from "./core.js";

/** The data that a worker is started with. */
export interface Assignment {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly network: Address;
  readonly team: Address;
  readonly dtype: DType;
}

/** Called once, when a worker has ended. `cause`: the exception that ended it, if there was one. */
type EndListener = (cause?: unknown) => void;

interface NodeWorker {
  once(event: "error", listener: (cause: unknown) => void): void;
  once(event: "exit", listener: () => void): void;
  unref(): void;
}

interface WorkerThreads {
  readonly Worker: new (url: URL, options: object) => NodeWorker;
}

let workerThreads: WorkerThreads | undefined;

/**
 * Must be awaited before the first worker is started.
 *
 * @throws BackpropError `unsupported` in a bundle that is not an ES module.
 */
export async function prepareWorkers(): Promise<void> {
  const url = moduleUrl();
  if (!url) {
    throw new BackpropError(
      "unsupported",
      "A bundle that is no ES module has no address to start threads from. Bundle as a module, or leave threads out.",
    );
  }
  if (url.startsWith("file:")) workerThreads ??= await builtinModule("worker_threads");
}

/** Starts a worker, which does not keep the process alive. If it cannot be started, this throws or calls `onEnd`. */
export function startWorker(assignment: Assignment, onEnd: EndListener): void {
  if (workerThreads) startNodeWorker(workerThreads, assignment, onEnd);
  else startWebWorker(assignment, onEnd);
}

function startNodeWorker({ Worker }: WorkerThreads, assignment: Assignment, onEnd: EndListener): void {
  // Without the process's command-line options: some are not allowed for workers, others load modules that are not
  // needed.
  const worker = new Worker(nodeWorkerUrl(), { workerData: assignment, execArgv: [] });
  let cause: unknown;
  worker.once("error", (error) => {
    cause = error;
  });
  worker.once("exit", () => onEnd(cause));
  worker.unref();
}

function startWebWorker(assignment: Assignment, onEnd: EndListener): void {
  const worker = createWebWorker();
  worker.onmessage = () => onEnd();
  worker.onerror = (event) => {
    event.preventDefault();
    worker.terminate();
    // The message is empty if the script could not be loaded.
    onEnd(new Error(event.message || "its script could not be loaded"));
  };
  worker.postMessage(assignment);
}
