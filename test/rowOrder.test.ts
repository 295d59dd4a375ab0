import { describe, expect, it } from "vitest";
import { createNetwork, dense } from "../src/index.js";
import { DTYPES, spread } from "./support/floats.js";

describe.each(DTYPES)("after a shuffled fit in %s", (dtype) => {
  it.each([5, 128, 129])("predict, evaluate and gradients take %i rows in stored order", async (rows) => {
    const options = {
      inputs: 2,
      layers: [dense(3, "tanh"), dense(1)],
      loss: "meanSquaredError",
      dtype,
    } as const;
    const network = await createNetwork(options);
    const inputs = { data: spread(rows * 2), shape: [rows, 2] };
    const targets = spread(rows, -1, 1, 0.3);
    network.fitSync(inputs, targets, { epochs: 3, batchSize: 2 });
    const copy = await createNetwork(options);
    copy.setParameters(network.parameters);
    const [trained, fresh] = [network, copy].map((each) => [
      each.predict(inputs).toArray(),
      each.evaluate(inputs, targets).loss,
      each.gradients(inputs, targets).layers.map(({ kernel }) => kernel.toArray()),
    ]);
    expect(trained).toEqual(fresh);
    network.fitSync(inputs, targets, { epochs: 3, batchSize: 2 });
    copy.setParameters(network.parameters);
    expect(network.gradients(inputs, targets).layers[0].kernel.toArray()).toEqual(
      copy.gradients(inputs, targets).layers[0].kernel.toArray(),
    );
    network.dispose();
    copy.dispose();
  });
});
