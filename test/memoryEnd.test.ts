import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { type FieldValues, type Struct, StructView } from "../src/abi/struct.js";
import {
  ActivationNumber,
  LayerKindNumber,
  LossNumber,
  OptimizerFeatureNumber,
  OptimizerKindNumber,
  OptimizerStruct,
  RunStruct,
  SamplesStruct,
  StatusNumber,
} from "../src/abi/structs.js";
import type { CoreExports } from "../src/wasm/core.js";
import { descriptionSize, writeDescription } from "./support/descriptions.js";
import { DTYPES } from "./support/floats.js";

type Exports = Record<`${string}_f32` | `${string}_f64`, (...values: number[]) => number> &
  Pick<CoreExports, "heap_base" | "network_size" | "network_layout" | "network_set_optimizer">;

/** Units of the layers of a network with one input. The second layers have few inputs and many units. */
const SHAPES = [
  [1, 3000],
  [2, 1000, 1],
  [7, 513, 3, 800],
  [9, 1],
];

describe.each(DTYPES)("a network or an optimizer at the end of memory, in %s", (dtype) => {
  const suffix = dtype === "float32" ? "f32" : "f64";
  const elementSize = dtype === "float32" ? 4 : 8;
  let module: WebAssembly.Module;

  beforeAll(async () => {
    module = await WebAssembly.compile(await readFile(new URL("../build/core.wasm", import.meta.url)));
  });

  it.each(SHAPES)("trains on one row without reading past the end: %i, %i, … units", (...units) =>
    run("network", units),
  );

  it.each(SHAPES)(
    "predicts one row with averages without reading past the end: %i, %i, … units",
    (...units) => run("optimizer", units),
  );

  /** Trains and predicts with one of the regions at the end of memory. The optimizer averages the parameters. */
  async function run(last: "network" | "optimizer", units: readonly number[]): Promise<void> {
    const pages = 256;
    const memory = new WebAssembly.Memory({ initial: pages, maximum: 65536 });
    const core = (await WebAssembly.instantiate(module, { env: { memory } })).exports as unknown as Exports;
    const call = (name: string, ...values: number[]) => core[`${name}_${suffix}`]!(...values);
    let end = Math.ceil(core.heap_base() / 64) * 64;
    const allocate = (bytes: number) => {
      const address = end;
      end = Math.ceil((end + bytes) / 64) * 64;
      return address;
    };
    const write = <S extends Struct>(struct: S, address: number, values: FieldValues<S>) => {
      new StructView(struct, memory, address).set(values);
      return address;
    };

    const description = allocate(descriptionSize(units.length));
    writeDescription(
      memory,
      description,
      { elementSize, inputs: 1, loss: LossNumber.MeanSquaredError, mean: 1 },
      units.map((count, i) => ({
        kind: LayerKindNumber.Dense,
        units: count,
        activation: ActivationNumber.Tanh,
        useBias: i % 2,
      })),
    );
    const place = (region: "network" | "optimizer", bytes: number) =>
      region === last ? memory.buffer.byteLength - Math.ceil(bytes / 64) * 64 : allocate(bytes);
    const network = place("network", core.network_size(description));
    core.network_layout(network, description);
    const workspace = allocate(call("workspace_size", network, 1, 1));
    call("workspace_layout", network, workspace, 1, 1);
    const { Sgd } = OptimizerKindNumber;
    const features = last === "optimizer" ? OptimizerFeatureNumber.Average : 0;
    const optimizer = place("optimizer", call("optimizer_size", network, Sgd, features));
    call("optimizer_layout", network, optimizer, Sgd, features);
    write(OptimizerStruct, optimizer, { learningRate: 0.1, averageDecay: features ? 0.5 : 0 });
    core.network_set_optimizer(network, optimizer);
    const samples = write(SamplesStruct, allocate(SamplesStruct.size), {
      inputs: allocate(8),
      targets: allocate(units.at(-1)! * elementSize),
      rows: 1,
      scale: 1,
    });
    const run = write(RunStruct, allocate(RunStruct.size), {
      samples,
      workspace,
      batchSize: 1,
      until: 3,
      losses: allocate(24),
      targetLoss: Number.NEGATIVE_INFINITY,
    });
    const predictions = allocate(units.at(-1)! * elementSize);
    expect(end).toBeLessThan(last === "network" ? network : optimizer);
    call("train", network, run, 100);
    expect(new StructView(RunStruct, memory, run).get("status")).toBe(StatusNumber.Finished);
    expect(call("predict", network, workspace, samples, 0, 1, predictions)).toBe(StatusNumber.Ok);
  }
});
