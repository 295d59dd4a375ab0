// A network, its workspace and its optimizer in linear memory, each between guards. Does not use the wrapper.

import { StructView } from "../../src/abi/struct.js";
import {
  LayerKindNumber,
  OptimizerKindNumber,
  OptimizerStruct,
  SamplesStruct,
} from "../../src/abi/structs.js";
import type { ActivationName, DType, FloatArray, LossName } from "../../src/index.js";
import type { Assembly } from "./compile.js";
import { descriptionSize, writeDescription } from "./descriptions.js";
import { activationNumber, lossNumber } from "./enumNumbers.js";
import { firstDifference, floats, spread, strideOf } from "./floats.js";
import { guardOf, type Region } from "./region.js";

/** A dense layer. */
export interface LayerShape {
  readonly units: number;
  readonly activation: ActivationName;
  readonly useBias: boolean;
  readonly parameter?: number;
}

export interface NetworkShape {
  readonly inputs: number;
  readonly layers: readonly LayerShape[];
  readonly loss: LossName;
  readonly lossParameter?: number;
}

/** A dense layer. */
export function layer(units: number, activation: ActivationName, useBias = true, parameter = 0): LayerShape {
  return { units, activation, useBias, parameter };
}

export interface WorkspaceOptions {
  readonly rows?: number;
  readonly threads?: number;
}

/** A tensor in linear memory: its address, and its length in elements. */
export interface TensorPlace {
  readonly name: string;
  readonly address: number;
  readonly length: number;
}

/** A dense network with plain SGD. */
export class TestNetwork {
  readonly address: number;
  readonly workspace: number;
  readonly optimizer: number;
  readonly parameterCount: number;
  readonly capacity: number;
  readonly shape: NetworkShape;
  /** The regions; lengths are in elements. */
  readonly regions: Readonly<Record<"network" | "workspace" | "optimizer", TensorPlace>>;
  readonly #assembly: Assembly;
  readonly #region: Region;
  readonly #dtype: DType;
  readonly #size: number;
  readonly #threads: number;

  /** Clears the region. The parameters are spread over [−0.8, 0.8]. */
  constructor(
    assembly: Assembly,
    region: Region,
    dtype: DType,
    shape: NetworkShape,
    { rows = 128, threads = 1 }: WorkspaceOptions = {},
  ) {
    this.#assembly = assembly;
    this.#region = region;
    this.#dtype = dtype;
    this.#size = dtype === "float32" ? 4 : 8;
    this.#threads = threads;
    this.shape = shape;
    this.capacity = Math.ceil(rows / 128) * 128;
    region.clear();
    const description = this.#describe();
    const { network_size: networkSize, network_layout: networkLayout } = assembly.exports;
    const network = this.#allocateRegion("network", networkSize!(description));
    this.address = network.address;
    networkLayout!(this.address, description);
    // The network must not use the description afterwards.
    region.view(description, descriptionSize(shape.layers.length) / this.#size).fill(Number.NaN);
    const workspace = this.#allocateRegion(
      "workspace",
      this.call("workspace_size", this.address, rows, threads),
    );
    this.workspace = workspace.address;
    this.call("workspace_layout", this.address, this.workspace, rows, threads);
    const optimizer = this.#allocateRegion(
      "optimizer",
      this.call("optimizer_size", this.address, OptimizerKindNumber.Sgd, 0),
    );
    this.optimizer = optimizer.address;
    this.call("optimizer_layout", this.address, this.optimizer, OptimizerKindNumber.Sgd, 0);
    this.regions = { network, workspace, optimizer };
    this.#export("network_set_optimizer", this.address, this.optimizer);
    this.parameterCount = this.#export("network_parameter_count", this.address);
    this.parameters.set(spread(this.parameterCount, -0.8, 0.8, 0.3));
  }

  /** Calls a function of this network's dtype. */
  call(name: string, ...values: number[]): number {
    return this.#assembly.exports[`${name}_${this.#dtype === "float32" ? "f32" : "f64"}`]!(...values);
  }

  set learningRate(learningRate: number) {
    new StructView(OptimizerStruct, this.#assembly.memory, this.optimizer).set({ learningRate });
  }

  get parameters(): FloatArray {
    return this.#region.view(this.#export("network_parameters", this.address), this.parameterCount);
  }

  get gradients(): FloatArray {
    return this.#region.view(this.#export("network_gradients", this.address), this.parameterCount);
  }

  /** The outputs [outputs, rows] of the last pass, which had `rows` rows; for a fused loss, the logits. */
  outputs(rows: number): FloatArray {
    const { workspace_outputs: outputs, workspace_stride: strideOfPass } = this.#assembly.exports;
    const stride = strideOfPass!(this.workspace);
    const { units } = this.shape.layers.at(-1)!;
    const tensor = this.#region.view(outputs!(this.address, this.workspace), units * stride);
    return tensor.filter((_, at) => at % stride < rows);
  }

  /** Puts samples between guards, and returns the address of their struct. */
  putSamples(inputs: ArrayLike<number>, targets: ArrayLike<number>, order?: Uint32Array): number {
    const address = this.#region.putWords(new Uint32Array(SamplesStruct.size / 4));
    new StructView(SamplesStruct, this.#assembly.memory, address).set({
      inputs: this.#region.put(inputs),
      targets: this.#region.put(targets),
      weights: 0,
      order: order ? this.#region.putWords(order) : 0,
      rows: inputs.length / this.shape.inputs,
      elementType: 0,
      scale: 1,
    });
    return address;
  }

  /** The name of a region with a changed guard, or "". */
  changedGuard(): string {
    const { guard, guards } = guardOf(this.#dtype);
    const expected = floats(this.#dtype, 2 * guards).fill(guard);
    for (const { name, address, length } of Object.values(this.regions)) {
      const after = address + length * this.#size;
      const bands = [address - 64, after].flatMap((begin) => [...this.#region.view(begin, guards)]);
      if (firstDifference(floats(this.#dtype, bands), expected) >= 0) return name;
    }
    return "";
  }

  /** The tensors of the workspace for a whole microbatch. Needs the exports of test/assembly/phases.ts. */
  workspaceTensors(): TensorPlace[] {
    const { capacity, workspace } = this;
    const stride = strideOf(this.#dtype, capacity);
    const { inputs, layers, loss } = this.shape;
    const widest = Math.max(...layers.map(({ units }) => units));
    const targets = loss === "sparseCategoricalCrossentropy" ? 1 : layers.at(-1)!.units;
    const all = [
      { name: "x", address: this.#export("workspace_x", workspace), length: (inputs + 1) * stride },
      { name: "targets", address: this.#export("workspace_targets", workspace), length: targets * stride },
      { name: "d0", address: this.#export("workspace_d0", workspace), length: widest * stride },
      { name: "d1", address: this.#export("workspace_d1", workspace), length: widest * stride },
    ];
    for (const [i, { units }] of layers.entries()) {
      const outputs = this.#export("layer_outputs", workspace, i);
      const logits = this.#export("layer_logits", workspace, i);
      const rows = this.#export("layer_d_logits_rows", workspace, i);
      all.push({ name: `outputs ${i}`, address: outputs, length: (units + 1) * stride });
      if (logits !== outputs) all.push({ name: `logits ${i}`, address: logits, length: units * stride });
      const length = strideOf(this.#dtype, units) * capacity;
      all.push({ name: `dLogitsRows ${i}`, address: rows, length });
    }
    return all;
  }

  /** The panels of all threads. `packedRows`: PACKED_ROWS of assembly/kernels/gemm.ts. */
  panels(packedRows: number): TensorPlace[] {
    const { inputs, layers } = this.shape;
    const widths = layers.map(({ units }) => units);
    const maxTerms = Math.max(
      inputs + 1,
      ...widths.slice(0, -1).map((units) => units + 1),
      ...widths,
      this.capacity,
    );
    return Array.from({ length: this.#threads }, (_, thread) => ({
      name: `panels ${thread}`,
      address: this.#export("scratch_panels", this.workspace, thread),
      length: maxTerms * packedRows,
    }));
  }

  #export(name: string, ...values: number[]): number {
    return this.#assembly.exports[name]!(...values);
  }

  #allocateRegion(name: string, bytes: number): TensorPlace {
    const length = bytes / this.#size;
    return { name, address: this.#region.put(floats(this.#dtype, length)), length };
  }

  #describe(): number {
    const { inputs, layers, loss, lossParameter = 0.25 } = this.shape;
    const address = this.#region.putWords(new Uint32Array(descriptionSize(layers.length) / 4));
    const hasParameter = loss === "huber" || loss === "binaryCrossentropy";
    writeDescription(
      this.#assembly.memory,
      address,
      {
        elementSize: this.#size,
        inputs,
        loss: lossNumber(loss),
        lossParameter: hasParameter ? lossParameter : 0,
      },
      layers.map(({ units, activation, useBias, parameter = 0 }) => ({
        kind: LayerKindNumber.Dense,
        units,
        activation: activationNumber(activation),
        useBias: Number(useBias),
        parameter: activation === "leakyRelu" || activation === "elu" ? parameter : 0,
      })),
    );
    return address;
  }
}
