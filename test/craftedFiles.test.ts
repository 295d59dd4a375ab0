// Files with a right digest that other programs than this library have written.

import { beforeAll, expect, it } from "vitest";
import { NO_DIGEST, seal } from "../src/files/digest.js";
import { headerEnd, readSafetensors, type TensorFile, writeSafetensors } from "../src/files/safetensors.js";
import {
  adam,
  batchNorm,
  createNetwork,
  dense,
  embedding,
  loadNetwork,
  reduceOnPlateau,
  warmup,
} from "../src/index.js";
import { countRefusals } from "./support/corrupt.js";

const INPUTS = Array.from({ length: 30 }, (_, i) => [Math.sin(i), i % 3]);
const TARGETS = INPUTS.map(([x = 0, y = 0]) => x * y);
const FIT = { batchSize: 8, validationSplit: 0.2, metrics: ["mae"], earlyStopping: { patience: 3 } } as const;

/** Values that do not belong where they are put. */
const WRONG = [undefined, null, true, -1, 1.5, 1e9, 2 ** 40, "", "x", "NaN", [], {}, [1], { length: 1e9 }];

let file: TensorFile;

beforeAll(async () => {
  const learningRate = warmup(reduceOnPlateau({ learningRate: 0.01, patience: 0 }), { steps: 3 });
  const network = await createNetwork({
    inputs: 2,
    layers: [embedding([{ column: 1, categories: 3, units: 2 }]), dense(4, "relu"), batchNorm(), dense(1)],
    loss: "huber",
    optimizer: adam({ learningRate, ema: 0.9 }),
  });
  await network.fit(INPUTS, TARGETS, { ...FIT, epochs: 5 });
  file = readSafetensors(network.save());
});

function withDigest({ tensors, metadata }: TensorFile): Uint8Array {
  const bytes = writeSafetensors({ tensors, metadata: { ...metadata, digest: NO_DIGEST } });
  seal(bytes, headerEnd(bytes));
  return bytes;
}

/** Copies of a JSON value in which one value is a wrong one. */
function* withOneWrong(json: unknown): Generator<unknown> {
  yield* WRONG;
  if (typeof json !== "object" || json === null) return;
  for (const [key, value] of Object.entries(json)) {
    for (const wrong of withOneWrong(value)) {
      yield Array.isArray(json) ? json.with(Number(key), wrong) : { ...json, [key]: wrong };
    }
  }
}

/** Loads a file, and calls all functions that read parts of it. */
async function use(bytes: Uint8Array): Promise<void> {
  using network = await loadNetwork(bytes);
  network.predict(INPUTS);
  JSON.stringify(network.history);
  expect(network.learningRate).toBeGreaterThanOrEqual(0);
  (await loadNetwork(network.save())).dispose();
  await network.fit(INPUTS, TARGETS, { ...FIT, epochs: 6, resume: true });
}

it.each(["network", "training"])(
  "the JSON %s with one wrong value is refused, or loads completely",
  async (name) => {
    const { tensors, metadata } = file;
    function* files() {
      for (const wrong of withOneWrong(JSON.parse(metadata[name]!))) {
        const text = JSON.stringify(wrong);
        if (text !== undefined) yield withDigest({ tensors, metadata: { ...metadata, [name]: text } });
      }
      yield withDigest({ tensors, metadata: { ...metadata, [name]: "{" } });
    }
    expect(await countRefusals(files(), use)).toBeGreaterThan(300);
  },
);

it("a file that lacks a tensor, or has one of another shape or type, is refused, or loads completely", async () => {
  const { tensors, metadata } = file;
  function* files() {
    for (const [name, tensor] of tensors) {
      const others = new Map(tensors);
      others.delete(name);
      yield withDigest({ tensors: others, metadata });
      others.set(name, { ...tensor, shape: [...tensor.shape, 1] });
      yield withDigest({ tensors: others, metadata });
      others.set(name, { dtype: "I8", shape: [tensor.bytes.length], bytes: tensor.bytes });
      yield withDigest({ tensors: others, metadata });
    }
  }
  expect(await countRefusals(files(), use)).toBeGreaterThan(2 * tensors.size);
});

it("layers too large for the file are refused before memory is allocated", async () => {
  const { tensors, metadata } = file;
  const { network: text } = metadata;
  const network = JSON.parse(text!);
  network.layers[1].units = 2 ** 28;
  const bytes = withDigest({ tensors, metadata: { ...metadata, network: JSON.stringify(network) } });
  await expect(loadNetwork(bytes)).rejects.toMatchObject({
    code: "invalidFile",
    message: expect.stringContaining("too few for the"),
  });
});

it("a fit of a file that does not record its conditions, as earlier versions wrote it, can be resumed", async () => {
  const { tensors, metadata } = file;
  const { training: json = "" } = metadata;
  const training = JSON.parse(json);
  expect(training.fit.conditions).toMatchObject({ batchSize: 8, rows: 24, validationRows: 6 });
  delete training.fit.conditions;
  const old = withDigest({ tensors, metadata: { ...metadata, training: JSON.stringify(training) } });
  using network = await loadNetwork(old);
  const { loss } = await network.fit(INPUTS, TARGETS, { ...FIT, batchSize: 4, epochs: 6, resume: true });
  expect(loss.length).toBe(6);
});
