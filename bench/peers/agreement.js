// Checks the results of a peer before it is timed.

import { relativeDistance } from "../../build/bench/agreement.js";

const RUNS = 3;

/** The maximum relative distance between outputs of a peer and ours. */
const TOLERANCE = { float32: 1e-5, float64: 1e-10 };

/**
 * The losses of the first RUNS epochs, or as many predictions.
 *
 * @param {import("./process.js").PeerProcess} process
 */
export async function firstOutputs(process) {
  const outputs = [];
  for (let i = 0; i < RUNS; i++) outputs.push(...(await process.run(1)).outputs);
  return outputs;
}

/** For a peer with the same initial parameters and training. @throws Error if its outputs differ from ours. */
export function requireSame({ dtype }, outputs, expected) {
  const distance = relativeDistance(outputs, expected);
  if (distance <= TOLERANCE[dtype]) return;
  throw new Error(
    `its first outputs are ${outputs.join(" ")}, ours are ${expected.join(" ")}; their relative distance is ` +
      `${distance.toPrecision(2)}, expected at most ${TOLERANCE[dtype]}`,
  );
}

/** For a peer with other initial parameters or another training. @throws Error if its loss did not fall. */
export function requireFall(first, last) {
  if (last < first) return;
  throw new Error(`its loss did not fall: it was ${first} first and ${last} last`);
}
