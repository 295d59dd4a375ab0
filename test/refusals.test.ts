// Calls that the core refuses, and the status that it returns for each. A refused call changes nothing.

import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type FieldValues, StructView } from "../src/abi/struct.js";
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
import { Arena } from "./support/arena.js";
import { descriptionSize, writeDescription } from "./support/descriptions.js";
import { spread } from "./support/floats.js";

type StatusName = keyof typeof StatusNumber;
type SamplesFields = FieldValues<typeof SamplesStruct>;
type RunFields = FieldValues<typeof RunStruct>;

const ROWS = 300;
const INPUTS = 3;
const OUTPUTS = 4;
const HUGE = 2 ** 32 - 1;

let arena: Arena;

beforeAll(async () => {
  arena = await Arena.create();
});

beforeEach(() => {
  arena.clear();
});

function nameOf(status: number): StatusName {
  return (Object.keys(StatusNumber) as StatusName[]).find((name) => StatusNumber[name] === status)!;
}

/** Addresses past the end of memory or not aligned, and null. */
const WRONG_ADDRESSES = [0, 2, 2 ** 32 - 64];

describe.each([
  ["f32", 4],
  ["f64", 8],
] as const)("a network of %s", (suffix, elementSize) => {
  /** Calls a function of the dtype. */
  const call = (name: string, ...values: number[]) => arena.call(`${name}_${suffix}`, ...values);

  class Task {
    readonly network: number;
    readonly workspace: number;
    readonly optimizer: StructView<typeof OptimizerStruct>;
    readonly samples: StructView<typeof SamplesStruct>;
    readonly run: StructView<typeof RunStruct>;

    /** A classifier with labels as targets, Adam, and a run of two epochs. */
    constructor(order?: readonly number[], labels = Array.from({ length: ROWS }, (_, i) => i % OUTPUTS)) {
      this.network = this.#createNetwork();
      this.workspace = arena.allocate(call("workspace_size", this.network, 128, 1));
      call("workspace_layout", this.network, this.workspace, 128, 1);
      this.optimizer = this.#createOptimizer();
      this.samples = arena.put(SamplesStruct, {
        inputs: arena.putFloats(spread(ROWS * INPUTS), elementSize),
        targets: arena.putFloats(labels, elementSize),
        order: order ? arena.putWords(order) : 0,
        rows: ROWS,
        scale: 1,
      });
      this.run = arena.put(RunStruct, {
        samples: this.samples.address,
        workspace: this.workspace,
        batchSize: 200,
        until: 2,
        losses: arena.allocate(16),
        targetLoss: Number.NEGATIVE_INFINITY,
      });
    }

    get hyperparameters(): Float32Array | Float64Array {
      return arena.floats(this.optimizer.address + OptimizerStruct.size, 8, 8);
    }

    /** A copy of the parameters, the gradients, the optimizer, and everything that the host wrote. */
    bytes(): Buffer {
      const { network, optimizer, samples } = this;
      const begin = arena.call("network_parameters", network) - network;
      const blocks = [optimizer.address, samples.address, this.run.get("losses")];
      const order = samples.get("order");
      if (order) blocks.push(order);
      return Buffer.concat([
        arena.copyOf(network).subarray(begin),
        ...blocks.map((block) => arena.copyOf(block)),
      ]);
    }

    /** Calls train() once. Returns the units done and the status. */
    train(budget = 100): [done: number, status: StatusName] {
      const done = call("train", this.network, this.run.address, budget) >>> 0;
      return [done, nameOf(this.run.get("status"))];
    }

    /** A view of an array of words, for tests that change an element. */
    words(address: number): Uint32Array {
      return new Uint32Array(arena.memory.buffer, address, ROWS);
    }

    labels(): Float32Array | Float64Array {
      return arena.floats(this.samples.get("targets"), ROWS, elementSize);
    }

    #createNetwork(): number {
      const description = arena.allocate(descriptionSize(2));
      const { Tanh, Softmax } = ActivationNumber;
      const dense = { kind: LayerKindNumber.Dense, useBias: 1 };
      const loss = LossNumber.SparseCategoricalCrossentropy;
      writeDescription(arena.memory, description, { elementSize, inputs: INPUTS, loss, mean: 1 }, [
        { ...dense, units: 5, activation: Tanh },
        { ...dense, units: OUTPUTS, activation: Softmax },
      ]);
      const network = arena.allocate(arena.call("network_size", description));
      arena.call("network_layout", network, description);
      const count = arena.call("network_parameter_count", network);
      arena.floats(arena.call("network_parameters", network), count, elementSize).set(spread(count));
      return network;
    }

    #createOptimizer(): StructView<typeof OptimizerStruct> {
      const optimizer = arena.allocate(call("optimizer_size", this.network, OptimizerKindNumber.Adam));
      call("optimizer_layout", this.network, optimizer, OptimizerKindNumber.Adam);
      const view = new StructView(OptimizerStruct, arena.memory, optimizer);
      view.set({ learningRate: 0.01 });
      arena.floats(optimizer + OptimizerStruct.size, 3, 8).set([0.9, 0.999, 1e-8]);
      arena.call("network_set_optimizer", this.network, optimizer);
      return view;
    }
  }

  /** Asserts that train() and run_check() give the status, and that nothing else changes. */
  function expectRefusal(task: Task, status: StatusName): void {
    const { network, run } = task;
    const before = task.bytes();
    const progress = { ...readRun(task), status: 0 };
    expect(nameOf(call("run_check", network, run.address))).toBe(status);
    expect(task.train()).toEqual([0, status]);
    expect({ ...readRun(task), status: 0 }).toEqual(progress);
    expect(Buffer.compare(task.bytes(), before)).toBe(0);
    expect(arena.findIntrusion()).toBe(-1);
  }

  function readRun({ run }: Task): Record<string, number> {
    const fields = Object.keys(RunStruct.fields) as (keyof typeof RunStruct.fields)[];
    return Object.fromEntries(fields.map((field) => [field, run.get(field)]));
  }

  function parametersOf({ network }: Task): Buffer {
    const count = arena.call("network_parameter_count", network);
    const begin = arena.call("network_parameters", network) - network;
    return Buffer.from(arena.copyOf(network).subarray(begin, begin + count * elementSize));
  }

  it("trains if nothing is wrong", () => {
    const task = new Task();
    const before = task.bytes();
    expect(nameOf(call("run_check", task.network, task.run.address))).toBe("Ok");
    expect(task.train()).toEqual([6, "Finished"]);
    expect(Buffer.compare(task.bytes(), before)).not.toBe(0);
    expect(arena.findIntrusion()).toBe(-1);
  });

  describe("refuses a run with", () => {
    const plans: readonly (readonly [string, RunFields, StatusName])[] = [
      ["a batch size of 0", { batchSize: 0 }, "InvalidBatchSize"],
      ["an unknown pause", { pauses: 16 }, "InvalidFlag"],
      ["a shuffles of 2", { shuffles: 2 }, "InvalidFlag"],
      ["a shuffles of 1 without an order", { shuffles: 1 }, "InvalidAddress"],
      ["more epochs than losses fit into memory", { until: 2 ** 31 }, "InvalidAddress"],
      [
        "more learning rates than fit into memory",
        { learningRates: 64, learningRateCount: HUGE },
        "InvalidAddress",
      ],
      ["a learning rate past the last one", { learningRates: 64, learningRateIndex: 1 }, "InvalidProgress"],
      ["a row past the last one", { row: ROWS }, "InvalidProgress"],
      ["a row far past the last one", { row: HUGE }, "InvalidProgress"],
      ["more rows shuffled than there are", { ordered: ROWS + 1 }, "InvalidProgress"],
      ["an update that is due outside of a batch", { updateIsDue: 1 }, "InvalidProgress"],
      ["a batch without rows", { isInBatch: 1 }, "InvalidProgress"],
      ["an update of a batch without rows", { isInBatch: 1, updateIsDue: 1 }, "InvalidProgress"],
      ["an isInBatch of 2", { isInBatch: 2, batchEnd: 200 }, "InvalidProgress"],
      ["a batch past the last row", { isInBatch: 1, batchEnd: ROWS + 1 }, "InvalidProgress"],
      ["a row before its batch", { isInBatch: 1, batchBegin: 1, batchEnd: 200 }, "InvalidProgress"],
      ["a row after its batch", { isInBatch: 1, batchEnd: 200, row: 201 }, "InvalidProgress"],
      [
        "a complete batch whose update is not due",
        { isInBatch: 1, batchEnd: 200, row: 200 },
        "InvalidProgress",
      ],
      ["an update that is due too early", { isInBatch: 1, batchEnd: 200, updateIsDue: 1 }, "InvalidProgress"],
    ];

    it.each(plans)("%s", (_what, fields, status) => {
      const task = new Task();
      task.run.set(fields);
      expectRefusal(task, status);
    });

    it.each(["samples", "workspace", "losses"] as const)(
      "%s that are not in memory or not aligned",
      (field) => {
        const task = new Task();
        for (const address of [...WRONG_ADDRESSES, task.run.get(field) + 2]) {
          task.run.set({ [field]: address });
          expect(nameOf(call("run_check", task.network, task.run.address))).toBe("InvalidAddress");
          expect(task.train()).toEqual([0, "InvalidAddress"]);
        }
        expect(arena.findIntrusion()).toBe(-1);
      },
    );

    it("learning rates that are not aligned", () => {
      const task = new Task();
      task.run.set({ learningRates: arena.allocate(64) + 4, learningRateCount: 3 });
      expectRefusal(task, "InvalidAddress");
    });

    it("the workspace of another network, or an address without a workspace", () => {
      const other = new Task();
      for (const workspace of [other.workspace, other.network, other.optimizer.address]) {
        const task = new Task();
        task.run.set({ workspace });
        expectRefusal(task, "WrongWorkspace");
      }
    });

    it("a network of the other dtype, or an address without a network", () => {
      const { network, run } = new Task();
      const other = suffix === "f32" ? "f64" : "f32";
      expect(arena.call(`train_${other}`, network, run.address, 1)).toBe(0);
      expect(nameOf(run.get("status"))).toBe("WrongElementType");
      for (const [address, status] of [
        [arena.allocate(64), "WrongElementType"],
        [0, "InvalidAddress"],
        [network + 8, "InvalidAddress"],
        [2 ** 32 - 64, "InvalidAddress"],
      ] as const) {
        expect(call("train", address, run.address, 1)).toBe(0);
        expect(nameOf(run.get("status"))).toBe(status);
      }
    });
  });

  it("writes no status to a run that is not in memory or not aligned", () => {
    const { network, run } = new Task();
    for (const address of [...WRONG_ADDRESSES, run.address + 4, arena.memory.buffer.byteLength - 8]) {
      expect(nameOf(call("run_check", network, address))).toBe("InvalidAddress");
      expect(call("train", network, address, 1)).toBe(0);
    }
    expect(arena.findIntrusion()).toBe(-1);
  });

  describe("refuses samples with", () => {
    const wrong: readonly (readonly [string, SamplesFields, StatusName])[] = [
      ["0 rows", { rows: 0 }, "InvalidRows"],
      ["more rows than fit into memory", { rows: 2 ** 28 }, "InvalidAddress"],
      ["2³² − 1 rows", { rows: HUGE }, "InvalidAddress"],
      ["an element type", { elementType: 2 }, "Unsupported"],
      ["bytes and a scale of 0", { elementType: 1, scale: 0 }, "Unsupported"],
      ["bytes and a scale below 0", { elementType: 1, scale: -1 }, "Unsupported"],
      ["bytes and an infinite scale", { elementType: 1, scale: Infinity }, "Unsupported"],
      ["bytes and a scale whose products overflow", { elementType: 1, scale: 1e307 }, "Unsupported"],
      ["a scale other than 1", { scale: 0 }, "Unsupported"],
      ["a NaN as scale", { scale: Number.NaN }, "Unsupported"],
    ];

    it.each(wrong)("%s", (_what, fields, status) => {
      const task = new Task();
      task.samples.set(fields);
      expectRefusal(task, status);
      expectNoSum(task, status);
    });

    it.each(["inputs", "targets", "weights", "order"] as const)(
      "%s that are not in memory or not aligned",
      (field) => {
        const task = new Task(Array.from({ length: ROWS }, (_, i) => i));
        const addresses = [...WRONG_ADDRESSES, task.samples.get(field) + 2];
        // An order or weights of 0: none.
        const isOptional = field === "order" || field === "weights";
        for (const address of addresses.filter((address) => !isOptional || address !== 0)) {
          task.samples.set({ [field]: address });
          expect(nameOf(call("run_check", task.network, task.run.address))).toBe("InvalidAddress");
          expect(task.train()).toEqual([0, "InvalidAddress"]);
          expectNoSum(task, "InvalidAddress");
        }
        expect(arena.findIntrusion()).toBe(-1);
      },
    );
  });

  /** Asserts that the calls with samples [begin, end) return NaN or the status, and change nothing. */
  function expectNoSum(task: Task, status: StatusName, begin = 0, end = 1): void {
    const { network, workspace, samples } = task;
    const range = [network, workspace, samples.address, begin, end] as const;
    const gradients = arena.copyOf(network);
    expect(nameOf(call("evaluate_check", ...range))).toBe(status);
    expect(call("evaluate", ...range, 0)).toBeNaN();
    expect(call("compute_gradients", ...range, 0)).toBeNaN();
    expect(nameOf(call("forward", ...range, 0))).toBe(status);
    expect(Buffer.compare(arena.copyOf(network), gradients)).toBe(0);
  }

  describe("refuses rows", () => {
    it.each([
      [0, 0],
      [5, 4],
      [ROWS, ROWS],
      [ROWS - 1, ROWS + 1],
      [0, HUGE],
      [HUGE, 1],
    ])("%i … %i", (begin, end) => {
      const task = new Task();
      expectNoSum(task, "InvalidRows", begin, end);
      const { network, workspace, samples } = task;
      const out = arena.allocate(ROWS * OUTPUTS * elementSize);
      expect(nameOf(call("predict", network, workspace, samples.address, begin, end, out))).toBe(
        "InvalidRows",
      );
      expect(arena.copyOf(out).every((byte) => byte === 0)).toBe(true);
    });

    it("that exceed the capacity of the workspace in one pass", () => {
      const { network, workspace, samples } = new Task();
      expect(nameOf(call("forward", network, workspace, samples.address, 0, 129, 0))).toBe("InvalidRows");
      expect(nameOf(call("forward", network, workspace, samples.address, 0, 128, 0))).toBe("Ok");
    });

    it("whose predictions are not in memory or not aligned", () => {
      const { network, workspace, samples } = new Task();
      for (const out of [...WRONG_ADDRESSES, arena.memory.buffer.byteLength - 8]) {
        const status = call("predict", network, workspace, samples.address, 0, 9, out);
        expect(nameOf(status)).toBe("InvalidAddress");
      }
      expect(arena.findIntrusion()).toBe(-1);
    });
  });

  describe("refuses an optimizer", () => {
    type Change = (task: Task) => void;
    const set =
      (fields: FieldValues<typeof OptimizerStruct>): Change =>
      (task) =>
        task.optimizer.set(fields);
    const hyperparameter =
      (index: number, value: number): Change =>
      (task) => {
        task.hyperparameters[index] = value;
      };
    const infinite = elementSize === 4 ? 1e39 : Infinity;

    it.each<readonly [string, Change, StatusName]>([
      ["of an unknown kind", set({ kind: OptimizerKindNumber.Rprop + 1 }), "UnknownOptimizer"],
      ["with a feature of another kind", set({ features: OptimizerFeatureNumber.Momentum }), "InvalidFlag"],
      [
        "with a feature that needs more slots",
        set({ features: OptimizerFeatureNumber.Amsgrad }),
        "WrongOptimizer",
      ],
      [
        "with a feature that needs more room",
        set({ features: OptimizerFeatureNumber.NormClipping, clipNorm: 1 }),
        "WrongOptimizer",
      ],
      ["with another size", set({ size: 64 }), "WrongOptimizer"],
      ["with an average but not its feature", set({ averageDecay: 0.5 }), "ReservedNotZero"],
      ["that ignores an average that it does not have", set({ ignoresAverage: 1 }), "ReservedNotZero"],
      ["with a flag of 2", set({ ignoresAverage: 2 }), "InvalidFlag"],
      ["with ½ averaged steps", set({ averagedSteps: 0.5 }), "WrongOptimizer"],
      ["with a weight decay but not its feature", set({ weightDecay: 0.1 }), "ReservedNotZero"],
      ["with a clip of values but not its feature", set({ clipValue: 1 }), "ReservedNotZero"],
      ["with a clip of the norm but not its feature", set({ clipNorm: 1 }), "ReservedNotZero"],
      [
        "with the feature of clipping values, but no limit",
        set({ features: OptimizerFeatureNumber.ValueClipping }),
        "InvalidHyperparameter",
      ],
      ["with a negative weight decay", set({ weightDecay: -0.1 }), "InvalidHyperparameter"],
      ["with a weight decay of NaN", set({ weightDecay: Number.NaN }), "InvalidHyperparameter"],
      ["of a kind with fewer slots", set({ kind: OptimizerKindNumber.Sgd }), "WrongOptimizer"],
      ["with more slots", set({ slots: 3 }), "WrongOptimizer"],
      ["with another slot size", set({ slotSize: 2 ** 30 }), "WrongOptimizer"],
      ["whose state is elsewhere", (task) => task.optimizer.set({ state: task.network }), "WrongOptimizer"],
      ["with a step of −1", set({ step: -1 }), "WrongOptimizer"],
      ["with a step of ½", set({ step: 0.5 }), "WrongOptimizer"],
      ["with a step above 2⁵³", set({ step: 2 ** 54 }), "WrongOptimizer"],
      ["with a step of NaN", set({ step: Number.NaN }), "WrongOptimizer"],
      ["with a learning rate of NaN", set({ learningRate: Number.NaN }), "InvalidLearningRate"],
      ["with a learning rate that is infinite", set({ learningRate: infinite }), "InvalidLearningRate"],
      ["with a first beta of 1", hyperparameter(0, 1), "InvalidHyperparameter"],
      ["with a first beta below 0", hyperparameter(0, -0.1), "InvalidHyperparameter"],
      ["with a second beta of NaN", hyperparameter(1, Number.NaN), "InvalidHyperparameter"],
      ["with a second beta of 2", hyperparameter(1, 2), "InvalidHyperparameter"],
      ["with an epsilon of 0", hyperparameter(2, elementSize === 4 ? 1e-50 : 0), "InvalidHyperparameter"],
      ["with an epsilon that is infinite", hyperparameter(2, infinite), "InvalidHyperparameter"],
      ["with a hyperparameter that it does not have", hyperparameter(3, 1), "ReservedNotZero"],
      ["with a last hyperparameter that it does not have", hyperparameter(7, 1), "ReservedNotZero"],
    ])("%s", (_what, change, status) => {
      const task = new Task();
      change(task);
      expectRefusal(task, status);
      const before = task.bytes();
      expect(nameOf(call("update", task.network, task.workspace))).toBe(status);
      expect(Buffer.compare(task.bytes(), before)).toBe(0);
    });

    it("of another network", () => {
      const task = new Task();
      const description = arena.allocate(descriptionSize(1));
      writeDescription(arena.memory, description, { elementSize, inputs: 1 }, [{ units: 1 }]);
      const small = arena.allocate(arena.call("network_size", description));
      arena.call("network_layout", small, description);
      const optimizer = arena.allocate(call("optimizer_size", small, OptimizerKindNumber.Sgd));
      call("optimizer_layout", small, optimizer, OptimizerKindNumber.Sgd);
      expect(nameOf(arena.call("network_set_optimizer", task.network, optimizer))).toBe("Ok");
      expectRefusal(task, "WrongOptimizer");
    });

    it("that was not set", () => {
      const task = new Task();
      expect(nameOf(arena.call("network_set_optimizer", task.network, 0))).toBe("Ok");
      expectRefusal(task, "NoOptimizer");
    });

    it("that is not in memory or not aligned, when it is set", () => {
      const task = new Task();
      for (const optimizer of [8, task.optimizer.address + 32, 2 ** 32 - 64]) {
        expect(nameOf(arena.call("network_set_optimizer", task.network, optimizer))).toBe("InvalidAddress");
      }
      expect(task.train()).toEqual([6, "Finished"]);
    });

    it("with a hyperparameter if it is SGD, which has none", () => {
      const task = new Task();
      const optimizer = arena.allocate(call("optimizer_size", task.network, OptimizerKindNumber.Sgd));
      call("optimizer_layout", task.network, optimizer, OptimizerKindNumber.Sgd);
      arena.call("network_set_optimizer", task.network, optimizer);
      arena.floats(optimizer + OptimizerStruct.size, 8, 8)[0] = 0.9;
      expectRefusal(task, "ReservedNotZero");
    });
  });

  it("stops before a learning rate that is not finite, and continues with another", () => {
    for (const rate of [Number.NaN, elementSize === 4 ? 1e39 : Infinity]) {
      const task = new Task();
      const learningRates = arena.putFloats([0.1, rate, 0.2, 0.3], 8);
      task.run.set({ learningRates, learningRateCount: 4 });
      expect(task.train()).toEqual([2, "InvalidLearningRate"]);
      expect([task.run.get("row"), task.run.get("learningRateIndex")]).toEqual([200, 1]);
      expect(task.optimizer.get("learningRate")).toBe(0.1);
      expect(task.train()).toEqual([0, "InvalidLearningRate"]);
      arena.floats(learningRates, 4, 8)[1] = 0.1;
      expect(task.train()).toEqual([4, "Finished"]);
    }
  });

  it("repeats an update that would not have been finite", () => {
    const task = new Task();
    const twin = new Task();
    expect(twin.train()).toEqual([6, "Finished"]);
    const mean = arena.floats(task.optimizer.get("state"), 1, elementSize);
    mean[0] = elementSize === 4 ? 3e38 : 1.7e308;
    const before = task.bytes();
    expect(task.train()).toEqual([2, "StepNotFinite"]);
    expect(task.train()).toEqual([0, "StepNotFinite"]);
    expect(readRun(task)).toMatchObject({ row: 200, isInBatch: 1, updateIsDue: 1 });
    expect(Buffer.compare(parametersOf(task), before.subarray(0, parametersOf(task).length))).toBe(0);
    mean[0] = 0;
    expect(task.train()).toEqual([4, "Finished"]);
    expect(Buffer.compare(parametersOf(task), parametersOf(twin))).toBe(0);
  });

  describe("stops before a microbatch with", () => {
    const bad = [Number.NaN, -1, OUTPUTS, 0.5, Infinity, 2 ** 31];

    it.each(bad)("the label %d, and continues with a valid one", (label) => {
      // In the first microbatch, in the second microbatch, in the second batch.
      for (const [at, row, done] of [
        [0, 0, 0],
        [127, 0, 0],
        [128, 128, 1],
        [299, 200, 2],
      ] as const) {
        const twin = new Task();
        twin.train();
        const task = new Task();
        const right = task.labels()[at]!;
        task.labels()[at] = label;
        expectStop(task, "LabelOutOfRange", row, done);
        expectNoSum(task, "LabelOutOfRange", at, at + 1);
        task.labels()[at] = right;
        expect(task.train()).toEqual([6 - done, "Finished"]);
        expect(Buffer.compare(parametersOf(task), parametersOf(twin))).toBe(0);
        arena.clear();
      }
    });

    it.each([ROWS, ROWS + 1, 2 ** 31, HUGE])("the order %d, and continues with a valid one", (index) => {
      const order = Array.from({ length: ROWS }, (_, i) => (i * 7) % ROWS);
      for (const [at, row, done] of [
        [0, 0, 0],
        [126, 0, 0],
        [199, 128, 1],
        [298, 200, 2],
      ] as const) {
        const twin = new Task(order);
        twin.train();
        const task = new Task(order);
        const words = task.words(task.samples.get("order"));
        words[at] = index;
        expectStop(task, "OrderOutOfRange", row, done);
        expectNoSum(task, "OrderOutOfRange", at, at + 1);
        const { network, workspace, samples } = task;
        const out = arena.allocate(OUTPUTS * elementSize);
        const status = call("predict", network, workspace, samples.address, at, at + 1, out);
        expect(nameOf(status)).toBe("OrderOutOfRange");
        words[at] = order[at]!;
        expect(task.train()).toEqual([6 - done, "Finished"]);
        expect(Buffer.compare(parametersOf(task), parametersOf(twin))).toBe(0);
        arena.clear();
      }
    });

    function expectStop(task: Task, status: StatusName, row: number, done: number): void {
      expect(task.train()).toEqual([done, status]);
      expect(task.run.get("row")).toBe(row);
      const before = task.bytes();
      expect(task.train()).toEqual([0, status]);
      expect(Buffer.compare(task.bytes(), before)).toBe(0);
      expect(arena.findIntrusion()).toBe(-1);
    }
  });

  it("checks labels in the given order, and predicts without labels", () => {
    const order = Array.from({ length: ROWS }, (_, i) => ROWS - 1 - i);
    const task = new Task(order);
    task.labels()[ROWS - 1] = OUTPUTS;
    expect(task.train()).toEqual([0, "LabelOutOfRange"]);
    task.samples.set({ targets: 0 });
    const { network, workspace, samples } = task;
    const out = arena.allocate(ROWS * OUTPUTS * elementSize);
    expect(nameOf(call("predict", network, workspace, samples.address, 0, ROWS, out))).toBe("Ok");
  });

  describe("refuses the parts of a step", () => {
    it("before a pass", () => {
      const { network, workspace } = new Task();
      expect(nameOf(call("complete_outputs", network, workspace))).toBe("InvalidRows");
      expect(nameOf(call("backward", network, workspace, 0))).toBe("InvalidRows");
      expect(nameOf(call("pass_predictions", network, workspace, 0))).toBe("InvalidRows");
      expect(call("output_magnitude", network, workspace, 0)).toBeNaN();
      expect(call("loss", network, workspace, 0, 1)).toBeNaN();
    });

    it("for columns outside the pass", () => {
      const { network, workspace, samples } = new Task();
      call("forward", network, workspace, samples.address, 0, 100, 0);
      expect(call("loss", network, workspace, 0, 1)).toBeGreaterThan(0);
      const before = arena.copyOf(workspace);
      for (const block of [1, 100, 128, 2 ** 20, HUGE - 127]) {
        expect(call("loss", network, workspace, block, 1)).toBeNaN();
      }
      expect(Buffer.compare(arena.copyOf(workspace), before)).toBe(0);
    });

    it("for predictions that are not in memory or not aligned", () => {
      const { network, workspace, samples } = new Task();
      call("forward", network, workspace, samples.address, 0, 100, 0);
      const before = arena.copyOf(workspace);
      for (const address of [...WRONG_ADDRESSES, workspace + 1]) {
        expect(nameOf(call("pass_predictions", network, workspace, address))).toBe("InvalidAddress");
      }
      expect(Buffer.compare(arena.copyOf(workspace), before)).toBe(0);
    });

    it("with a workspace that is not the network's", () => {
      const { network, samples } = new Task();
      const other = new Task();
      call("forward", other.network, other.workspace, samples.address, 0, 9, 0);
      expectNoCalls(network, other.workspace, samples.address, "WrongWorkspace");
    });

    it("with a workspace that is not in memory or not aligned", () => {
      const { network, samples, workspace } = new Task();
      for (const address of [...WRONG_ADDRESSES, workspace + 8]) {
        expectNoCalls(network, address, samples.address, "InvalidAddress");
      }
    });

    it("with an address without a network", () => {
      const { workspace, samples } = new Task();
      expectNoCalls(arena.allocate(64), workspace, samples.address, "WrongElementType");
      for (const address of WRONG_ADDRESSES) {
        expectNoCalls(address, workspace, samples.address, "InvalidAddress");
      }
    });

    /** Asserts that every call that takes a network and a workspace refuses these. */
    function expectNoCalls(network: number, workspace: number, samples: number, status: StatusName): void {
      const range = [network, workspace, samples, 0, 1] as const;
      const out = arena.allocate(OUTPUTS * elementSize);
      const statuses = [
        call("predict", ...range, out),
        call("evaluate_check", ...range),
        call("forward", ...range, 0),
        call("pass_predictions", network, workspace, out),
        ...["complete_outputs", "backward", "update"].map((name) => call(name, network, workspace, 0)),
      ];
      expect(statuses.map(nameOf)).toEqual(Array(7).fill(status));
      expect(call("output_magnitude", network, workspace, 0)).toBeNaN();
      for (const name of ["evaluate", "compute_gradients"]) expect(call(name, ...range, 0)).toBeNaN();
      expect(call("loss", network, workspace, 0, 1)).toBeNaN();
      expect(arena.copyOf(out).every((byte) => byte === 0)).toBe(true);
    }
  });
});

describe("permutation", () => {
  it("writes nothing to an order that is not in memory or not aligned", () => {
    const order = arena.allocate(64);
    for (const [address, end] of [
      [order, HUGE],
      [order, 2 ** 30],
      [order + 2, 4],
      [0, 4],
      [2 ** 32 - 64, 4],
    ] as const) {
      expect(nameOf(arena.call("permutation", address, 0, end, 1, 2))).toBe("InvalidAddress");
    }
    expect(arena.copyOf(order).every((byte) => byte === 0)).toBe(true);
    expect(nameOf(arena.call("permutation", order, 0, 16, 1, 2))).toBe("Ok");
    expect(arena.findIntrusion()).toBe(-1);
  });
});
