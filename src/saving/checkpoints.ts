// The files of a checkpoint: `name` is the newest, `name`.1 the one before it, and so on. In Node and in a browser.

import { BackpropError, type ErrorCode } from "../errors.js";
import { type OptionsOf, readOptions, requirePositiveInteger } from "../validation.js";

/** The options of a checkpoint in files. */
export interface CheckpointOptions {
  /** A file is written after every so many epochs, and after the last one; default 1. */
  readonly everyEpochs?: number | undefined;
  /** How many files are kept, the newest ones; default 1. */
  readonly keep?: number | undefined;
}

const OPTIONS: OptionsOf<CheckpointOptions> = {
  everyEpochs: { check: requirePositiveInteger, default: 1 },
  keep: { check: requirePositiveInteger, default: 1 },
};

/** A checked copy with the defaults. */
export function readCheckpointOptions(
  of: string,
  given: CheckpointOptions,
): { readonly everyEpochs: number; readonly keep: number } {
  return readOptions(of, given, OPTIONS) as Record<keyof CheckpointOptions, number>;
}

/** The name of the file before `index` newer ones. */
export function numbered(name: string, index: number): string {
  return index === 0 ? name : `${name}.${index}`;
}

/** The renames [from, to], in this order, that keep older files when `name`.1 is replaced. `names`: all in the folder. */
export function renamesFor(
  name: string,
  keep: number,
  names: readonly string[],
): readonly (readonly [from: string, to: string])[] {
  let free = 1;
  while (free < keep - 1 && names.includes(numbered(name, free))) free++;
  return Array.from({ length: free - 1 }, (_, i) => {
    const to = free - i;
    return [numbered(name, to - 1), numbered(name, to)] as const;
  });
}

/** Those of `names` that are files of the checkpoint `name`, the newest first. */
function newestFirst(name: string, names: readonly string[]): readonly string[] {
  const indexOf = (file: string) => {
    if (file === name) return 0;
    const number = file.startsWith(`${name}.`) ? file.slice(name.length + 1) : "";
    return /^[1-9]\d*$/.test(number) ? Number(number) : Number.NaN;
  };
  return names.filter((file) => !Number.isNaN(indexOf(file))).sort((a, b) => indexOf(a) - indexOf(b));
}

/** Why a file is passed over for an older one. */
const PASSED_OVER: readonly ErrorCode[] = ["invalidFile", "fileNotFound"];

/**
 * What `load` returns for the newest file that is whole.
 *
 * @throws BackpropError (rejects) `fileNotFound` if all files are empty or there is none; `invalidFile` if none is whole.
 */
export async function loadNewest<T>(
  name: string,
  names: readonly string[],
  read: (file: string) => Promise<Uint8Array>,
  load: (bytes: Uint8Array, file: string) => Promise<T>,
): Promise<T> {
  const errors: BackpropError[] = [];
  for (const file of newestFirst(name, names)) {
    try {
      const bytes = await read(file);
      if (bytes.length > 0) return await load(bytes, file);
    } catch (error) {
      if (!(error instanceof BackpropError && PASSED_OVER.includes(error.code))) throw error;
      errors.push(error);
    }
  }
  const [newest] = errors;
  if (!newest) {
    throw new BackpropError(
      "fileNotFound",
      `There is no checkpoint ${name}. Begin a new training with createNetwork.`,
    );
  }
  throw new BackpropError(
    "invalidFile",
    `The checkpoint ${name} has no whole file among ${errors.length}. The newest: ${newest.message}`,
    { cause: newest },
  );
}
