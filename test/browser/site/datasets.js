// A network trained on each generated data set: its hash must be the same in Node and in a page. Both run this file.

import { adam, createNetwork, dense, hashParameters } from "backprop-wasm";
import * as generators from "backprop-wasm/datasets";

/** The hashes of the parameters, by the names of the data sets. */
export async function hashTrained() {
  const hashes = {};
  for (const [name, generate] of Object.entries(generators)) {
    const { inputs, targets } = generate({ rows: 300, noise: 0.1, seed: 3 });
    const network = await createNetwork({
      inputs: inputs.shape[1],
      layers: [dense(8, "tanh"), dense(1)],
      loss: "meanSquaredError",
      optimizer: adam(),
      dtype: "float64",
    });
    await network.fit(inputs, targets, { epochs: 20 });
    hashes[name] = hashParameters(network);
    network.dispose();
  }
  return hashes;
}
