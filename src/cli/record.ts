// What a model's file records of its training, so that `verify` can repeat it, and the hashes in it.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { type FileTensor, readSafetensors } from "../files/safetensors.js";
import { BackpropError } from "../index.js";
import type { TableModel } from "../table.js";
import type { Settings } from "./settings.js";

/** A part of a training: from the start of a program, or `--resume`, to its end. */
export interface Segment {
  /** The first and the last epoch, counted from 1. */
  readonly from: number;
  readonly to: number;
  /** The version of the library. */
  readonly library: string;
  readonly stopped: string;
}

export interface TrainingRecord {
  readonly version: 1;
  readonly settings: Settings;
  readonly data: { readonly rows: number; readonly columns: number; readonly sha256: string };
  /** The hash of the parameters after each epoch. */
  readonly epochs: readonly string[];
  readonly segments: readonly Segment[];
}

/** The name of the record among a file's metadata. */
const NAME = "training";

/** The version of this library. */
export const VERSION = (
  JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string }
).version;

/** The model's file with the record. */
export function bytesWith(model: TableModel, record: TrainingRecord): Uint8Array {
  return model.save({ metadata: { [NAME]: JSON.stringify(record) } });
}

/** The record of a loaded model, if it has one. */
export function findRecord({ network }: TableModel): TrainingRecord | undefined {
  const text = network.metadata[NAME];
  return text === undefined ? undefined : (JSON.parse(text) as TrainingRecord);
}

/** @throws BackpropError `invalidFile` if the model has no record. */
export function recordOf(model: TableModel, file: string): TrainingRecord {
  const record = findRecord(model);
  if (record?.version === 1) return record;
  throw new BackpropError(
    "invalidFile",
    `${file} has no record of its training, so it cannot be repeated. Use a model of backprop-wasm train.`,
  );
}

/** Tensors of a file that no repetition has: the times of epochs. */
const TIMES = /^fit\.spans\./;

/**
 * The hash of each tensor in the bytes that `model.save` returned: parameters, optimizer and fit, with the last and the
 * best parameters. Without the times.
 */
export function hashTensors(file: Uint8Array): ReadonlyMap<string, string> {
  const compared = [...readSafetensors(file).tensors].filter(([name]) => !TIMES.test(name));
  return new Map(compared.map(([name, tensor]) => [name, hashTensor(tensor)]));
}

function hashTensor({ dtype, shape, bytes }: FileTensor): string {
  return createHash("sha256")
    .update(JSON.stringify([dtype, shape]))
    .update(bytes)
    .digest("hex");
}
