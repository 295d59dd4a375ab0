// The entry point backprop-wasm/node: networks in files.

import { readFileSync } from "node:fs";
import { dirname, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { BackpropError } from "./errors.js";
import type { Checkpoint, Layer, LoadOptions, Network } from "./index.js";
import { attemptFile } from "./node/fileErrors.js";
import { pathsIn, replaceFile, requireReplaceable, targetOf } from "./node/replaceFile.js";
import { type CheckpointOptions, loadNewest, readCheckpointOptions } from "./saving/checkpoints.js";
import { bytesToSave, loadNamed, type Savable } from "./saving/namedFile.js";
import { show } from "./show.js";
import { attempt } from "./validation.js";

export type { CheckpointOptions } from "./saving/checkpoints.js";
export type { Savable } from "./saving/namedFile.js";

/**
 * Saves a network to a file, which `loadFile` reads: what `network.save()` returns, or other bytes, such as those of
 * `network.saveWeights()`. The file is replaced atomically: at every moment it is whole, with the old bytes or the new
 * ones, even if the process is killed. When the promise is fulfilled, the bytes are on the disk. Permissions of the file
 * are kept, and a symbolic link stays one. Does not return to the event loop while it writes.
 *
 * @param path A path, or a URL of the protocol file:.
 * @throws BackpropError (rejects) `fileNotFound` if the folder does not exist, `fileUnavailable` if the file cannot be
 *   written: the old one is unchanged; `invalidOption`; and what `network.save()` throws.
 */
export async function saveFile(network: Savable, path: string | URL): Promise<void> {
  const file = pathOf("saveFile", path);
  write(file, await bytesToSave("saveFile", network));
}

/**
 * `loadNetwork` for a file. Its options are the same.
 *
 * @param path A path, or a URL of the protocol file:.
 * @throws BackpropError (rejects) `fileNotFound`, `fileUnavailable` if the file cannot be read, and as `loadNetwork`.
 */
export async function loadFile(
  path: string | URL,
  options?: LoadOptions,
): Promise<Network<readonly Layer[]>> {
  const file = pathOf("loadFile", path);
  return loadNamed(read(file), file, options);
}

/**
 * For the option `checkpoint` of `fit` and `fitSync`: writes the network with its fit to a file, as `saveFile` does, so
 * that at every moment a whole file is at `path`. `loadCheckpoint` and `fit` with `resume: true` then continue with the
 * same bits as if there had been no interruption.
 *
 * With `keep` above 1, the file before it is at `path`.1, the one before that at `path`.2, and so on: `keep` files in
 * all. Files of higher numbers are left alone. A killed process may leave a temporary file, `path`.….tmp: the next
 * checkpoint removes it.
 *
 * Several processes of one system may write there: each file is whole, and the newest is that of the last writer.
 * Processes in several containers that share a folder may not: they would remove each other's temporary files.
 *
 * @param path A path of a file, or a URL of the protocol file:.
 * @throws BackpropError `fileNotFound` if the folder does not exist; `fileUnavailable` if it or the file is not
 *   writable, or if a folder is there; `invalidOption`. The fit rejects as `saveFile`, and keeps what was trained.
 */
export function fileCheckpoint(path: string | URL, options: CheckpointOptions = {}): Checkpoint {
  const file = pathOf("fileCheckpoint", path);
  const { everyEpochs, keep } = readCheckpointOptions("fileCheckpoint", options);
  attemptFile(file, "cannot be written", () => requireReplaceable(targetOf(file)));
  return { everyEpochs, save: (bytes) => write(file, bytes, keep) };
}

/**
 * The network of the newest file of a checkpoint, `path`, `path`.1, …, that is whole. Files that are empty, cut off or
 * altered are passed over.
 *
 * @param path That of `fileCheckpoint`.
 * @throws BackpropError (rejects) `fileNotFound` if there is no file, `invalidFile` if none is whole, and as `loadFile`.
 */
export async function loadCheckpoint(
  path: string | URL,
  options?: LoadOptions,
): Promise<Network<readonly Layer[]>> {
  const file = pathOf("loadCheckpoint", path);
  const [target, paths] = attemptFile(file, "cannot be read", () => {
    const target = targetOf(file);
    return [target, pathsIn(dirname(target))] as const;
  });
  return loadNewest(
    target,
    paths,
    async (each) => read(each),
    (bytes, each) => loadNamed(bytes, each, options),
  );
}

function write(file: string, bytes: Uint8Array, keep?: number): void {
  attemptFile(file, "cannot be written", () => replaceFile(file, bytes, keep));
}

function read(file: string): Uint8Array {
  return attemptFile(file, "cannot be read", () => readFileSync(file));
}

/** The absolute path that a user gave: the program may change its folder before it is used. */
function pathOf(of: string, given: string | URL): string {
  const text = given instanceof URL ? given.href : given;
  if (typeof text !== "string" || text === "") {
    throw new BackpropError(
      "invalidOption",
      `${of} is given the path ${show(given)}; expected a path, or a URL of the protocol file:.`,
    );
  }
  const isUrl = given instanceof URL || text.startsWith("file://");
  const path = isUrl
    ? attempt("invalidOption", `the path of ${of}, ${show(text)},`, () => fileURLToPath(text))
    : text;
  // resolve() would remove the slash, and a file would get the name of the folder.
  if (!path.endsWith("/") && !path.endsWith(sep)) return resolve(path);
  throw new BackpropError(
    "invalidOption",
    `${of} is given the path ${show(path)}, which is that of a folder; expected the path of a file.`,
  );
}
