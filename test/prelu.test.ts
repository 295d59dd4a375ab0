import { describe, expect, it } from "vitest";
import { createNetwork, dense, type Layer, type PreluLayer, prelu } from "../src/index.js";
import { errorOf } from "./support/errorOf.js";
import { describeProperties } from "./support/layerProperties.js";

describeProperties("prelu between dense layers", {
  inputs: 64,
  layers: (units) => [dense(units), prelu(), dense(9), prelu({ initial: -0.5 })],
});

describeProperties("prelu as its first layers", {
  inputs: 64,
  layers: (units) => [prelu(), prelu({ initial: 1.5 }), dense(units, "tanh")],
});

const create = (layers: readonly Layer[]) =>
  createNetwork({ inputs: 2, layers, loss: "meanSquaredError", dtype: "float64" });

describe("prelu()", () => {
  it("multiplies negative inputs by the slope of their unit", async () => {
    const network = await createNetwork({ inputs: 3, layers: [prelu()], loss: "huber", dtype: "float64" });
    expect(network.parameters[0].alpha.toArray()).toEqual([0.25, 0.25, 0.25]);
    network.setParameters([{ alpha: [0.5, -2, 0] }]);
    const rows = [
      [-1, -2, -3],
      [1, 2, 3],
      [0, -0.5, 4],
    ];
    expect(network.predict(rows).toArray()).toEqual([
      [-0.5, 4, -0],
      [1, 2, 3],
      [0, 1, 4],
    ]);
    network.dispose();
  });

  it("equals a layer written by hand, { kind, initial, trainable }", async () => {
    expect(prelu()).toEqual({ kind: "prelu", initial: 0.25, trainable: true });
    const network = await create([{ kind: "prelu", initial: -3, trainable: true }]);
    expect(network.parameters[0]).toMatchObject({ alpha: { shape: [2] } });
    expect(network.summary()).toMatch(/^prelu 0 +initial -3 +\[rows, 2\] +2$/m);
    network.dispose();
  });

  it.each([Number.NaN, Infinity, "1", null])(
    "throws invalidOption for an initial slope of %j",
    async (initial) => {
      const error = errorOf(() => prelu({ initial: initial as number }));
      expect(error.code).toBe("invalidOption");
      expect(error.message).toMatch(/^initial is .+; expected a finite number\.$/);
      await expect(create([{ ...prelu(), initial } as PreluLayer])).rejects.toMatchObject({
        code: "invalidOption",
        message: expect.stringMatching(/^layers\[0\]\.initial is .+; expected a finite number\.$/),
      });
    },
  );

  it("throws invalidOption for an option that does not exist", () => {
    expect(errorOf(() => prelu({ alpha: 1 } as object)).message).toBe(
      'prelu has no option "alpha"; expected "initial", "trainable".',
    );
  });
});
