import { StructView } from "../abi/struct.js";
import { OptimizerFeatureNumber, OptimizerStruct } from "../abi/structs.js";
import { encodeOptimizer, type Optimizer } from "../optimizers.js";
import { Block } from "./block.js";
import type { Address } from "./core.js";
import type { Heap } from "./heap.js";
import type { Host } from "./host.js";
import { requireAccepted } from "./status.js";

/** An optimizer and its state in linear memory. */
export class OptimizerState {
  readonly #block: Block;
  readonly #struct: StructView<typeof OptimizerStruct>;
  readonly #heap: Heap;

  constructor({ heap, kernels, dtype }: Host, network: Address, optimizer: Optimizer) {
    const { kind, features, hyperparameters, ...fields } = encodeOptimizer(optimizer, dtype);
    requireAccepted(kernels.optimizer_check(network, kind, features));
    this.#block = new Block(heap, kernels.optimizer_size(network, kind, features));
    const { address } = this.#block;
    requireAccepted(kernels.optimizer_layout(network, address, kind, features));
    this.#heap = heap;
    this.#struct = new StructView(OptimizerStruct, heap, address);
    this.#struct.set(fields);
    new Float64Array(heap.buffer, address + OptimizerStruct.size, hyperparameters.length).set(
      hyperparameters,
    );
  }

  get address(): Address {
    return this.#block.address;
  }

  /** Steps taken. */
  get step(): number {
    return this.#struct.get("step");
  }

  setLearningRate(learningRate: number): void {
    this.#struct.set({ learningRate });
  }

  /** Whether `predict` and `evaluate` use the parameters although there is an average of them. */
  set ignoresAverage(ignores: boolean) {
    this.#struct.set({ ignoresAverage: Number(ignores && this.#hasAverage) });
  }

  /** Restarts the average with the next step. */
  restartAverage(): void {
    this.#struct.set({ averagedSteps: 0 });
  }

  /** Sets the state and the count of steps to 0, and restarts the average. */
  reset(): void {
    this.#struct.set({ step: 0, averagedSteps: 0 });
    const bytes = this.#struct.get("slots") * this.#struct.get("slotSize");
    new Uint8Array(this.#heap.buffer, this.#struct.get("state"), bytes).fill(0);
  }

  /** Takes over everything that an optimizer of the same options, for a network of the same shape, has learned. */
  copyFrom(other: OptimizerState): void {
    for (const field of ["step", "learningRate", "averagedSteps"] as const) {
      this.#struct.set({ [field]: other.#struct.get(field) });
    }
    this.#numbers().set(other.#numbers());
  }

  /** All bytes that follow the struct: hyperparameters, state and averages. */
  #numbers(): Uint8Array {
    const head = OptimizerStruct.size;
    return new Uint8Array(this.#heap.buffer, this.address + head, this.#struct.get("size") - head);
  }

  get #hasAverage(): boolean {
    return (this.#struct.get("features") & OptimizerFeatureNumber.Average) !== 0;
  }

  dispose(): void {
    this.#block.dispose();
  }
}
