// The entry point backprop-wasm/browser: networks in the origin private file system (OPFS), and downloads.

import { BackpropError } from "./errors.js";
import type { Checkpoint, Layer, LoadOptions, Network } from "./index.js";
import {
  type CheckpointOptions,
  loadNewest,
  numbered,
  readCheckpointOptions,
  renamesFor,
} from "./saving/checkpoints.js";
import { bytesToSave, type Explanation, fileError, loadNamed, type Savable } from "./saving/namedFile.js";
import { show } from "./show.js";

export type { CheckpointOptions } from "./saving/checkpoints.js";
export type { Savable } from "./saving/namedFile.js";

/** As long as FileSaver.js waits: some browsers read the bytes of a download late. */
const DOWNLOAD_MILLISECONDS = 40_000;

/** By the name of an exception of OPFS. */
const EXPLANATIONS: Readonly<Record<string, Explanation>> = {
  NotFoundError: { code: "fileNotFound", advice: "Check the name: every origin has files of its own." },
  QuotaExceededError: { advice: "Remove other data of this site." },
  NoModificationAllowedError: { advice: "Another page or worker has the file open: close it there." },
  SecurityError: {
    advice: "The browser allows this page no storage. Check its settings, or use downloadFile.",
  },
};

const OTHER: Explanation = { advice: "Use another name, or downloadFile." };

/**
 * Saves a network to a file in the origin private file system, which `loadFromOpfs` reads: what `network.save()`
 * returns, or other bytes, such as those of `network.saveWeights()`. In pages and in workers.
 *
 * The browser writes to another file, which replaces this one when it is whole: if the page is closed meanwhile, the old
 * bytes stay. (A file that is written for the first time may be left empty.) The browser may remove the files of a site
 * when its storage is full, unless `navigator.storage.persist()` was granted.
 *
 * @param name The name of the file, without a slash.
 * @throws BackpropError (rejects) `fileUnavailable` if the file cannot be written: the old one is unchanged;
 *   `unsupported` if the browser has no such file system, or no `createWritable` (Safari before 26), or if the page is
 *   not secure (https: or localhost); `invalidOption`; and what `network.save()` throws.
 */
export async function saveToOpfs(network: Savable, name: string): Promise<void> {
  requireName("saveToOpfs", name);
  const bytes = await bytesToSave("saveToOpfs", network);
  await change(name, (folder) => replace(folder, name, bytes));
}

/**
 * `loadNetwork` for a file in the origin private file system. Its options are the same.
 *
 * @param name The name of the file, without a slash.
 * @throws BackpropError (rejects) `fileNotFound`, `fileUnavailable` if the file cannot be read, `unsupported` as
 *   `saveToOpfs`, and as `loadNetwork`.
 */
export async function loadFromOpfs(name: string, options?: LoadOptions): Promise<Network<readonly Layer[]>> {
  requireName("loadFromOpfs", name);
  return loadNamed(await read(name), name, options);
}

/**
 * For the option `checkpoint` of `fit`: writes the network with its fit to a file, as `saveToOpfs` does, and `fit` waits
 * for it. `loadOpfsCheckpoint` and `fit` with `resume: true` then continue with the same bits as if there had been no
 * interruption. `fitSync` cannot wait, and refuses it.
 *
 * With `keep` above 1, the file before it is `name`.1, the one before that `name`.2, and so on: `keep` files in all.
 * Files of higher numbers are left alone.
 *
 * @param name The name of the file, without a slash. One page or worker may write it at a time.
 * @throws BackpropError `invalidOption`. The fit rejects as `saveToOpfs`, and keeps what was trained.
 */
export function opfsCheckpoint(name: string, options: CheckpointOptions = {}): Checkpoint {
  requireName("opfsCheckpoint", name);
  const { everyEpochs, keep } = readCheckpointOptions("opfsCheckpoint", options);
  const save = (bytes: Uint8Array) =>
    change(name, (folder) => (keep === 1 ? replace(folder, name, bytes) : rotate(folder, name, bytes, keep)));
  return { everyEpochs, save };
}

/**
 * The network of the newest file of a checkpoint, `name`, `name`.1, …, that is whole. Files that are empty, cut off or
 * altered are passed over.
 *
 * @param name That of `opfsCheckpoint`.
 * @throws BackpropError (rejects) `fileNotFound` if there is no file, `invalidFile` if none is whole, and as
 *   `loadFromOpfs`.
 */
export async function loadOpfsCheckpoint(
  name: string,
  options?: LoadOptions,
): Promise<Network<readonly Layer[]>> {
  requireName("loadOpfsCheckpoint", name);
  const names = await attemptFile(name, "cannot be read", async () => namesIn(await openFolder()));
  return loadNewest(name, names, read, (bytes, file) => loadNamed(bytes, file, options));
}

/**
 * Lets the browser download a network as a file: what `network.save()` returns, or other bytes, such as those of
 * `network.saveWeights()`. The promise is fulfilled when the download has begun. The bytes stay in memory for 40 s.
 *
 * @param name The name that the browser proposes for the file.
 * @throws BackpropError (rejects) `unsupported` in a worker; `invalidOption`; and what `network.save()` throws.
 */
export async function downloadFile(network: Savable, name: string): Promise<void> {
  requireName("downloadFile", name);
  if (typeof document === "undefined") {
    throw new BackpropError(
      "unsupported",
      "downloadFile needs a page. In a worker, post the bytes to the page.",
    );
  }
  const bytes = await bytesToSave("downloadFile", network);
  const url = URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>]));
  Object.assign(document.createElement("a"), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), DOWNLOAD_MILLISECONDS);
}

function requireName(of: string, name: unknown): void {
  if (typeof name === "string" && /^[^/\\]+$/.test(name)) return;
  throw new BackpropError(
    "invalidOption",
    `${of} is given the name ${show(name)}; expected a name without slashes, such as "network.safetensors".`,
  );
}

async function openFolder(): Promise<FileSystemDirectoryHandle> {
  const { storage } = (globalThis as { navigator?: Partial<Navigator> }).navigator ?? {};
  // Missing on a page that is not secure.
  if (storage && "getDirectory" in storage) return storage.getDirectory();
  throw new BackpropError(
    "unsupported",
    "There is no origin private file system here. Use a browser that has it, and serve the page by https: or from localhost.",
  );
}

async function namesIn(folder: FileSystemDirectoryHandle): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const name of folder.keys()) names.push(name);
  return names;
}

function change(name: string, work: (folder: FileSystemDirectoryHandle) => Promise<void>): Promise<void> {
  return attemptFile(name, "cannot be written", async () => work(await openFolder()));
}

function read(name: string): Promise<Uint8Array> {
  return attemptFile(name, "cannot be read", async () => {
    const file = await (await openFolder()).getFileHandle(name);
    return new Uint8Array(await (await file.getFile()).arrayBuffer());
  });
}

/** Replaces the file, and keeps the older ones. Not every browser can rename files, so they are copied. */
async function rotate(
  folder: FileSystemDirectoryHandle,
  name: string,
  bytes: Uint8Array,
  keep: number,
): Promise<void> {
  const names = await namesIn(folder);
  const old = names.includes(name) ? await read(name) : undefined;
  await replace(folder, name, bytes);
  // An empty file was never written to its end.
  if (!old?.length) return;
  for (const [from, to] of renamesFor(name, keep, names)) await replace(folder, to, await read(from));
  await replace(folder, numbered(name, 1), old);
}

/** Replaces a file; removes it if it was never written. */
async function replace(folder: FileSystemDirectoryHandle, name: string, bytes: Uint8Array): Promise<void> {
  const file = await folder.getFileHandle(name, { create: true });
  try {
    await write(file, bytes);
  } catch (error) {
    if ((await file.getFile()).size === 0) await folder.removeEntry(name);
    throw error;
  }
}

/** Writes a file, which keeps its old bytes until `close`: https://fs.spec.whatwg.org/#api-filesystemwritablefilestream. */
async function write(file: FileSystemFileHandle, bytes: Uint8Array): Promise<void> {
  if (!("createWritable" in file)) {
    throw new BackpropError(
      "unsupported",
      "This browser cannot replace files atomically: it lacks createWritable. Use a newer one.",
    );
  }
  const stream = await file.createWritable();
  try {
    await stream.write(bytes as Uint8Array<ArrayBuffer>);
    await stream.close();
  } catch (error) {
    await stream.abort().catch(() => {});
    throw error;
  }
}

/** What `work` returns. If it rejects, rejects with a BackpropError that names the file. `did`: "cannot be read". */
async function attemptFile<T>(name: string, did: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw fileError(name, did, cause, EXPLANATIONS[(cause as DOMException | undefined)?.name ?? ""] ?? OTHER);
  }
}
