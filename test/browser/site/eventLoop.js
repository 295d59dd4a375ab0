/**
 * Counts the callbacks of each kind, and measures the longest time between two callbacks of any kind. Calls `onDone`
 * from a timer after `turns` callbacks of each kind and `milliseconds` milliseconds.
 */
export function watchEventLoop({ milliseconds, turns: wanted, onDone }) {
  const turns = { messages: 0, timers: 0, frames: 0 };
  const begun = performance.now();
  let last = begun;
  let longestGap = 0;
  let isRunning = true;
  const { port1, port2 } = new MessageChannel();
  const ask = {
    messages: () => port2.postMessage(undefined),
    timers: () => setTimeout(() => turn("timers")),
    frames: () => requestAnimationFrame(() => turn("frames")),
  };
  const isDone = () => last - begun > milliseconds && Object.values(turns).every((count) => count >= wanted);
  const measure = () => {
    const now = performance.now();
    longestGap = Math.max(longestGap, now - last);
    last = now;
  };
  const turn = (way) => {
    if (!isRunning) return;
    measure();
    turns[way]++;
    if (way === "timers" && isDone()) onDone();
    ask[way]();
  };
  port1.onmessage = () => turn("messages");
  for (const begin of Object.values(ask)) begin();
  return {
    stop() {
      isRunning = false;
      port1.close();
      measure();
      return { turns, longestGap };
    },
  };
}
