import { StructView } from "../abi/struct.js";
import {
  HYPERPARAMETER_COUNT,
  OptimizerFeatureNumber,
  OptimizerStruct,
  SHARED_COUNT,
} from "../abi/structs.js";
import type { FloatArray } from "../dtype.js";
import { encodeOptimizer, type Optimizer } from "../optimizers.js";
import { Block } from "./block.js";
import type { Address } from "./core.js";
import type { Heap } from "./heap.js";
import type { ElementType, Host } from "./host.js";
import { requireAccepted } from "./status.js";

/** What an optimizer has learned. */
export interface OptimizerValues {
  /** Steps taken. */
  readonly step: number;
  readonly learningRate: number;
  /** Steps that the average includes. */
  readonly averagedSteps: number;
  /** Numbers that are computed once in a step. The next step of some optimizers needs them. */
  readonly shared: Float64Array;
  /** The state: one number for each parameter in each slot. */
  readonly slots: readonly FloatArray[];
  /** The average of the parameters, if the optimizer keeps one. */
  readonly average: FloatArray | undefined;
}

const COUNTS = ["step", "learningRate", "averagedSteps"] as const;
type Counts = [step: number, learningRate: number, averagedSteps: number];

/** The offset of the shared numbers in an optimizer's region. */
const SHARED = OptimizerStruct.size + 8 * HYPERPARAMETER_COUNT;

/** An optimizer and its state in linear memory. */
export class OptimizerState {
  readonly #block: Block;
  readonly #struct: StructView<typeof OptimizerStruct>;
  readonly #heap: Heap;
  readonly #type: ElementType;
  readonly #parameterCount: number;

  constructor({ core, heap, kernels, dtype, type }: Host, network: Address, optimizer: Optimizer) {
    const { kind, features, hyperparameters, ...fields } = encodeOptimizer(optimizer, dtype);
    requireAccepted(kernels.optimizer_check(network, kind, features));
    this.#block = new Block(heap, kernels.optimizer_size(network, kind, features));
    const { address } = this.#block;
    requireAccepted(kernels.optimizer_layout(network, address, kind, features));
    this.#heap = heap;
    this.#type = type;
    this.#parameterCount = core.exports.network_parameter_count(network) >>> 0;
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

  /** What the optimizer has learned. The arrays are views of linear memory. */
  get values(): OptimizerValues {
    const { buffer } = this.#heap;
    const [step, learningRate, averagedSteps] = COUNTS.map((field) => this.#struct.get(field)) as Counts;
    const slots = this.#struct.get("slots");
    const slot = (index: number) => {
      const address = this.#struct.get("state") + index * this.#struct.get("slotSize");
      return this.#type.view(buffer, address, this.#parameterCount);
    };
    return {
      step,
      learningRate,
      averagedSteps,
      shared: new Float64Array(buffer, this.address + SHARED, SHARED_COUNT),
      slots: Array.from({ length: slots }, (_, index) => slot(index)),
      average: this.#hasAverage ? slot(slots) : undefined,
    };
  }

  /** Takes over what an optimizer of the same options, for a network of the same shape, has learned. */
  restore({ step, learningRate, averagedSteps, shared, slots, average }: OptimizerValues): void {
    this.#struct.set({ step, learningRate, averagedSteps });
    const own = this.values;
    own.shared.set(shared);
    for (const [index, slot] of own.slots.entries()) slot.set(slots[index]!);
    own.average?.set(average!);
  }

  get #hasAverage(): boolean {
    return (this.#struct.get("features") & OptimizerFeatureNumber.Average) !== 0;
  }

  dispose(): void {
    this.#block.dispose();
  }
}
