// Starts workers, in Node and in browsers.

import { createWebWorker, moduleUrl } from "../assets.js";
import { BackpropError } from "../errors.js";
import { builtinModule, isNode } from "./builtins.js";
import { type Assignment, work } from "./workerProgram.js";

/** Called once, when a worker has ended. `cause`: the exception that ended it, if there was one. */
type EndListener = (cause?: unknown) => void;

interface NodeWorker {
  once(event: "error", listener: (cause: unknown) => void): void;
  once(event: "exit", listener: () => void): void;
  unref(): void;
}

interface WorkerThreads {
  readonly Worker: new (program: string, options: object) => NodeWorker;
}

/** A program instead of a file: bundlers for Node need not find and copy one. */
const NODE_PROGRAM = `(${work})((process.getBuiltinModule ?? require)("node:worker_threads").workerData)`;

let workerThreads: WorkerThreads | undefined;

/**
 * Must be awaited before the first worker is started.
 *
 * @throws BackpropError `unsupported` in a browser, in a bundle that is not an ES module.
 */
export async function prepareWorkers(): Promise<void> {
  if (isNode()) workerThreads ??= await builtinModule("worker_threads");
  else if (!moduleUrl()) throw noModuleUrl();
}

/** Starts a worker, which does not keep the process alive. If it cannot be started, this throws or calls `onEnd`. */
export function startWorker(assignment: Assignment, onEnd: EndListener): void {
  if (workerThreads) startNodeWorker(workerThreads, assignment, onEnd);
  else startWebWorker(assignment, onEnd);
}

function startNodeWorker({ Worker }: WorkerThreads, assignment: Assignment, onEnd: EndListener): void {
  // Without the process's command-line options: some are not allowed for workers, others load modules that are not
  // needed.
  const worker = new Worker(NODE_PROGRAM, { eval: true, workerData: assignment, execArgv: [] });
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
    onEnd(event.message ? new Error(event.message) : notStarted());
  };
  worker.postMessage(assignment);
}

/** Browsers do not say whether the script could not be loaded or was not allowed. */
function notStarted(): Error {
  return new Error(
    "its script, dist/worker.js, could not be loaded. Serve it unchanged. If the page has a Content-Security-Policy, its " +
      "worker-src must allow the script's address",
  );
}

function noModuleUrl(): BackpropError {
  return new BackpropError(
    "unsupported",
    "import.meta.url is not defined here, so the library cannot locate the script of its workers. Bundle as an ES " +
      "module, or do not set threads.",
  );
}
