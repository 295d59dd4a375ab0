// Work in pieces, so that one description of it serves both those who wait and those who must not block.

/** Work that may pause at each `yield`; the pieces between take a few milliseconds at most. */
export type Work<T> = Generator<void, T, void>;

/** How long a slice of work holds the thread: well under the 50 ms that people begin to notice. */
export const SLICE_MILLISECONDS = 10;

// Browsers do not have it, and the library is compiled for both.
declare const setImmediate: ((callback: () => void) => unknown) | undefined;

/** Does all the work at once. */
export function finish<T>(work: Work<T>): T {
  for (;;) {
    const piece = work.next();
    if (piece.done) return piece.value;
  }
}

/** The end of the slice in progress: one for all work, so that many short works in a row do not block either. */
let sliceEnd = 0;

/** Does the work slice by slice, between which the event loop goes on. */
export async function finishInSlices<T>(work: Work<T>): Promise<T> {
  for (;;) {
    const piece = work.next();
    if (piece.done) return piece.value;
    if (performance.now() < sliceEnd) continue;
    await nextTask();
    sliceEnd = performance.now() + SLICE_MILLISECONDS;
  }
}

/** Resolves in a new task, so that whatever waits in the event loop comes first. Timers would wait 4 ms in a browser. */
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
