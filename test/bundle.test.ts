import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { build } from "rolldown";
import { describe, expect, it, onTestFinished } from "vitest";
import { bundle, sourcePath } from "../bundle.js";

it("shares one BackpropError class between entry points", async () => {
  const folder = await temporaryFolder();
  const second = join(folder, "second.ts");
  await writeFile(second, `export { BackpropError, dense } from ${JSON.stringify(sourcePath("index.ts"))};`);
  await bundle({ index: sourcePath("index.ts"), second }, folder);
  const load = (file: string) => import(pathToFileURL(join(folder, file)).href);
  const [index, other] = await Promise.all([load("index.js"), load("second.js")]);
  expect(other.BackpropError).toBe(index.BackpropError);
  expect(() => other.dense(0)).toThrow(index.BackpropError);
});

it("leaves the library, and its errors, to the library's file in an entry point beside it", async () => {
  const dist = new URL("../dist/", import.meta.url);
  for (const file of ["datasets.js", "formats.js", "inWorker.js"]) {
    const map = JSON.parse(await readFile(new URL(`${file}.map`, dist), "utf8")) as { sources: string[] };
    const own = map.sources.filter((path) => /src\/(index|errors|network)\.ts$/.test(path));
    expect(own).toEqual([]);
  }
});

const run = promisify(execFile);
const LIBRARY = fileURLToPath(new URL("../dist/index.js", import.meta.url));
const CORES = fileURLToPath(new URL("../build/", import.meta.url));

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "bundle-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

/** Trains with two threads in Node. Prints the loss, or the error. */
const PROGRAM = `
  import { createNetwork, dense, loadCore } from ${JSON.stringify(LIBRARY)};
  async function main() {
    try {
      if (globalThis.coreBytes) await loadCore(globalThis.coreBytes, { threads: true });
      const network = await createNetwork({ inputs: 2, layers: [dense(1)], loss: "huber", threads: 2 });
      await network.fit([[0, 1]], [1]);
      // Long enough for a worker that cannot be started to end.
      await new Promise((resolve) => setTimeout(resolve, 500));
      const { loss } = await network.fit([[0, 1]], [1]);
      network.dispose();
      console.log("trained", loss.length);
    } catch (error) {
      console.log(error.code, error.message);
    }
  }
  main();`;

/** Trains in a worker in Node. Prints the loss, or the error. */
const PROGRAM_WITH_WORKER = `
  import { dense } from ${JSON.stringify(LIBRARY)};
  import { networkInWorker } from ${JSON.stringify(LIBRARY.replace("index.js", "inWorker.js"))};
  networkInWorker({ inputs: 2, layers: [dense(1)], loss: "huber" })
    .then((network) => network.fit([[0, 1]], [1]))
    .then(({ loss }) => console.log("trained", loss.length))
    .catch(({ code, message }) => console.log(code, message));`;

/** Bundles the program into one file. As with esbuild and rollup, the core is not copied. */
async function bundleProgram(
  format: "esm" | "cjs" | "iife",
  text = PROGRAM,
): Promise<{ folder: string; program: string }> {
  const folder = await temporaryFolder();
  const source = join(folder, "source.mjs");
  await writeFile(source, text);
  await mkdir(join(folder, "dist"));
  const program = join(folder, "dist", format === "esm" ? "program.mjs" : "program.cjs");
  await build({ input: source, platform: "node", logLevel: "silent", output: { file: program, format } });
  return { folder, program };
}

async function outputOf(program: string, ...flags: string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [...flags, program], { timeout: 30_000 });
  return stdout;
}

describe("a program bundled into one file", () => {
  it("is told where to copy the core", async () => {
    const { folder, program } = await bundleProgram("esm");
    const output = await outputOf(program);
    expect(output).toMatch(/^coreUnavailable The WebAssembly core could not be loaded: ENOENT/);
    expect(output).toContain(join(folder, "build", "core.threads.wasm"));
    expect(output).toMatch(
      /Copy build\/core\.threads\.wasm of the library there.+ or call loadCore\(bytes, /,
    );
  });

  it("trains with threads if only the core is copied", async () => {
    const { folder, program } = await bundleProgram("esm");
    await mkdir(join(folder, "build"));
    await cp(join(CORES, "core.threads.wasm"), join(folder, "build", "core.threads.wasm"));
    expect(await outputOf(program)).toBe("trained 1\n");
  });

  it("is told to import the core if it has no import.meta.url", async () => {
    const { program } = await bundleProgram("iife");
    expect(await outputOf(program)).toMatch(
      /^coreUnavailable .+ import\.meta\.url is not a URL.+ Import the file.+ loadCore\(core, \{ threads: true \}\)/,
    );
  });

  it.each(["esm", "cjs", "iife"] as const)(
    "trains with threads after loadCore(bytes): %s",
    async (format) => {
      const { folder, program } = await bundleProgram(format);
      const bytes = await readFile(join(CORES, "core.threads.wasm"), "base64");
      const preload = join(folder, "preload.cjs");
      await writeFile(preload, `globalThis.coreBytes = Buffer.from("${bytes}", "base64");`);
      expect(await outputOf(program, "--require", preload)).toBe("trained 1\n");
    },
  );
});

describe("a program that trains in a worker, bundled into one file", () => {
  it("is told which scripts are missing", async () => {
    const { program } = await bundleProgram("esm", PROGRAM_WITH_WORKER);
    const output = await outputOf(program);
    expect(output).toMatch(
      /^coreUnavailable The worker of the network has failed: its script, dist\/trainer\.js,/,
    );
    expect(output).toContain(join("dist", "trainer.js"));
  });

  it("trains if the scripts and the core are copied", async () => {
    const { folder, program } = await bundleProgram("esm", PROGRAM_WITH_WORKER);
    await mkdir(join(folder, "build"));
    await cp(join(CORES, "core.wasm"), join(folder, "build", "core.wasm"));
    for (const file of ["index.js", "trainer.js"]) {
      await cp(join(LIBRARY, "..", file), join(folder, "dist", file));
    }
    await writeFile(join(folder, "package.json"), '{ "type": "module" }');
    expect(await outputOf(program)).toBe("trained 1\n");
  });

  it("is told to bundle as an ES module if it has no import.meta.url", async () => {
    const { program } = await bundleProgram("iife", PROGRAM_WITH_WORKER);
    expect(await outputOf(program)).toMatch(
      /^unsupported import\.meta\.url is not defined here.+ Bundle as an ES module\./,
    );
  });
});
