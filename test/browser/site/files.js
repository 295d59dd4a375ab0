// The functions that the tests of files call in a page or in a worker.

import { BackpropError, loadNetwork } from "backprop-wasm";
import {
  downloadFile,
  loadFromOpfs,
  loadOpfsCheckpoint,
  opfsCheckpoint,
  saveToOpfs,
} from "backprop-wasm/browser";
import { bytesOf, create, stateOf, textOf, train, trainUntil } from "./resume.js";

const NAME = "a network.safetensors";

/** Trains for a few epochs and saves. */
async function saveNetwork() {
  const network = await create();
  await trainUntil(network, 4);
  await saveToOpfs(network, NAME);
  return namesInOpfs();
}

/** Loads what `saveNetwork` has saved, and trains on. */
async function loadAndResume() {
  const network = await loadFromOpfs(NAME);
  await train(network, { resume: true });
  return stateOf(network);
}

/** Trains on from a file, through OPFS, with `threads` threads. Returns the file then. */
async function resumeFile(text, threads) {
  const given = await loadNetwork(bytesOf(text), { threads });
  await saveToOpfs(given, NAME);
  given.dispose();
  const network = await loadFromOpfs(NAME, { threads });
  await train(network, { resume: true });
  await saveToOpfs(network, NAME);
  network.dispose();
  const handle = await (await navigator.storage.getDirectory()).getFileHandle(NAME);
  return textOf(new Uint8Array(await (await handle.getFile()).arrayBuffer()));
}

/** Goes on from the newest checkpoint, or begins. Returns the state at the end. */
async function trainWithCheckpoints() {
  const checkpoint = opfsCheckpoint("checkpoint", { keep: 3 });
  const loaded = await loadOpfsCheckpoint("checkpoint").catch((error) => {
    if (error.code !== "fileNotFound") throw error;
  });
  const network = loaded ?? (await create());
  await train(network, { checkpoint, resume: loaded !== undefined });
  return stateOf(network);
}

/** The epochs of the networks in all files, by their names. */
async function epochsInOpfs() {
  const epochs = {};
  for (const name of await namesInOpfs()) epochs[name] = (await loadFromOpfs(name)).epoch;
  return epochs;
}

/** The epoch of the newest checkpoint that is whole, after others were damaged. */
async function loadAmongDamaged() {
  const whole = await (await fileOf("checkpoint")).getFile();
  const bytes = new Uint8Array(await whole.arrayBuffer());
  await writeOpfs("checkpoint", bytes.subarray(0, 1000));
  await writeOpfs("checkpoint.1", new Uint8Array(0));
  return (await loadOpfsCheckpoint("checkpoint")).epoch;
}

/** The codes of errors, and what is not one. */
async function errorsOfFiles() {
  const network = await create();
  const rejections = {
    missing: () => loadFromOpfs("missing"),
    noCheckpoint: () => loadOpfsCheckpoint("missing"),
    slash: () => saveToOpfs(network, "a/b"),
    options: async () => opfsCheckpoint(NAME, { keep: 0 }),
    notSavable: () => saveToOpfs({}, NAME),
    folder: async () => {
      const opfs = await navigator.storage.getDirectory();
      await opfs.getDirectoryHandle("folder", { create: true });
      await saveToOpfs(network, "folder").finally(() => opfs.removeEntry("folder"));
    },
    notSecure: async () => {
      Object.defineProperty(navigator, "storage", { value: undefined, configurable: true });
      try {
        await saveToOpfs(network, NAME);
      } finally {
        delete navigator.storage;
      }
    },
    noCreateWritable: async () => {
      const { createWritable } = FileSystemFileHandle.prototype;
      delete FileSystemFileHandle.prototype.createWritable;
      try {
        await saveToOpfs(network, NAME);
      } finally {
        FileSystemFileHandle.prototype.createWritable = createWritable;
      }
    },
    fullDisk: async () => {
      const { write } = FileSystemWritableFileStream.prototype;
      FileSystemWritableFileStream.prototype.write = async function (bytes) {
        await write.call(this, bytes.subarray(0, 100));
        throw new DOMException("The quota is exceeded.", "QuotaExceededError");
      };
      try {
        await saveToOpfs(network, "checkpoint.2");
      } finally {
        FileSystemWritableFileStream.prototype.write = write;
      }
    },
  };
  const codes = {};
  for (const [name, reject] of Object.entries(rejections)) codes[name] = await codeOf(reject());
  return codes;
}

async function codeOf(promise) {
  const error = await promise.catch((error) => error);
  return error instanceof BackpropError ? error.code : String(error);
}

/** What a worker gets for `downloadFile`. */
async function errorOfDownload() {
  return codeOf(downloadFile(await create(), NAME));
}

/** Downloads a network. Returns its address in memory. */
async function download() {
  const network = await create();
  const { createObjectURL } = URL;
  let address;
  URL.createObjectURL = (blob) => {
    address = createObjectURL(blob);
    return address;
  };
  await downloadFile(network, NAME);
  URL.createObjectURL = createObjectURL;
  return address;
}

const canRead = (address) =>
  fetch(address).then(
    () => true,
    () => false,
  );

async function namesInOpfs() {
  const names = [];
  for await (const name of (await navigator.storage.getDirectory()).keys()) names.push(name);
  return names.sort();
}

async function fileOf(name) {
  return (await navigator.storage.getDirectory()).getFileHandle(name, { create: true });
}

async function writeOpfs(name, bytes) {
  const stream = await (await fileOf(name)).createWritable();
  await stream.write(bytes);
  await stream.close();
}

export const files = {
  saveNetwork,
  loadAndResume,
  resumeFile,
  trainWithCheckpoints,
  epochsInOpfs,
  loadAmongDamaged,
  errorsOfFiles,
  download,
  errorOfDownload,
  canRead,
};
