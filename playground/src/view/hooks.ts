import { useLayoutEffect, useReducer } from "preact/hooks";
import type { Playground } from "./playground.js";

type Subscribe = (listener: () => void) => () => void;

/** Renders the component again whenever `subscribe` reports. */
export function useSubscription(subscribe: Subscribe): void {
  const [, render] = useReducer((count: number) => count + 1, 0);
  // Before the page is asked for anything, so that no change is missed.
  useLayoutEffect(() => subscribe(() => render(undefined)), []);
}

/** Renders the component again for each frame. */
export function useFrames(playground: Playground): void {
  useSubscription((listener) => playground.subscribeToFrames(listener));
}
