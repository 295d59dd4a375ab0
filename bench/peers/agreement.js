// Nothing is timed that does not compute what it should.

import { relativeDistance } from "../../build/bench/agreement.js";

const RUNS = 3;

/** How far apart outputs may be, relative to their length as vectors. */
const TOLERANCE = { float32: 1e-5, float64: 1e-10 };

/** The losses of the first epochs, or the prediction. @param {import("./process.js").PeerProcess} process */
export async function firstOutputs(process) {
  const outputs = [];
  for (let i = 0; i < RUNS; i++) outputs.push(...(await process.run(1)).outputs);
  return outputs;
}

/** @throws Error that says how far a peer is from ours that began with the same parameters. */
export function requireSame({ dtype }, outputs, expected) {
  const distance = relativeDistance(outputs, expected);
  if (distance <= TOLERANCE[dtype]) return;
  throw new Error(
    `its first outputs are ${outputs.join(" ")}, ours ${expected.join(" ")}, ${distance.toPrecision(2)} apart relative ` +
      `to their length; expected at most ${TOLERANCE[dtype]}`,
  );
}

/** For a peer that begins with parameters of its own, or trains otherwise. @throws Error */
export function requireFall(first, last) {
  if (last < first) return;
  throw new Error(`its loss did not fall: it was ${first}, then ${last}`);
}
