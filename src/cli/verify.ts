// The command verify: trains again what a file records, and compares bits.

import { BackpropError, hashParameters } from "../index.js";
import { type Table, trainTable } from "../table.js";
import { hashTable, readTrainingData } from "./data.js";
import { loadModel } from "./modelFile.js";
import { print, type Status } from "./output.js";
import { hashTensors, recordOf, type TrainingRecord, VERSION } from "./record.js";
import { trainOptions } from "./settings.js";

export interface VerifyOptions {
  readonly threads?: number;
}

export async function verify(file: string, data: string, { threads }: VerifyOptions): Promise<Status> {
  const model = await loadModel(file);
  const record = recordOf(model, file);
  requireSameBits(record, file);
  const table = await readTrainingData(data, record.settings);
  if (hashTable(table) !== record.data.sha256) {
    const { rows, columns } = record.data;
    throw new BackpropError(
      "invalidData",
      `different: ${data} has other values than the ${rows} rows and ${columns} columns that ${file} was ` +
        "trained on. Give that file.",
    );
  }
  const again = await repeat(table, record, threads, model.network.history?.stopped === "interrupted");
  const { different } = again;
  if (different !== undefined) {
    throw differs(`epoch ${different} of ${record.epochs.length} is the first that differs`);
  }
  const tensor = firstDifference(hashTensors(model.save()), again.tensors);
  if (tensor !== undefined) {
    throw differs(`all epochs are identical, but the model is not: ${tensor} differs`);
  }
  const parts = record.segments.map(({ from, to }) => `${from} to ${to}`).join(", ");
  print(
    `identical: ${record.epochs.length} epochs (${parts}), data, final parameters and state of the optimizer`,
  );
  return 0;
}

interface Repetition {
  /** The first epoch that differs from the record. */
  readonly different: number | undefined;
  readonly tensors: ReadonlyMap<string, string>;
}

/**
 * Trains again, until an epoch differs or all epochs of the record are done. `isKilled`: the file is that of a fit in
 * progress, with the parameters of its last epoch instead of the best one, because the program was killed.
 */
async function repeat(
  table: Table,
  { settings, epochs }: TrainingRecord,
  threads: number | undefined,
  isKilled: boolean,
): Promise<Repetition> {
  let different: number | undefined;
  let tensors: Repetition["tensors"] | undefined;
  const again = await trainTable(table, {
    ...trainOptions(settings),
    ...(threads !== undefined && { threads }),
    onEpoch({ epoch }, model) {
      if (hashParameters(model.network) !== epochs[epoch - 1]) different = epoch;
      if (isKilled && epoch === epochs.length) tensors = hashTensors(model.save());
      return different === undefined && epoch < epochs.length;
    },
  });
  const { length } = again.history.loss;
  if (length < epochs.length) different ??= length + 1;
  return { different, tensors: tensors ?? hashTensors(again.save()) };
}

/** @throws BackpropError `unsupported` if this version does not promise the bits of the file. */
function requireSameBits({ settings, segments }: TrainingRecord, file: string): void {
  if (settings.numerics === "relaxed") {
    throw new BackpropError(
      "unsupported",
      `${file} was trained with relaxed numerics, whose bits depend on processor and engine, so it cannot be ` +
        "verified. Train with strict numerics.",
    );
  }
  const other = segments.find(({ library }) => bitsOf(library) !== bitsOf(VERSION));
  if (!other) return;
  throw new BackpropError(
    "unsupported",
    `${file} was trained by version ${other.library}, and version ${VERSION} may have other bits. ` +
      `Use npx backprop-wasm@${other.library}.`,
  );
}

/** The part of a version with which bits may change: see docs/versions.md. */
function bitsOf(version: string): string {
  const [major, minor] = version.split(".");
  return major === "0" ? `0.${minor}` : `${major}`;
}

/** The name of the first tensor that is not in both, or differs. */
function firstDifference(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): string | undefined {
  return [...new Set([...a.keys(), ...b.keys()])].find((name) => a.get(name) !== b.get(name));
}

function differs(what: string): BackpropError {
  return new BackpropError(
    "invalidData",
    `different: ${what}. The file is not what its record says: train the model again.`,
  );
}
