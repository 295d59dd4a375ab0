// Networks in files. test/kill.test.ts kills a process that writes them.

import { execFile } from "node:child_process";
import type * as FileSystem from "node:fs";
import { renameSync } from "node:fs";
import {
  chmod,
  copyFile,
  lstat,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { threadId } from "node:worker_threads";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import {
  adam,
  BackpropError,
  createNetwork,
  dense,
  dropout,
  type Layer,
  type Network,
} from "../src/index.js";
import { fileCheckpoint, loadCheckpoint, loadFile, saveFile } from "../src/node.js";

/** Is asked before each call of the file system, and may throw. */
const disk = vi.hoisted(() => ({ beforeCall: (_name: string) => {} }));

vi.mock("node:fs", async (importOriginal) => {
  const original = await importOriginal<typeof FileSystem>();
  const watched = Object.entries(original).map(([name, value]) => {
    if (typeof value !== "function" || !name.endsWith("Sync")) return [name, value];
    const call = (...args: never[]) => {
      disk.beforeCall(name);
      return (value as (...args: never[]) => unknown)(...args);
    };
    return [name, Object.assign(call, value)];
  });
  return Object.fromEntries(watched);
});

/** Makes the calls of the file system fail for which `fails` is true. */
async function withFailures(fails: (name: string) => boolean, work: () => Promise<unknown>): Promise<void> {
  disk.beforeCall = (name) => {
    if (fails(name)) throw Object.assign(new Error("EIO: i/o error"), { code: "EIO" });
  };
  try {
    await work();
  } finally {
    disk.beforeCall = () => {};
  }
}

type AnyNetwork = Network<readonly Layer[]>;

const ROWS = Array.from({ length: 40 }, (_, i) => [Math.sin(i), Math.cos(i)]);
const TARGETS = ROWS.map(([x = 0, y = 0]) => x * y);

const create = (): Promise<AnyNetwork> =>
  createNetwork<readonly Layer[]>({
    inputs: 2,
    layers: [dense(4, "tanh"), dropout(0.1), dense(1)],
    loss: "meanSquaredError",
    optimizer: adam(),
    seed: 1,
  });

const text = (network: AnyNetwork) => JSON.stringify(network.parameters);

/** The error that a promise rejects with. */
async function rejectionOf(promise: Promise<unknown>): Promise<BackpropError> {
  const error = await promise.then(
    () => expect.fail("no error"),
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(BackpropError);
  return error as BackpropError;
}

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "node test "));
  path = join(folder, "a network.safetensors");
  onTestFinished(() => rm(folder, { recursive: true }));
});

/** The epochs of the networks in the files of the folder, by their names. */
async function epochsOfFiles(): Promise<Record<string, number>> {
  const names = await readdir(folder);
  const epochs = names.map(async (name) => [name, (await loadFile(join(folder, name))).epoch] as const);
  return Object.fromEntries(await Promise.all(epochs));
}

describe("saveFile and loadFile", () => {
  it("continue a network with the same bits", async () => {
    const network = await create();
    await network.fit(ROWS, TARGETS, { epochs: 4 });
    await saveFile(network, path);
    const loaded = await loadFile(path);
    for (const each of [network, loaded]) await each.fit(ROWS, TARGETS, { epochs: 6 });
    expect(text(loaded)).toBe(text(network));
  });

  it("take relative paths, and URLs, also as text", async () => {
    const network = await create();
    for (const name of [relative(process.cwd(), path), pathToFileURL(path), pathToFileURL(path).href]) {
      await saveFile(network, name);
      expect(await readdir(folder)).toEqual(["a network.safetensors"]);
      expect(text(await loadFile(name))).toBe(text(network));
      await rm(path);
    }
  });

  it("save bytes, such as those of saveWeights", async () => {
    const network = await create();
    await network.fit(ROWS, TARGETS);
    await saveFile(network.saveWeights(), path);
    const loaded = await loadFile(path, { threads: 2 });
    expect(text(loaded)).toBe(text(network));
    expect(loaded.epoch).toBe(0);
    loaded.dispose();
  });

  it("save what a promise gives, as that of a network in a worker", async () => {
    const network = await create();
    await saveFile({ save: async () => network.save() }, path);
    expect(text(await loadFile(path))).toBe(text(network));
  });

  it.skipIf(process.platform === "win32")("keep the permissions of the file", async () => {
    await writeFile(path, "");
    await chmod(path, 0o640);
    await saveFile(await create(), path);
    expect((await stat(path)).mode & 0o777).toBe(0o640);
  });

  it.skipIf(process.platform === "win32").each(["", "nothing is there yet"])(
    "write where a symbolic link points to %s",
    async (missing) => {
      const link = join(folder, "link");
      await symlink("a network.safetensors", link);
      if (!missing) await writeFile(path, "");
      await saveFile(await create(), link);
      expect((await lstat(link)).isSymbolicLink()).toBe(true);
      expect((await loadFile(path)).epoch).toBe(0);
    },
  );

  it("replace no folder and no device", async () => {
    const network = await create();
    for (const name of process.platform === "win32" ? [folder] : [folder, "/dev/null"]) {
      expect(await rejectionOf(saveFile(network, name))).toMatchObject({
        code: "fileUnavailable",
        message: `${name} is not a file, so it is not replaced. Give the path of a file.`,
      });
    }
  });

  // Root may write to every file.
  it.skipIf(process.platform === "win32" || process.geteuid!() === 0)(
    "replace no read-only file",
    async () => {
      await writeFile(path, "mine", { mode: 0o400 });
      expect(await rejectionOf(saveFile(await create(), path))).toMatchObject({ code: "fileUnavailable" });
      expect(await readFile(path, "utf8")).toBe("mine");
    },
  );

  it("reject with the path, the reason and the cause", async () => {
    const network = await create();
    const missing = join(folder, "missing", "network");
    const isMissing = {
      code: "fileNotFound",
      message: expect.stringMatching(/missing.network cannot be \w+ \(ENOENT: .+\)\. Check the path/),
      cause: { code: "ENOENT" },
    };
    expect(await rejectionOf(saveFile(network, missing))).toMatchObject(isMissing);
    expect(await rejectionOf(loadFile(missing))).toMatchObject(isMissing);
    expect(await rejectionOf(loadFile(folder))).toMatchObject({ code: "fileUnavailable" });
    await writeFile(path, "not a network");
    expect(await rejectionOf(loadFile(path))).toMatchObject({
      code: "invalidFile",
      message: expect.stringContaining(`${path}: The bytes are not a whole safetensors file`),
    });
    network.dispose();
    await rm(path);
    expect(await rejectionOf(saveFile(network, path))).toMatchObject({ code: "disposed" });
    expect(await readdir(folder)).toEqual([]);
  });

  it.each([
    ["a path that is not one", 3],
    ["an empty path", ""],
    ["a URL of another protocol", new URL("https://example.com/network")],
  ])("refuse %s", async (_, wrong) => {
    const network = await create();
    const calls = [
      saveFile(network, wrong as string),
      loadFile(wrong as string),
      loadCheckpoint(wrong as string),
    ];
    for (const call of calls) expect(await rejectionOf(call)).toMatchObject({ code: "invalidOption" });
  });

  it("refuse what is neither a network nor bytes", async () => {
    expect(await rejectionOf(saveFile({} as Uint8Array, path))).toMatchObject({
      code: "invalidOption",
      message:
        "saveFile is given an object (Object); expected a network, or the bytes of a file, a Uint8Array.",
    });
  });

  it.skipIf(process.platform === "win32")("leave the old file if the disk is full", async () => {
    const network = await create();
    await saveFile(network, path);
    const library = (file: string) => JSON.stringify(new URL(`../dist/${file}`, import.meta.url).href);
    const program = `
      import { createNetwork, dense } from ${library("index.js")};
      import { saveFile } from ${library("node.js")};
      const network = await createNetwork({ inputs: 100, layers: [dense(1000)], loss: "huber" });
      await saveFile(network, ${JSON.stringify(path)}).catch(({ code, cause }) => console.log(code, cause.code));`;
    // Files of this process have at most 16 blocks of 512 or 1024 bytes.
    const shell = `ulimit -f 16; exec "$0" --input-type=module --eval "$1"`;
    const { stdout } = await promisify(execFile)("sh", ["-c", shell, process.execPath, program]);
    expect(stdout).toBe("fileUnavailable EFBIG\n");
    expect(text(await loadFile(path))).toBe(text(network));
    expect(await readdir(folder)).toEqual(["a network.safetensors"]);
  });

  it("sync the bytes before the file gets its name, and then the folder", async () => {
    const calls: string[] = [];
    await withFailures(
      (name) => calls.push(name) < 0,
      async () => saveFile(await create(), path),
    );
    const order = calls.filter((name) => ["writeFileSync", "fsyncSync", "renameSync"].includes(name));
    expect(order).toEqual(["writeFileSync", "fsyncSync", "renameSync", "fsyncSync"]);
  });

  it("remove the temporary files of processes and threads that are gone, and no others", async () => {
    const gone = 2 ** 22 + 1; // Above the largest number of a process in Linux.
    const names = [
      `a network.safetensors.${gone}-0.tmp`,
      `a network.safetensors.2.${gone}-7.tmp`,
      `a network.safetensors.${process.pid}-${threadId}.tmp`,
    ];
    const others = [
      `a network.safetensors.${process.ppid}-0.tmp`,
      `a network.safetensors.${process.pid}-${threadId + 1}.tmp`,
      "a network.safetensors.tmp",
      `another.${gone}-0.tmp`,
    ];
    for (const name of [...names, ...others]) await writeFile(join(folder, name), "");
    await saveFile(await create(), path);
    expect((await readdir(folder)).sort()).toEqual([...others, "a network.safetensors"].sort());
  });
});

describe("fileCheckpoint", () => {
  it("keeps the newest files, by their numbers", async () => {
    const network = await create();
    await network.fit(ROWS, TARGETS, {
      epochs: 9,
      checkpoint: fileCheckpoint(path, { everyEpochs: 2, keep: 3 }),
    });
    expect(await epochsOfFiles()).toEqual({
      "a network.safetensors": 9,
      "a network.safetensors.1": 8,
      "a network.safetensors.2": 6,
    });
  });

  it("keeps one file if `keep` is not given, and leaves files of higher numbers", async () => {
    const network = await create();
    await network.fit(ROWS, TARGETS, { epochs: 2, checkpoint: fileCheckpoint(path, { keep: 2 }) });
    await network.fit(ROWS, TARGETS, { epochs: 3, checkpoint: fileCheckpoint(path) });
    expect(await epochsOfFiles()).toEqual({ "a network.safetensors": 5, "a network.safetensors.1": 1 });
  });

  it("may be shared by processes: one of them may have renamed an older file already", async () => {
    const network = await create();
    const options = { epochs: 5, checkpoint: fileCheckpoint(path, { keep: 5 }) };
    await network.fit(ROWS, TARGETS, options);
    let renames = 0;
    disk.beforeCall = (name) => {
      if (name !== "renameSync" || ++renames !== 2) return;
      // The first rename replaced the newest file. The second one is about to do this.
      renameSync(`${path}.3`, `${path}.4`);
    };
    await network.fit(ROWS, TARGETS, { ...options, epochs: 1 });
    disk.beforeCall = () => {};
    const epochs = ["", ".1", ".2", ".3", ".4"].map((end) => [
      `a network.safetensors${end}`,
      expect.any(Number),
    ]);
    expect(await epochsOfFiles()).toEqual(Object.fromEntries(epochs));
    expect((await loadFile(path)).epoch).toBe(6);
  });

  it("keeps the file that is there if a parameter was made NaN, which no file may have", async () => {
    const network = await create();
    const options = { epochs: 5, checkpoint: fileCheckpoint(path) };
    const onEpoch = ({ epoch = 0 }) => {
      if (epoch === 4) network.parameters[0]!.kernel!.data[1] = Number.NaN;
    };
    expect(await rejectionOf(network.fit(ROWS, TARGETS, { ...options, onEpoch }))).toMatchObject({
      code: "invalidData",
      message: expect.stringContaining("parameters[0].kernel.data[1] is NaN"),
    });
    const loaded = await loadCheckpoint(path);
    expect(loaded.epoch).toBe(3);
    expect((await loaded.fit(ROWS, TARGETS, { ...options, resume: true })).loss.length).toBe(5);
  });

  it("works with fitSync", async () => {
    const network = await create();
    network.fitSync(ROWS, TARGETS, { epochs: 3, checkpoint: fileCheckpoint(pathToFileURL(path)) });
    expect((await loadCheckpoint(path)).epoch).toBe(3);
  });

  it("checks its folder and its options before the fit", () => {
    const missing = join(folder, "missing", "network");
    expect(() => fileCheckpoint(missing)).toThrow(expect.objectContaining({ code: "fileNotFound" }));
    for (const each of [".", folder, pathToFileURL(folder)]) {
      expect(() => fileCheckpoint(each)).toThrow(expect.objectContaining({ code: "fileUnavailable" }));
    }
    for (const each of ["", `${folder}/`, `${path}/`, pathToFileURL(`${path}/`)]) {
      expect(() => fileCheckpoint(each)).toThrow(expect.objectContaining({ code: "invalidOption" }));
    }
    for (const options of [{ keep: 0 }, { everyEpochs: 1.5 }, { kept: 2 }]) {
      expect(() => fileCheckpoint(path, options)).toThrow(expect.objectContaining({ code: "invalidOption" }));
    }
  });

  it("lets the fit reject if a file cannot be written, and the network be resumed", async () => {
    const [network, uninterrupted] = [await create(), await create()];
    const fit = { epochs: 6, checkpoint: fileCheckpoint(path) };
    await withFailures(
      (name) => name === "writeFileSync" && network.epoch === 4,
      async () => {
        expect(await rejectionOf(network.fit(ROWS, TARGETS, fit))).toMatchObject({ code: "fileUnavailable" });
      },
    );
    expect(await epochsOfFiles()).toEqual({ "a network.safetensors": 3 });
    expect(network.epoch).toBe(4);
    await network.fit(ROWS, TARGETS, { ...fit, resume: true });
    await uninterrupted.fit(ROWS, TARGETS, { epochs: 6 });
    expect(text(network)).toBe(text(uninterrupted));
    expect(await epochsOfFiles()).toEqual({ "a network.safetensors": 6 });
  });

  it("copies files where the file system has no hard links", async () => {
    const network = await create();
    await withFailures(
      (name) => name === "linkSync",
      () => network.fit(ROWS, TARGETS, { epochs: 3, checkpoint: fileCheckpoint(path, { keep: 2 }) }),
    );
    expect(await epochsOfFiles()).toEqual({ "a network.safetensors": 3, "a network.safetensors.1": 2 });
  });

  describe.each([1, 2, 3])("with keep %i", (keep) => {
    let files: readonly Uint8Array[];

    beforeEach(async () => {
      const network = await create();
      const made: Uint8Array[] = [];
      await network.fit(ROWS, TARGETS, { epochs: 4, checkpoint: { save: (file) => made.push(file) } });
      files = made;
    });

    /**
     * Writes the fourth file after three others, again and again. Each time, one more call of the file system is done
     * before they fail: one of them, or all the later ones too. Returns how many calls there are.
     */
    async function failAtEachCall(
      fails: (call: number, first: number) => boolean,
      check: (failed: string) => Promise<void>,
    ): Promise<number> {
      const { save } = fileCheckpoint(path, { keep });
      for (let first = 0; ; first++) {
        for (const bytes of files.slice(0, 3)) save(bytes);
        const calls: string[] = [];
        await withFailures(
          (name) => fails(calls.push(name) - 1, first),
          async () => save(files[3]!),
        ).catch((error) => expect(error).toMatchObject({ code: "fileUnavailable" }));
        if (calls.length <= first) return first;
        await check(calls[first]!);
        save(files[3]!);
        const left = await epochsOfFiles();
        expect(left["a network.safetensors"]).toBe(4);
        expect(Object.keys(left).length).toBeLessThanOrEqual(keep);
        for (const name of await readdir(folder)) await rm(join(folder, name));
      }
    }

    it("has a whole file at its path if the process ends at any call of the file system", async () => {
      const calls = await failAtEachCall(
        (call, first) => call >= first,
        async () => {
          const { epoch } = await loadFile(path);
          expect([3, 4]).toContain(epoch);
          expect((await loadCheckpoint(path)).epoch).toBe(epoch);
        },
      );
      expect(calls).toBeGreaterThan(10);
    });

    it("has whole files alone if any one call of the file system fails", async () => {
      await failAtEachCall(
        (call, first) => call === first,
        async (failed) => {
          const { "a network.safetensors": epoch, ...others } = await epochsOfFiles();
          expect([3, 4]).toContain(epoch);
          // Removing it is what failed.
          if (failed === "rmSync") return;
          expect(Object.keys(others).filter((name) => name.endsWith(".tmp"))).toEqual([]);
        },
      );
    });
  });
});

describe("loadCheckpoint", () => {
  beforeEach(async () => {
    const network = await create();
    await network.fit(ROWS, TARGETS, { epochs: 12, checkpoint: fileCheckpoint(path, { keep: 12 }) });
  });

  it("loads the newest file", async () => {
    expect((await loadCheckpoint(path)).epoch).toBe(12);
    await rm(path);
    await rm(`${path}.1`);
    // "….10" comes before "….2" in the order of text.
    expect((await loadCheckpoint(path)).epoch).toBe(10);
  });

  it("passes over files that are empty, cut off, altered or no files of a network", async () => {
    await writeFile(path, "");
    await truncate(`${path}.1`, 1000);
    const bytes = await readFile(`${path}.2`);
    bytes[bytes.length - 1]! ^= 1;
    await writeFile(`${path}.2`, bytes);
    await writeFile(`${path}.3`, "{}");
    await copyFile(`${path}.4`, `${path}.1.123456-0.tmp`);
    expect((await loadCheckpoint(path)).epoch).toBe(8);
  });

  it("takes the options of loadNetwork", async () => {
    const network = await loadCheckpoint(path, { threads: 2 });
    network.dispose();
    expect(await rejectionOf(loadCheckpoint(path, { seed: 1 }))).toMatchObject({ code: "invalidOption" });
  });

  it("rejects if there is no file that has bytes", async () => {
    const none = { code: "fileNotFound", message: expect.stringContaining("There is no checkpoint") };
    expect(await rejectionOf(loadCheckpoint(`${path}.x`))).toMatchObject(none);
    await writeFile(`${path}.x`, "");
    expect(await rejectionOf(loadCheckpoint(`${path}.x`))).toMatchObject(none);
    const missing = join(folder, "missing", "network");
    expect(await rejectionOf(loadCheckpoint(missing))).toMatchObject({ code: "fileNotFound" });
  });

  it("rejects with the error of the newest file if none is whole", async () => {
    for (const name of await readdir(folder)) await truncate(join(folder, name), 100);
    expect(await rejectionOf(loadCheckpoint(path))).toMatchObject({
      code: "invalidFile",
      message: expect.stringContaining(`${path} has no whole file among 12. The newest: ${path}: The bytes`),
    });
  });
});
