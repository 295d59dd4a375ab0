// Work in pieces: the same generator can run to its end at once, or in slices that do not block the event loop.

/** Work that may pause at each `yield`. A piece between two yields takes a few milliseconds at most. */
export type Work<T> = Generator<void, T, void>;

/** How long a slice of work occupies the thread: well below 50 ms, which users begin to notice. */
export const SLICE_MILLISECONDS = 10;

// Declared here because browsers do not have it and the library is compiled for both.
declare const setImmediate: ((callback: () => void) => unknown) | undefined;

/** Does all the work at once. */
export function finish<T>(work: Work<T>): T {
  for (;;) {
    const piece = work.next();
    if (piece.done) return piece.value;
  }
}

/** When the slice in progress ends. All work shares it, so that many short works in a row do not block either. */
let sliceEnd = 0;

/** Does the work in slices. The event loop runs between two slices. */
export async function finishInSlices<T>(work: Work<T>): Promise<T> {
  for (;;) {
    const piece = work.next();
    if (piece.done) return piece.value;
    if (performance.now() < sliceEnd) continue;
    await nextTask();
    sliceEnd = performance.now() + SLICE_MILLISECONDS;
  }
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
