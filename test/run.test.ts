// Runs of the core: their results, where they pause and stop, and the functions that a step consists of.

import { beforeAll, describe, expect, it } from "vitest";
import { PauseNumber, StatusNumber } from "../src/abi/structs.js";
import { type ActivationName, dense, type LossName, type Optimizer, sgd } from "../src/index.js";
import { type Core, sharedCore } from "../src/wasm/core.js";
import { CoreNetwork, type CoreRun, type CoreSamples, type RunFields } from "./support/coreNetwork.js";
import { bitsOf, DTYPES, firstDifference, spread } from "./support/floats.js";
import { permutation } from "./support/permutation.js";

const ROWS = 300;
const INPUTS = 3;
const OUTPUTS = 4;

/** One row; fewer rows than a workspace of 128 holds; as many; more. */
const BATCH_SIZES = [1, 7, 128, 129, 200, 300];

let core: Core;

beforeAll(async () => {
  core = await sharedCore();
});

describe.each(DTYPES)("a run in %s", (dtype) => {
  interface Task {
    readonly network: CoreNetwork;
    readonly samples: CoreSamples;
  }

  interface Settings {
    readonly loss?: LossName;
    readonly output?: ActivationName;
    readonly optimizer?: Optimizer;
    readonly workspaceRows?: number;
    readonly rows?: number;
    /** Samples contain these rows, in this order; default: all rows. */
    readonly order?: ArrayLike<number>;
  }

  function create({
    loss = "meanSquaredError",
    output = "linear",
    rows = ROWS,
    order,
    ...settings
  }: Settings = {}): Task {
    const network = new CoreNetwork(core, {
      dtype,
      inputs: INPUTS,
      layers: [dense(6, "silu"), dense(5, "tanh"), dense(OUTPUTS, output)],
      loss,
      optimizer: sgd({ learningRate: 0.2 }),
      ...settings,
    });
    network.parameters().set(spread(network.parameterCount, -1, 1, 0.3));
    const inputs = spread(rows * INPUTS, -1, 1, 0.4);
    const takesLabels = loss === "sparseCategoricalCrossentropy";
    const width = takesLabels ? 1 : OUTPUTS;
    const targets = takesLabels
      ? Array.from({ length: rows }, (_, i) => (i * 7 + 2) % OUTPUTS)
      : spread(rows * OUTPUTS, 0, 1, 0.6);
    const samples = network.createSamples(
      order ? pick(inputs, INPUTS, order) : inputs,
      order ? pick(targets, width, order) : targets,
    );
    return { network, samples };
  }

  function pick(values: readonly number[], width: number, order: ArrayLike<number>): number[] {
    return Array.from(order).flatMap((row) => values.slice(row * width, (row + 1) * width));
  }

  /** The bits of parameters and losses after a run. */
  const bitsAfter = ({ network }: Task, run: CoreRun) => bitsOf(network.parameters()) + bitsOf(run.losses());

  /** The same bits for a run in one call. */
  function straight(fields: RunFields, settings: Settings = {}): string {
    const task = create(settings);
    const run = task.network.createRun(task.samples, fields);
    run.advance();
    expect(run.get("status")).toBe(StatusNumber.Finished);
    const bits = bitsAfter(task, run);
    task.network.dispose();
    return bits;
  }

  it.each(BATCH_SIZES)("gives the same bits for every budget, in batches of %i", (batchSize) => {
    for (const shuffles of [0, 1]) {
      const fields = { until: 3, batchSize, shuffles, ...(shuffles ? { order: [] } : {}) };
      const expected = straight(fields);
      for (const budget of [1, 2, 5]) {
        const task = create();
        const run = task.network.createRun(task.samples, fields);
        while (run.get("epoch") < 3) {
          expect(run.advance(budget)).toBeGreaterThan(0);
          // evaluate() overwrites activations in the workspace, but not the gradients that the run has accumulated.
          if (budget === 2) task.network.evaluate(task.samples);
        }
        expect(run.advance(budget)).toBe(0);
        expect(run.get("status")).toBe(StatusNumber.Finished);
        expect(bitsAfter(task, run)).toBe(expected);
        task.network.dispose();
      }
    }
  });

  it("counts microbatches and slices of shuffling", () => {
    const { network, samples } = create();
    const run = network.createRun(samples, { until: 3, batchSize: 200 });
    const progress = () => [run.get("epoch"), run.get("row"), run.get("status")];
    // An epoch has microbatches of 128 + 72 and 100 rows.
    expect(run.advance(1)).toBe(1);
    expect(progress()).toEqual([0, 128, StatusNumber.Running]);
    expect(run.advance(3)).toBe(3);
    expect(progress()).toEqual([1, 128, StatusNumber.Running]);
    expect(run.advance()).toBe(5);
    expect(progress()).toEqual([3, 0, StatusNumber.Finished]);
    const shuffled = network.createRun(samples, { until: 2, batchSize: 200, shuffles: 1, order: [] });
    expect(shuffled.advance()).toBe(2 * (1 + 3));
    network.dispose();
  });

  it("trains thousands of epochs in one call", () => {
    const settings = { rows: 9 };
    const fields = { until: 5000, batchSize: 4 };
    const task = create(settings);
    const run = task.network.createRun(task.samples, { ...fields, pauses: PauseNumber.Epoch });
    for (let epoch = 1; epoch < 5000; epoch++) {
      run.advance();
      expect(run.get("epoch")).toBe(epoch);
    }
    run.advance();
    expect(bitsAfter(task, run)).toBe(straight(fields, settings));
    expect(run.losses()).toHaveLength(5000);
    task.network.dispose();
  });

  it("does not disturb another run that alternates with it", () => {
    const expected = straight({ until: 3, batchSize: 50 });
    const tasks = [create(), create()];
    const runs = tasks.map(({ network, samples }) => network.createRun(samples, { until: 3, batchSize: 50 }));
    while (runs.some((run) => run.get("epoch") < 3)) for (const run of runs) run.advance(1);
    tasks.forEach((task, i) => {
      expect(bitsAfter(task, runs[i]!)).toBe(expected);
      task.network.dispose();
    });
  });

  describe("that pauses", () => {
    it.each(BATCH_SIZES)(
      "at batches has their gradients, and has not updated parameters, batches of %i",
      (batchSize) => {
        const fields = { until: 2, batchSize };
        const task = create();
        const { network, samples } = task;
        const run = network.createRun(samples, { ...fields, pauses: PauseNumber.Batch });
        const twin = create();
        let before = network.parameters().slice();
        for (let batches = 0; batches < 2 * Math.ceil(ROWS / batchSize); batches++) {
          const row = (batches * batchSize) % (Math.ceil(ROWS / batchSize) * batchSize);
          expect(run.advance()).toBe(Math.ceil(Math.min(batchSize, ROWS - row) / 128));
          expect(run.get("status")).toBe(StatusNumber.BatchEnded);
          expect([run.get("batchBegin"), run.get("batchEnd")]).toEqual([
            row,
            Math.min(row + batchSize, ROWS),
          ]);
          if (batches > 0) {
            expect(firstDifference(network.parameters(), before)).not.toBe(-1);
            before = network.parameters().slice();
          }
          twin.network.parameters().set(network.parameters());
          const batch = create({
            order: Array.from({ length: run.get("batchEnd") - row }, (_, i) => row + i),
          });
          batch.network.parameters().set(network.parameters());
          const loss = batch.network.computeGradients(batch.samples);
          expect(run.get("batchLossSum") * run.get("batchScale")).toBe(loss);
          expect(firstDifference(network.gradients(), batch.network.gradients())).toBe(-1);
          batch.network.dispose();
        }
        // The last update is still to come.
        expect(run.get("epoch")).toBe(1);
        expect(run.advance()).toBe(0);
        expect(run.get("status")).toBe(StatusNumber.Finished);
        expect(bitsAfter(task, run)).toBe(straight(fields));
        for (const { network } of [task, twin]) network.dispose();
      },
    );

    it("has the outputs of the last microbatch in the workspace at the end of a batch", () => {
      for (const [loss, output] of [
        ["meanSquaredError", "linear"],
        ["sparseCategoricalCrossentropy", "softmax"],
      ] as const) {
        for (const batchSize of [1, 7, 128, 200]) {
          const { network, samples } = create({ loss, output });
          const run = network.createRun(samples, { batchSize, pauses: PauseNumber.Batch });
          run.advance();
          const rows = ((batchSize - 1) % 128) + 1;
          network.kernels.complete_outputs(network.address, network.workspace);
          const actual = network.outputsOfPass(rows);
          const expected = network
            .predict(samples)
            .subarray((batchSize - rows) * OUTPUTS, batchSize * OUTPUTS);
          expect(bitsOf(actual)).toBe(bitsOf([...expected]));
          network.dispose();
        }
      }
    });

    it("gives the predictions and the magnitudes of the last microbatch after a step", () => {
      for (const [loss, output] of [
        ["meanSquaredError", "linear"],
        ["sparseCategoricalCrossentropy", "softmax"],
      ] as const) {
        for (const batchSize of [1, 7, 128, 200]) {
          const { network, samples } = create({ loss, output });
          network.setLearningRate(0);
          network.createRun(samples, { batchSize, pauses: PauseNumber.Step }).advance();
          const rows = ((batchSize - 1) % 128) + 1;
          const pass = [network.address, network.workspace] as const;
          const sum = network.outputsOfPass(rows).reduce((total, x) => total + Math.abs(x), 0);
          expect(network.kernels.output_magnitude(...pass, 2) / sum).toBeCloseTo(1, 6);
          expect(network.kernels.output_magnitude(...pass, 3)).toBeNaN();
          const out = network.allocate(rows * OUTPUTS * network.host.type.size);
          expect(network.kernels.pass_predictions(...pass, out)).toBe(StatusNumber.Ok);
          const expected = network.predict(samples).slice((batchSize - rows) * OUTPUTS, batchSize * OUTPUTS);
          expect(bitsOf(network.view(out, rows * OUTPUTS))).toBe(bitsOf(expected));
          network.dispose();
        }
      }
    });

    it("at batches uses gradients that the host has changed", () => {
      const { network, samples } = create();
      const run = network.createRun(samples, { batchSize: 32, pauses: PauseNumber.Batch });
      run.advance();
      const before = network.parameters().slice();
      network.gradients().fill(0.5);
      run.set({ pauses: PauseNumber.Step });
      run.advance(0);
      expect(run.get("status")).toBe(StatusNumber.StepTaken);
      const rate = dtype === "float32" ? Math.fround(0.2) : 0.2;
      const round = dtype === "float32" ? Math.fround : (value: number) => value;
      expect(
        firstDifference(
          network.parameters(),
          before.map((value) => round(value - round(rate * 0.5))),
        ),
      ).toBe(-1);
      network.dispose();
    });

    it.each(BATCH_SIZES)("at steps and at ends of epochs reports which, batches of %i", (batchSize) => {
      const task = create();
      const steps = Math.ceil(ROWS / batchSize);
      const run = task.network.createRun(task.samples, { until: 2, batchSize, pauses: PauseNumber.Step });
      for (let step = 1; step < 2 * steps; step++) {
        run.advance();
        expect(run.get("status")).toBe(step === steps ? StatusNumber.EpochEnded : StatusNumber.StepTaken);
        expect(run.get("epoch")).toBe(Number(step >= steps));
        expect(task.network.exports.network_step(task.network.address)).toBe(step);
      }
      run.advance();
      expect(run.get("status")).toBe(StatusNumber.Finished);
      expect(bitsAfter(task, run)).toBe(straight({ until: 2, batchSize }));
      task.network.dispose();
    });

    it("only at ends of epochs does not stop elsewhere", () => {
      const task = create();
      const run = task.network.createRun(task.samples, { until: 3, batchSize: 7, pauses: PauseNumber.Epoch });
      for (const epoch of [1, 2, 3]) {
        expect(run.advance()).toBe(Math.ceil(ROWS / 7));
        expect([run.get("epoch"), run.get("row")]).toEqual([epoch, 0]);
        expect(run.get("status")).toBe(epoch < 3 ? StatusNumber.EpochEnded : StatusNumber.Finished);
      }
      expect(bitsAfter(task, run)).toBe(straight({ until: 3, batchSize: 7 }));
      task.network.dispose();
    });

    it("at every possible place has the bits of a run without pauses", () => {
      const pauses = PauseNumber.Batch | PauseNumber.Step | PauseNumber.Epoch;
      for (const batchSize of BATCH_SIZES) {
        const task = create();
        const run = task.network.createRun(task.samples, {
          until: 2,
          batchSize,
          pauses,
          shuffles: 1,
          order: [],
        });
        while (run.get("status") !== StatusNumber.Finished) run.advance(1);
        const expected = straight({ until: 2, batchSize, shuffles: 1, order: [] });
        expect(bitsAfter(task, run)).toBe(expected);
        task.network.dispose();
      }
    });

    it("at a target loss stops after the first epoch whose loss is at most the target", () => {
      const losses = (() => {
        const { network, samples } = create();
        const run = network.createRun(samples, { until: 20, batchSize: 32 });
        run.advance();
        return run.losses();
      })();
      const targetLoss = losses[7]!;
      const first = losses.findIndex((loss) => loss <= targetLoss);
      const { network, samples } = create();
      const run = network.createRun(samples, { until: 20, batchSize: 32, targetLoss });
      run.advance();
      expect([run.get("status"), run.get("epoch")]).toEqual([StatusNumber.TargetReached, first + 1]);
      expect(bitsOf(run.losses())).toBe(bitsOf(losses.slice(0, first + 1)));
      // The host may continue the run.
      run.set({ targetLoss: Number.NEGATIVE_INFINITY });
      run.advance();
      expect(bitsOf(run.losses())).toBe(bitsOf(losses));
      network.dispose();
    });
  });

  it.each([1, 7, 200])(
    "uses one of the given learning rates for each step, in batches of %i",
    (batchSize) => {
      const rates = [0.3, 0.1, 0, 0.2, 0.05];
      const { network, samples } = create();
      const run = network.createRun(samples, { until: 1000, batchSize, rates });
      const twin = create();
      const twinRun = twin.network.createRun(twin.samples, {
        until: 1000,
        batchSize,
        pauses: PauseNumber.Step,
      });
      for (let times = 0; times < 2; times++) {
        run.advance();
        expect([run.get("status"), run.get("learningRateIndex")]).toEqual([
          StatusNumber.LearningRatesUsed,
          5,
        ]);
        expect(run.advance()).toBe(0);
        expect(run.get("status")).toBe(StatusNumber.LearningRatesUsed);
        for (const rate of rates) {
          twin.network.setLearningRate(rate);
          twinRun.advance();
        }
        expect(network.exports.network_step(network.address)).toBe(5 * (times + 1));
        expect(firstDifference(network.parameters(), twin.network.parameters())).toBe(-1);
        expect(bitsOf(run.losses())).toBe(bitsOf(twinRun.losses()));
        run.setRates(rates);
      }
      for (const each of [network, twin.network]) each.dispose();
    },
  );

  it("does not start with samples of another element type or with a scale", () => {
    for (const field of ["elementType", "scale"] as const) {
      const value = field === "scale" ? 1 : 0;
      const { network, samples } = create();
      samples.struct.set({ [field]: value + 2 });
      const before = network.parameters().slice();
      const run = network.createRun(samples);
      expect(run.advance()).toBe(0);
      expect(run.get("status")).toBe(StatusNumber.Unsupported);
      expect(firstDifference(network.parameters(), before)).toBe(-1);
      expect(network.evaluate(samples)).toBeNaN();
      expect(network.computeGradients(samples)).toBeNaN();
      const { predict } = network.kernels;
      const out = network.allocate(8 * OUTPUTS);
      expect(predict(network.address, network.workspace, samples.address, 0, 1, out)).toBe(
        StatusNumber.Unsupported,
      );
      samples.struct.set({ [field]: value });
      expect(predict(network.address, network.workspace, samples.address, 0, 1, out)).toBe(StatusNumber.Ok);
      expect(run.advance()).toBe(3);
      network.dispose();
    }
  });

  it.each([1, 64, 300])("takes rows in the given order, batches of %i", (batchSize) => {
    const order = Uint32Array.from({ length: ROWS }, (_, i) => (i * 7 + 11) % ROWS);
    expect(straight({ until: 3, batchSize, order })).toBe(straight({ until: 3, batchSize }, { order }));
    expect(straight({ until: 3, batchSize, order })).not.toBe(straight({ until: 3, batchSize }));
  });

  it.each([1, 64, 200])(
    "that shuffles uses the permutation of seed and epoch, from firstEpoch on, batches of %i",
    (batchSize) => {
      const seed = 2 ** 32 - 5;
      const firstEpoch = 17;
      const shuffled = create();
      shuffled.network.exports.network_set_seed(shuffled.network.address, seed);
      const fields = { until: 3, batchSize, shuffles: 1, firstEpoch, order: [] };
      const run = shuffled.network.createRun(shuffled.samples, { ...fields, pauses: PauseNumber.Epoch });
      const ordered = create();
      const losses: number[] = [];
      for (let epoch = 0; epoch < 3; epoch++) {
        const order = permutation(ROWS, seed, firstEpoch + epoch);
        run.advance();
        expect([...run.order()]).toEqual([...order]);
        const epochRun = ordered.network.createRun(ordered.samples, { batchSize, order });
        epochRun.advance();
        losses.push(...epochRun.losses());
        expect(firstDifference(shuffled.network.parameters(), ordered.network.parameters())).toBe(-1);
      }
      expect(bitsOf(run.losses())).toBe(bitsOf(losses));
      for (const { network } of [shuffled, ordered]) network.dispose();
    },
  );

  it("that shuffles in several slices has the same order with any budget", () => {
    const rows = 150_000;
    const orders = [1, 2, 1000].map((budget) => {
      const { network, samples } = create({ rows });
      const run = network.createRun(samples, {
        batchSize: rows,
        shuffles: 1,
        order: [],
        pauses: PauseNumber.Batch,
      });
      let units = 0;
      while (run.get("status") !== StatusNumber.BatchEnded) units += run.advance(budget);
      // Three slices of at most 65536 rows, then microbatches of 128.
      expect(units).toBe(3 + Math.ceil(rows / 128));
      const order = run.order().slice();
      network.dispose();
      return order;
    });
    for (const order of orders) expect(firstDifference(order, orders[0]!)).toBe(-1);
    expect(firstDifference(orders[0]!, permutation(rows, 0, 0))).toBe(-1);
  });

  const LOSSES_AND_OUTPUTS: [LossName, ActivationName][] = [
    ["meanSquaredError", "linear"],
    ["binaryCrossentropy", "sigmoid"],
    ["sigmoidCrossentropy", "sigmoid"],
    ["categoricalCrossentropy", "softmax"],
    ["sparseCategoricalCrossentropy", "softmax"],
  ];

  it.each(LOSSES_AND_OUTPUTS)(
    "has the bits of separate calls of forward, loss, backward and update, %s",
    (loss, output) => {
      for (const batchSize of [1, 3, 32, 300]) {
        for (const workspaceRows of [128, 300]) {
          const settings = { loss, output, workspaceRows };
          const { network, samples } = create(settings);
          const { kernels, exports, address, workspace } = network;
          const capacity = Math.ceil(workspaceRows / 128) * 128;
          const losses: number[] = [];
          for (let epoch = 0; epoch < 2; epoch++) {
            let epochSum = 0;
            for (let begin = 0; begin < ROWS; begin += batchSize) {
              const end = Math.min(begin + batchSize, ROWS);
              const scale = exports.network_loss_scale(address, end - begin);
              for (let row = begin; row < end; row += capacity) {
                const rows = Math.min(capacity, end - row);
                kernels.forward(address, workspace, samples.address, row, row + rows, 1);
                for (let block = 0; block < rows; block += 128) {
                  epochSum += kernels.loss(address, workspace, block, scale);
                }
                kernels.backward(address, workspace, Number(row > begin));
              }
              expect(network.update()).toBe(true);
            }
            losses.push(epochSum * exports.network_loss_scale(address, ROWS));
          }
          const what = `batches of ${batchSize}, workspace of ${workspaceRows}`;
          const expected = straight({ until: 2, batchSize }, settings);
          expect(bitsOf(network.parameters()) + bitsOf(losses), what).toBe(expected);
          expect(exports.network_step(address)).toBe(2 * Math.ceil(ROWS / batchSize));
          network.dispose();
        }
      }
    },
  );

  it("allows the host to change the gradient of the outputs before backward", () => {
    // A loss of twice the mean squared error is the mean squared error with twice the gradient.
    for (const rows of [1, 7, 100]) {
      const { network, samples } = create();
      const { kernels, exports, address, workspace } = network;
      const pass = (scale: number) => {
        kernels.forward(address, workspace, samples.address, 0, rows, 1);
        kernels.loss(address, workspace, 0, scale);
      };
      pass(1);
      kernels.backward(address, workspace, 0);
      const doubled = network.gradients().map((value) => 2 * value);
      pass(1);
      const gradients = network.outputsOfPass(rows, "output_gradients").map((value) => 2 * value);
      const stride = exports.workspace_stride(workspace);
      const view = network.view(exports.workspace_output_gradients(address, workspace), OUTPUTS * stride);
      gradients.forEach((value, i) => {
        view[(i % OUTPUTS) * stride + Math.floor(i / OUTPUTS)] = value;
      });
      kernels.backward(address, workspace, 0);
      expect(firstDifference(network.gradients(), doubled)).toBe(-1);
      network.dispose();
    }
  });

  describe("whose step would make a parameter NaN or infinite", () => {
    const largest = dtype === "float32" ? (2 - 2 ** -23) * 2 ** 127 : Number.MAX_VALUE;

    /** The gradients are above 1, so a finite learning rate can make a step infinite. */
    function createSteep(order?: ArrayLike<number>): Task {
      const task = create(order && { order });
      const { network, samples } = task;
      const targets = network.view(samples.struct.get("targets"), samples.rows * OUTPUTS);
      targets.set(targets.map((value) => 1e4 * value));
      return task;
    }

    it.each([1, 7, 200])("changes no parameter and keeps the gradients, batches of %i", (batchSize) => {
      for (const pauses of [PauseNumber.Never, PauseNumber.Batch]) {
        const { network, samples } = createSteep();
        const batch = createSteep(Array.from({ length: batchSize }, (_, i) => i));
        const loss = batch.network.computeGradients(batch.samples);
        const gradients = batch.network.gradients().slice();
        network.setLearningRate((largest / Math.max(...gradients.map(Math.abs))) * 1.001);
        const before = network.parameters().slice();
        const run = network.createRun(samples, { batchSize, pauses, until: 5 });
        run.advance();
        if (pauses) expect(run.advance()).toBe(0);
        expect([run.get("status"), run.get("epoch")]).toEqual([StatusNumber.StepNotFinite, 0]);
        expect(firstDifference(network.parameters(), before)).toBe(-1);
        expect(firstDifference(network.gradients(), gradients)).toBe(-1);
        expect(run.get("batchLossSum") * run.get("batchScale")).toBe(loss);
        expect(network.exports.network_step(network.address)).toBe(0);
        expect(network.update()).toBe(false);
        expect(firstDifference(network.parameters(), before)).toBe(-1);
        for (const each of [network, batch.network]) each.dispose();
      }
    });
  });

  it("stops before the update of a batch whose loss is not finite", () => {
    for (const batchSize of [1, 7, 200]) {
      const { network, samples } = create();
      const bad = 250;
      network.view(samples.struct.get("inputs") + bad * INPUTS * network.host.type.size, 1)[0] = Number.NaN;
      const run = network.createRun(samples, { batchSize, until: 3 });
      run.advance();
      expect([run.get("status"), run.get("epoch")]).toEqual([StatusNumber.LossNotFinite, 0]);
      expect(run.losses(1)[0]).toBeNaN();
      const good = Math.floor(bad / batchSize) * batchSize;
      expect(run.get("batchBegin")).toBe(good);
      const twin = create();
      const steps = twin.network.createRun(twin.samples, { batchSize, pauses: PauseNumber.Step });
      while (steps.get("row") < good) steps.advance();
      expect(firstDifference(network.parameters(), twin.network.parameters())).toBe(-1);
      for (const each of [network, twin.network]) each.dispose();
    }
  });

  it.each([1, 7, 130, 300])(
    "gives the same bits with workspaces of every size, in batches of %i",
    (batchSize) => {
      for (const [loss, output] of LOSSES_AND_OUTPUTS) {
        const expected = straight({ until: 2, batchSize }, { loss, output });
        for (const workspaceRows of [1, 129, 300, 1000]) {
          expect(straight({ until: 2, batchSize }, { loss, output, workspaceRows })).toBe(expected);
        }
      }
    },
  );

  // A microbatch of one row takes the row path, which adds the terms of the loss in another order.
  it("has the same parameters with a workspace of any size where a batch ends in a microbatch of one row", () => {
    for (const [loss, output] of LOSSES_AND_OUTPUTS) {
      const [expected, ...others] = [128, 300].map((workspaceRows) => {
        const { network, samples } = create({ loss, output, workspaceRows });
        const run = network.createRun(samples, { until: 2, batchSize: 129 });
        run.advance();
        const result = { parameters: network.parameters().slice(), losses: run.losses() };
        network.dispose();
        return result;
      });
      for (const { parameters, losses } of others) {
        expect(firstDifference(parameters, expected!.parameters)).toBe(-1);
        losses.forEach((value, epoch) => {
          expect(Math.abs(value / expected!.losses[epoch]! - 1)).toBeLessThan(
            dtype === "float32" ? 1e-9 : 1e-15,
          );
        });
      }
    }
  });

  it("processes as many rows at a time as its workspace was created for, rounded up to 128", () => {
    for (const [workspaceRows, units] of [
      [1, 3],
      [128, 3],
      [129, 2],
      [300, 1],
    ] as const) {
      const { network, samples } = create({ workspaceRows });
      expect(network.createRun(samples).advance()).toBe(units);
      network.dispose();
    }
  });
});

describe.each(DTYPES)("samples processed in slices in %s", (dtype) => {
  it("give the same bits as in one call if slices begin at multiples of 128", () => {
    const rows = 700;
    for (const [loss, output] of [
      ["huber", "linear"],
      ["categoricalCrossentropy", "softmax"],
    ] as const) {
      for (const workspaceRows of [128, 300]) {
        const network = new CoreNetwork(core, {
          dtype,
          inputs: INPUTS,
          layers: [dense(9, "gelu"), dense(OUTPUTS, output)],
          loss,
          workspaceRows,
        });
        network.parameters().set(spread(network.parameterCount, -1, 1, 0.3));
        const samples = network.createSamples(spread(rows * INPUTS), spread(rows * OUTPUTS, 0, 1, 0.2));
        const evaluated = network.evaluate(samples);
        const computed = network.computeGradients(samples);
        const gradients = network.gradients().slice();
        const predictions = network.predict(samples);
        expect(computed).toBe(evaluated);
        for (const slice of [128, 256, 384]) {
          expect(network.evaluate(samples, slice)).toBe(evaluated);
          network.gradients().fill(7);
          expect(network.computeGradients(samples, slice)).toBe(evaluated);
          expect(firstDifference(network.gradients(), gradients)).toBe(-1);
        }
        for (const slice of [1, 5, 128, 200, 256]) {
          expect(firstDifference(network.predict(samples, slice), predictions)).toBe(-1);
        }
        network.dispose();
      }
    }
  });
});
