// The package that npm would publish.

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { parseAst } from "rolldown/parseAst";
import { beforeAll, describe, expect, it } from "vitest";
import type * as formats from "../src/formats.js";
import * as source from "../src/index.js";
import type * as table from "../src/table.js";

const ROOT = new URL("../", import.meta.url);
const ENTRY = new URL("dist/index.js", ROOT).href;

/** The static imports of a file. */
function importsOf(file: string): string[] {
  const { body } = parseAst(readFileSync(new URL(file, ROOT), "utf8"));
  return body.flatMap((statement) =>
    "source" in statement && statement.source ? [statement.source.value] : [],
  );
}

describe("the package", () => {
  let files: string[];

  beforeAll(() => {
    const output = execFileSync("npm", ["pack", "--dry-run", "--ignore-scripts", "--json"], {
      cwd: fileURLToPath(ROOT),
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      shell: process.platform === "win32",
    });
    const [{ files: packed }] = JSON.parse(output) as [{ files: { path: string }[] }];
    files = packed.map(({ path }) => path);
  });

  it("has a JavaScript file for each entry point, the scripts of two kinds of worker, and the program", () => {
    const scripts = files.filter((file) => /\.[cm]?js$/.test(file));
    const entries = ["browser", "datasets", "formats", "inWorker", "index", "node", "table"];
    expect(scripts.sort()).toEqual(
      [...entries, "cli", "trainer", "worker"].sort().map((name) => `dist/${name}.js`),
    );
  });

  it("contains all builds of the core, the types and the licences", () => {
    expect(files).toEqual(
      expect.arrayContaining([
        ...["", ".relaxed", ".threads", ".relaxed.threads"].map((build) => `build/core${build}.wasm`),
        "build/index.d.ts",
        ...["browser", "datasets", "formats", "inWorker", "node", "table"].map(
          (name) => `build/${name}.d.ts`,
        ),
        ...["browser", "datasets", "formats", "index", "node", "table", "worker"].map(
          (name) => `types/${name}.d.cts`,
        ),
        "types/core.wasm.d.ts",
        "LICENSE",
        "LICENSE.third-party",
      ]),
    );
  });

  it("has no type declarations for the command line, which is not imported", () => {
    expect(files.filter((file) => file.startsWith("build/cli"))).toEqual([]);
  });

  it("contains no examples, benchmarks, tests or data sets", () => {
    expect(files.filter((file) => /^(build\/)?(examples|bench|test)\//.test(file))).toEqual([]);
  });

  it("has type declarations only for files that exist in src", () => {
    const types = files.filter((file) => /^build\/.*\.d\.ts$/.test(file));
    const sources = types.map((file) => file.replace(/^build\//, "src/").replace(/\.d\.ts$/, ".ts"));
    const gone = sources.filter((file) => !existsSync(new URL(file, ROOT)));
    expect(gone, "build/ has types of files that are gone: delete it, and build again").toEqual([]);
  });
});

describe("the type declarations", () => {
  it("of backprop-wasm/formats import no package, because users install none", () => {
    const folder = new URL("build/formats/", ROOT);
    const texts = readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".d.ts"))
      .map((file) => readFileSync(new URL(file, folder), "utf8"));
    expect(texts.length).toBeGreaterThan(10);
    for (const text of texts) expect(text).not.toMatch(/from "[^.]/);
  });
});

describe("dist", () => {
  it.each(["index.js", "worker.js"])("has no static imports in %s", (file) => {
    expect(importsOf(`dist/${file}`)).toEqual([]);
  });

  it.each(["browser.js", "datasets.js", "formats.js", "inWorker.js", "table.js", "trainer.js"])(
    "imports nothing but the library in %s",
    (file) => {
      expect(importsOf(`dist/${file}`)).toEqual(["./index.js"]);
    },
  );

  it("imports what users may not have installed only when it is needed", () => {
    const text = readFileSync(new URL("dist/table.js", ROOT), "utf8");
    const imported = [...text.matchAll(/\bimport\(["'`]([^"'`]+)["'`]\)/g)].map(([, name]) => name);
    expect(imported).toEqual(["hyparquet", "hyparquet-compressors"]);
    const { peerDependencies, peerDependenciesMeta } = JSON.parse(
      readFileSync(new URL("package.json", ROOT), "utf8"),
    );
    expect(Object.keys(peerDependencies)).toEqual(imported);
    for (const name of imported) expect(peerDependenciesMeta[name!]).toEqual({ optional: true });
  });

  it("imports nothing but the library and modules of Node in node.js", () => {
    expect(importsOf("dist/node.js").filter((name) => !name.startsWith("node:"))).toEqual(["./index.js"]);
  });

  it("imports nothing but entry points and modules of Node in cli.js, which can be run", async () => {
    const imports = importsOf("dist/cli.js").filter((name) => !name.startsWith("node:"));
    expect(imports.sort()).toEqual(["./formats.js", "./index.js", "./node.js", "./table.js"]);
    const text = readFileSync(new URL("dist/cli.js", ROOT), "utf8");
    expect(text).toMatch(/^#!\/usr\/bin\/env node\n/);
    // What CommonJS packages require are modules of Node, too.
    const required = [...text.matchAll(/\brequire\w*\(["'`]([^"'`]+)["'`]\)/g)].map(([, name]) => name!);
    expect(required.filter((name) => !isBuiltin(name))).toEqual([]);
    const { bin } = JSON.parse(readFileSync(new URL("package.json", ROOT), "utf8"));
    expect(bin).toEqual({ "backprop-wasm": "dist/cli.js" });
  });

  it("has the same exports as the source", async () => {
    expect(Object.keys(await import(ENTRY)).sort()).toEqual(Object.keys(source).sort());
  });

  it("has an entry point for tables of less than 26 kB, compressed, that throws errors of the library's class", async () => {
    const file = new URL("dist/table.js", ROOT);
    expect(gzipSync(readFileSync(file)).length).toBeLessThan(26_000);
    const [{ BackpropError }, { createTable, readCsv }]: [typeof source, typeof table] = await Promise.all([
      import(ENTRY),
      import(file.href),
    ]);
    expect(() => createTable([])).toThrow(BackpropError);
    expect(() => readCsv("", { batchRows: 0 })).toThrow(BackpropError);
  });

  it("throws errors of the library's class in formats.js", async () => {
    const { BackpropError }: typeof source = await import(ENTRY);
    const { fromOnnx, readNpy, toC }: typeof formats = await import(new URL("dist/formats.js", ROOT).href);
    for (const work of [
      () => readNpy(new Uint8Array(0)),
      () => toC({} as never),
      () => readNpy(5 as never),
    ]) {
      expect(work).toThrow(BackpropError);
    }
    await expect(fromOnnx(new Uint8Array(0))).rejects.toBeInstanceOf(BackpropError);
  });

  it("throws errors of the class that it exports", async () => {
    const { BackpropError, createNetwork, dense }: typeof source = await import(ENTRY);
    const size = 2 ** 32 - 1;
    const error = await createNetwork({
      inputs: size,
      layers: [dense(size)],
      loss: "meanSquaredError",
    }).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(BackpropError);
    expect(error).toMatchObject({ code: "outOfMemory" });
    expect(BackpropError.name).toBe("BackpropError");
  });
});

/** An entry of a lock file. Its key is the folder of the package. */
interface LockedPackage {
  readonly integrity?: string;
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
}

describe("the lock file", () => {
  const text = readFileSync(new URL("package-lock.json", ROOT), "utf8");
  const { packages } = JSON.parse(text) as { packages: Record<string, LockedPackage> };

  /** The folders in which a dependency of the package in `folder` may be. */
  function candidates(folder: string, name: string): string[] {
    const own = posix.join(folder, "node_modules", name);
    const parent = folder.replace(/(^|\/)node_modules\/(@[^/]+\/)?[^/]+$/, "");
    return folder === "" ? [own] : [own, ...candidates(parent, name)];
  }

  it("has every package for every platform, as `npm ci` requires", () => {
    const missing = Object.entries(packages).flatMap(([folder, locked]) => {
      const { dependencies, devDependencies, optionalDependencies } = locked;
      const names = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies });
      return names.filter((name) => !candidates(folder, name).some((path) => packages[path]));
    });
    expect(missing).toEqual([]);
    const installed = Object.keys(packages).filter((folder) => folder !== "");
    expect(installed.length).toBeGreaterThan(100);
    expect(installed.filter((folder) => !packages[folder]!.integrity)).toEqual([]);
  });

  it.each(["package-lock.json", "bench/peers/package-lock.json"])(
    "as %s has no fields that some versions of npm write and others remove",
    (file) => {
      const lock = readFileSync(new URL(file, ROOT), "utf8");
      // npm 10 removes "libc". No version from 10 to 12 adds it to a file without it.
      expect(lock).not.toContain('"libc"');
      expect(lock).not.toContain('"resolved": "http');
    },
  );
});
