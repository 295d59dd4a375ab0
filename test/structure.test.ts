import { readdir, readFile } from "node:fs/promises";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";

/** Texts by their paths from the root of the package. */
type Sources = Readonly<Record<string, string>>;

/**
 * For each folder, or file at the top, in order: the folders and files that it may import besides its own. A row may
 * name only earlier rows, and only those that it uses.
 */
type Table = Readonly<Record<string, readonly string[]>>;

const ASSEMBLY: Table = {
  abi: [],
  math: [],
  random: ["math"],
  kernels: ["math"],
  layers: ["abi", "math", "random", "kernels"],
  losses: ["abi", "math", "kernels"],
  optimizers: ["abi", "math", "kernels"],
  network: ["abi", "math", "kernels", "layers", "losses"],
  checks: ["abi", "math", "kernels", "layers", "losses", "optimizers", "network"],
  rowPath: ["abi", "math", "kernels", "layers", "losses", "optimizers", "network"],
  threads: ["abi", "math", "kernels", "layers", "optimizers", "network", "rowPath"],
  training: [
    "abi",
    "random",
    "kernels",
    "layers",
    "losses",
    "optimizers",
    "network",
    "checks",
    "rowPath",
    "threads",
  ],
  "index.ts": ["abi", "random", "kernels", "layers", "optimizers", "network", "checks", "training"],
  "threads.ts": ["abi", "network", "checks", "threads", "index.ts"],
};

const SRC: Table = {
  abi: [],
  "assets.ts": [],
  "history.ts": [],
  "work.ts": [],
  "errors.ts": ["history.ts"],
  "show.ts": [],
  "dtype.ts": ["errors.ts"],
  "validation.ts": ["work.ts", "errors.ts", "show.ts", "dtype.ts"],
  random: ["errors.ts", "validation.ts", "dtype.ts"],
  schedules: ["work.ts", "errors.ts", "show.ts", "validation.ts", "dtype.ts", "random"],
  "initializers.ts": ["validation.ts", "dtype.ts", "random"],
  "initialization.ts": ["work.ts", "show.ts", "initializers.ts"],
  data: ["work.ts", "errors.ts", "show.ts", "validation.ts", "dtype.ts", "random"],
  metrics: ["work.ts", "errors.ts", "show.ts", "validation.ts", "dtype.ts", "random", "data"],
  "customLoss.ts": ["work.ts", "errors.ts", "show.ts", "validation.ts", "dtype.ts", "data"],
  layers: ["abi", "errors.ts", "show.ts", "validation.ts", "dtype.ts", "initializers.ts", "data"],
  "losses.ts": ["abi", "errors.ts", "show.ts", "validation.ts", "dtype.ts", "customLoss.ts", "layers"],
  "optimizers.ts": ["abi", "errors.ts", "show.ts", "validation.ts", "dtype.ts", "schedules"],
  "description.ts": ["dtype.ts", "layers", "losses.ts"],
  "summary.ts": ["layers", "description.ts"],
  wasm: [
    "abi",
    "assets.ts",
    "work.ts",
    "errors.ts",
    "show.ts",
    "validation.ts",
    "dtype.ts",
    "customLoss.ts",
    "layers",
    "optimizers.ts",
    "description.ts",
  ],
  training: [
    "history.ts",
    "work.ts",
    "errors.ts",
    "show.ts",
    "dtype.ts",
    "validation.ts",
    "random",
    "schedules",
    "data",
    "metrics",
    "layers",
    "description.ts",
    "wasm",
  ],
  files: [
    "history.ts",
    "errors.ts",
    "show.ts",
    "validation.ts",
    "dtype.ts",
    "schedules",
    "initializers.ts",
    "customLoss.ts",
    "layers",
    "losses.ts",
    "optimizers.ts",
    "description.ts",
    "wasm",
    "training",
  ],
  "network.ts": [
    "history.ts",
    "work.ts",
    "errors.ts",
    "validation.ts",
    "dtype.ts",
    "random",
    "schedules",
    "data",
    "metrics",
    "customLoss.ts",
    "layers",
    "losses.ts",
    "optimizers.ts",
    "description.ts",
    "summary.ts",
    "wasm",
    "training",
    "files",
  ],
  "createNetwork.ts": [
    "abi",
    "work.ts",
    "errors.ts",
    "validation.ts",
    "dtype.ts",
    "random",
    "initialization.ts",
    "customLoss.ts",
    "layers",
    "losses.ts",
    "optimizers.ts",
    "description.ts",
    "wasm",
    "files",
    "network.ts",
  ],
  "loadNetwork.ts": [
    "errors.ts",
    "show.ts",
    "validation.ts",
    "dtype.ts",
    "layers",
    "description.ts",
    "wasm",
    "files",
    "network.ts",
    "createNetwork.ts",
  ],
  "networkTensors.ts": ["errors.ts", "show.ts", "validation.ts", "data", "layers", "network.ts"],
  "differences.ts": ["validation.ts", "data", "layers", "network.ts", "networkTensors.ts"],
  "hashParameters.ts": ["files", "layers", "network.ts", "networkTensors.ts"],
  "crossValidation.ts": [
    "history.ts",
    "errors.ts",
    "show.ts",
    "validation.ts",
    "data",
    "layers",
    "training",
    "network.ts",
  ],
  "index.ts": [
    "history.ts",
    "errors.ts",
    "dtype.ts",
    "description.ts",
    "random",
    "schedules",
    "initializers.ts",
    "data",
    "metrics",
    "customLoss.ts",
    "layers",
    "losses.ts",
    "optimizers.ts",
    "wasm",
    "training",
    "network.ts",
    "createNetwork.ts",
    "loadNetwork.ts",
    "differences.ts",
    "hashParameters.ts",
    "crossValidation.ts",
  ],
  remote: ["assets.ts", "show.ts", "wasm", "training", "index.ts"],
  "inWorker.ts": ["initialization.ts", "index.ts", "remote"],
  "trainer.ts": ["show.ts", "wasm", "index.ts", "remote"],
  table: ["errors.ts", "show.ts", "dtype.ts", "validation.ts", "random", "index.ts"],
  "table.ts": ["table"],
  formats: ["show.ts", "dtype.ts", "validation.ts", "index.ts", "table"],
  "formats.ts": ["formats"],
  datasets: ["validation.ts", "random", "index.ts"],
  "datasets.ts": ["datasets"],
  saving: ["errors.ts", "show.ts", "dtype.ts", "validation.ts", "index.ts"],
  node: ["errors.ts", "saving"],
  "node.ts": ["errors.ts", "show.ts", "validation.ts", "index.ts", "saving", "node"],
  "browser.ts": ["errors.ts", "show.ts", "index.ts", "saving"],
  // What the program imports is published: it needs only entry points.
  cli: ["files", "index.ts", "formats.ts", "table.ts", "node", "node.ts"],
  "cli.ts": ["cli"],
};

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|(?<=^|[\s;{}()[\],])\/\/[^\n]*/g, "");
}

/** The paths of the files that a file imports or re-exports, types included. */
function importsOf(path: string, text: string): string[] {
  const pattern = /\b(?:import|export)\b(?:[^;"']*?\bfrom\b)?\s*\(?\s*["'](\.[^"']+)["']/g;
  return [...withoutComments(text).matchAll(pattern)].map(([, specifier]) => {
    const file = posix.join(posix.dirname(path), specifier!).replace(/\.[jt]s$/, "");
    return `${file}.ts`;
  });
}

/** The row of a table that a file belongs to: its folder below the root, or its name at the top. */
function rowOf(path: string): string {
  return path.split("/")[1]!;
}

interface Import {
  readonly from: string;
  readonly to: string;
}

function allImports(sources: Sources): Import[] {
  return Object.entries(sources).flatMap(([from, text]) => importsOf(from, text).map((to) => ({ from, to })));
}

/** Each import that the table does not allow, each file that it does not know, and each import of no file. */
function findViolations(sources: Sources, table: Table): string[] {
  const unknown = Object.keys(sources).filter((path) => !table[rowOf(path)]);
  const violations = allImports(sources).flatMap(({ from, to }) => {
    if (sources[to] === undefined) return [`${from} imports ${to}, which does not exist`];
    const isAllowed = rowOf(from) === rowOf(to) || table[rowOf(from)]?.includes(rowOf(to));
    return isAllowed ? [] : [`${from} imports ${to}`];
  });
  return [...unknown.map((path) => `${path} has no row`), ...new Set(violations)].sort();
}

/** Each permission of a table that no file uses, and each that does not name an earlier row. */
function findLoosePermissions(sources: Sources, table: Table): string[] {
  const used = new Set(allImports(sources).map(({ from, to }) => `${rowOf(from)} imports ${rowOf(to)}`));
  const rows = Object.keys(table);
  return rows.flatMap((row, i) =>
    table[row]!.filter(
      (other) => !used.has(`${row} imports ${other}`) || !rows.slice(0, i).includes(other),
    ).map((other) => `${row} imports ${other}`),
  );
}

/** The files of one cycle of imports; empty if there is no cycle. */
function findCycle(sources: Sources): string[] {
  const done = new Set<string>();
  function search(path: string, trail: readonly string[]): string[] {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (done.has(path)) return [];
    for (const next of importsOf(path, sources[path] ?? "")) {
      const cycle = search(next, [...trail, path]);
      if (cycle.length > 0) return cycle;
    }
    done.add(path);
    return [];
  }
  for (const path of Object.keys(sources)) {
    const cycle = search(path, []);
    if (cycle.length > 0) return cycle;
  }
  return [];
}

/** Files in kernels/ whose code, without comments, contains a name that belongs to training. */
function findForeignNames(sources: Sources): string[] {
  return Object.entries(sources)
    .filter(([path]) => rowOf(path) === "kernels")
    .flatMap(([path, text]) => {
      const found = /\w*(optimizer|network|layer|loss|gradient|epoch|batch)\w*/i.exec(withoutComments(text));
      return found ? [`${path}: ${found[0]}`] : [];
    });
}

async function readSources(folder: string): Promise<Sources> {
  const root = fileURLToPath(new URL(`../${folder}/`, import.meta.url));
  const names = (await readdir(root, { recursive: true })).filter((name) => name.endsWith(".ts"));
  const entries = names.map(async (name) => {
    const path = `${folder}/${name.replaceAll("\\", "/")}`;
    return [path, await readFile(`${root}${name}`, "utf8")] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

describe.each([
  ["assembly", ASSEMBLY, 30],
  ["src", SRC, 30],
] as const)("%s/", (folder, table, minCount) => {
  let sources: Sources;

  beforeAll(async () => {
    sources = await readSources(folder);
  });

  it("has its files in folders that import only what their row allows", () => {
    expect(findViolations(sources, table)).toEqual([]);
    expect(Object.keys(sources).length).toBeGreaterThan(minCount);
    expect(allImports(sources).length).toBeGreaterThan(minCount);
  });

  it("uses every permission of the table, and imports point one way", () => {
    expect(findLoosePermissions(sources, table)).toEqual([]);
  });

  it("has no cycle of imports", () => {
    expect(findCycle(sources)).toEqual([]);
  });
});

describe("assembly/kernels/", () => {
  it("names no optimizer, network, layer, loss, gradient, epoch or batch", async () => {
    expect(findForeignNames(await readSources("assembly"))).toEqual([]);
  });
});

describe("the checks themselves", () => {
  const table: Table = { low: [], high: ["low"], "top.ts": ["high"] };
  const sources: Sources = {
    "a/low/one.ts": "export const one = 1;",
    "a/low/two.ts": 'import { one } from "./one";',
    "a/high/three.ts": 'import {\n  one,\n  // a comment\n} from "../low/one.js";',
    "a/top.ts": 'export * from "./high/three";',
  };

  it("accept sources that follow the table", () => {
    expect(findViolations(sources, table)).toEqual([]);
    expect(findLoosePermissions(sources, table)).toEqual([]);
    expect(findCycle(sources)).toEqual([]);
  });

  it.each([
    'import { three } from "../high/three";',
    'import type { Three } from "../high/three.js";',
    'export { three } from "../high/three";',
    'export * from "../high/three";',
    'import "../high/three";',
    'const three = await import("../high/three.js");',
    '// import\nimport { one } from "./one"; import {\n  three } from "../high/three";',
  ])("find the upward import in %s", (text) => {
    const upward = { ...sources, "a/low/two.ts": text };
    expect(findViolations(upward, table)).toEqual(["a/low/two.ts imports a/high/three.ts"]);
  });

  it("find imports that skip a row, unknown folders and missing files", () => {
    const wrong = {
      ...sources,
      "a/top.ts": 'import { one } from "./low/one";',
      "a/new/four.ts": "",
      "a/high/five.ts": 'import { six } from "./six";',
    };
    expect(findViolations(wrong, table)).toEqual([
      "a/high/five.ts imports a/high/six.ts, which does not exist",
      "a/new/four.ts has no row",
      "a/top.ts imports a/low/one.ts",
    ]);
  });

  it("find permissions that are not used or point to a later row", () => {
    expect(findLoosePermissions(sources, { ...table, "top.ts": ["low", "high"] })).toEqual([
      "top.ts imports low",
    ]);
    const reversed = { high: ["low"], low: [], "top.ts": ["high"] };
    expect(findLoosePermissions(sources, reversed)).toEqual(["high imports low"]);
  });

  it("find a cycle of files, also within a folder and of types", () => {
    const cyclic = { ...sources, "a/low/one.ts": 'import type { two } from "./two";' };
    expect(findCycle(cyclic)).toEqual(["a/low/one.ts", "a/low/two.ts", "a/low/one.ts"]);
  });

  it("find a name of training in code, but not in a comment", () => {
    const kernel = { "a/kernels/gemm.ts": "// used by layers\nconst sgdOptimizer = 1; /* loss */" };
    expect(findForeignNames(kernel)).toEqual(["a/kernels/gemm.ts: sgdOptimizer"]);
  });
});
