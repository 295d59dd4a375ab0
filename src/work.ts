// Work in pieces: the same generator can run to its end at once, or in slices that do not block the event loop.

/**
 * Work that may pause at each `yield`. A piece between two yields takes a few milliseconds at most. If it yields a
 * promise, it continues when the promise is fulfilled.
 */
export type Work<T> = Generator<PromiseLike<unknown> | undefined, T, void>;

/** Handles the rejection of `value` if it is a promise: Node ends a process with an unhandled rejection. */
export function ignoreRejection(value: unknown): void {
  // Unlike Promise.resolve(), resolve() does not throw if reading `value` does.
  new Promise((resolve) => resolve(value)).catch(() => {});
}

/** The length of a slice of work, in ms: well below the 50 ms that users notice. */
export const SLICE_MILLISECONDS = 10;

// Declared here because browsers do not have it and the library is compiled for both.
declare const setImmediate: ((callback: () => void) => unknown) | undefined;

/** Does all the work at once. It must not yield promises. */
export function finish<T>(work: Work<T>): T {
  for (;;) {
    const piece = work.next();
    if (piece.done) return piece.value;
  }
}

/** When the current slice ends. All work shares it, so that many short pieces of work in a row do not block either. */
let sliceEnd = 0;

/** Makes the slice in progress end at the next `yield`. */
export function endSlice(): void {
  sliceEnd = 0;
}

/** Does the work in slices. The event loop runs between two slices. */
export async function finishInSlices<T>(work: Work<T>): Promise<T> {
  let piece = work.next();
  while (!piece.done) {
    if (piece.value) {
      piece = await resume(work, piece.value);
      continue;
    }
    if (performance.now() >= sliceEnd) {
      await nextTask();
      sliceEnd = performance.now() + SLICE_MILLISECONDS;
    }
    piece = work.next();
  }
  return piece.value;
}

/** Continues the work when the promise is fulfilled. If the promise is rejected, throws its reason into the work. */
async function resume<T>(work: Work<T>, promise: PromiseLike<unknown>): Promise<ReturnType<Work<T>["next"]>> {
  try {
    await promise;
  } catch (reason) {
    return work.throw(reason);
  }
  return work.next();
}

/** Resolves in a new task, after everything that waits in the event loop. A timer would wait 4 ms in a browser. */
function nextTask(): Promise<void> {
  if (typeof setImmediate === "function") return new Promise((resolve) => setImmediate(resolve));
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
