// Creates the network of a workload: in the core alone, through the public interface, and in the baseline.

import { createNetwork, type Network, type NetworkOptions, type Numerics } from "backprop-wasm";
import { placeParameters } from "../layers/stack.js";
import { describeLoss } from "../losses.js";
import { createHost } from "../wasm/host.js";
import { Model } from "../wasm/model.js";
import type { Run } from "../wasm/run.js";
import type { Samples } from "../wasm/samples.js";
import { type Baseline, createBaseline } from "./baseline/baseline.js";
import { loadBuild } from "./core.js";
import { createParameters, type SampleRows } from "./samples.js";
import type { Workload } from "./workloads.js";

/** The network in the core, with its initial parameters. */
export async function createModel(workload: Workload, numerics: Numerics = "strict"): Promise<Model> {
  const { dtype, sizes, layers, loss, optimizer } = workload;
  const inputs = sizes[0]!;
  const description = {
    dtype,
    numerics,
    inputs,
    layers,
    loss: describeLoss(loss, layers.at(-1)!.activation, dtype),
    parameters: placeParameters(inputs, layers),
    buffers: [],
    outputs: sizes.at(-1)!,
  };
  const host = createHost(await loadBuild({ numerics }), dtype);
  const model = new Model(host, description, optimizer, 1);
  model.parameters().set(createParameters(workload));
  return model;
}

/** Copies rows to linear memory. */
export function loadSamples(model: Model, { rows, inputs, targets }: SampleRows): Samples {
  const samples = model.createSamples(rows);
  samples.stored().set(inputs);
  samples.targets().set(targets);
  return samples;
}

/** The run that `fit` would create for a new network. */
export function createRun(
  model: Model,
  samples: Samples,
  { batch }: Workload,
  epochs: number,
  shuffle: boolean,
): Run {
  return model.createRun({
    samples,
    epochs,
    batchSize: Math.min(batch, samples.rows),
    shuffles: shuffle && batch < samples.rows,
    firstEpoch: 0,
    targetLoss: Number.NEGATIVE_INFINITY,
  });
}

/** The network through the public interface, with its initial parameters. */
export async function createWorkloadNetwork(
  workload: Workload,
  options: Partial<NetworkOptions> = {},
): Promise<Network> {
  const { sizes, layers, loss, dtype, optimizer } = workload;
  const network = await createNetwork({ inputs: sizes[0]!, layers, loss, dtype, optimizer, ...options });
  const values = createParameters(workload);
  let start = 0;
  for (const { data } of network.parameters.flatMap(({ kernel, bias }) => [kernel!, bias!])) {
    data.set(values.subarray(start, start + data.length));
    start += data.length;
  }
  return network;
}

/** The network in the baseline, with its initial parameters. */
export function createWorkloadBaseline(workload: Workload): Baseline {
  const { sizes, layers, loss, dtype } = workload;
  const baseline = createBaseline({ inputs: sizes[0]!, layers, loss, dtype });
  baseline.parameters.set(createParameters(workload));
  return baseline;
}
