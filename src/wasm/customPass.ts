// The pass of a batch whose loss is computed in JavaScript.

import { type CustomLoss, computeLoss } from "../customLoss.js";
import { allocate, type FloatArray } from "../dtype.js";
import type { Address } from "./core.js";
import type { Host } from "./host.js";
import type { Samples } from "./samples.js";

/** Computes losses of passes. Their workspaces are not the model's own: the function may call `predict`, which uses that. */
export class CustomPass {
  readonly #host: Host;
  readonly #network: Address;
  readonly #loss: CustomLoss;
  readonly #width: number;
  readonly #isAlive: () => boolean;

  /** `isAlive`: whether the model was not disposed. */
  constructor(host: Host, network: Address, loss: CustomLoss, width: number, isAlive: () => boolean) {
    this.#host = host;
    this.#network = network;
    this.#loss = loss;
    this.#width = width;
    this.#isAlive = isAlive;
  }

  /** The outputs of the pass in a workspace, [rows, outputs]. */
  outputs(workspace: Address, rows: number): FloatArray {
    const outputs = allocate(this.#host.dtype, rows * this.#width);
    this.#eachOutput(workspace, "outputs", rows, (view, at, i) => {
      outputs[i] = view[at]!;
    });
    return outputs;
  }

  /** The loss of outputs [rows, outputs] for all samples. The function may keep and change `outputs`. */
  evaluate(samples: Samples, outputs: FloatArray): number {
    const gradient = allocate(this.#host.dtype, outputs.length);
    return computeLoss(this.#loss, [samples.rows, this.#width], outputs, samples.targets().slice(), gradient);
  }

  /**
   * The loss of the pass, whose rows are `begin` … `end` − 1 of the samples in this order. Writes its gradient to the
   * workspace. Undefined if the function has disposed the model. Exceptions of the function pass through.
   */
  computeLoss(
    workspace: Address,
    samples: Samples,
    begin: number,
    end: number,
    order?: Uint32Array,
  ): number | undefined {
    const { dtype } = this.#host;
    const width = this.#width;
    const rows = end - begin;
    const outputs = this.outputs(workspace, rows);
    const targets = allocate(dtype, rows * width);
    const stored = samples.targets();
    for (let i = 0; i < rows; i++) {
      const row = order ? order[begin + i]! : begin + i;
      targets.set(stored.subarray(row * width, (row + 1) * width), i * width);
    }
    const gradient = allocate(dtype, rows * width);
    const loss = computeLoss(this.#loss, [rows, width], outputs, targets, gradient);
    if (!this.#isAlive()) return undefined;
    this.#eachOutput(workspace, "output_gradients", rows, (view, at, i) => {
      view[at] = gradient[i]!;
    });
    return loss;
  }

  /** Calls `use` for each output, feature-major at `at` in linear memory, and row-major at `i`. */
  #eachOutput(
    workspace: Address,
    which: "outputs" | "output_gradients",
    rows: number,
    use: (view: FloatArray, at: number, i: number) => void,
  ): void {
    const { core, heap, type } = this.#host;
    const stride = core.exports.workspace_stride(workspace) >>> 0;
    const address = core.exports[`workspace_${which}`](this.#network, workspace) >>> 0;
    const width = this.#width;
    const view = type.view(heap.buffer, address, (width - 1) * stride + rows);
    for (let row = 0; row < rows; row++) {
      for (let unit = 0; unit < width; unit++) use(view, unit * stride + row, row * width + unit);
    }
  }
}
