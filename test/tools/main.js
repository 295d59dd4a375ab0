// Tests that need Python's packages or more than a minute: `npm run test:tools`. Computes the reference figures and the
// data sets again, and compares them with the repository's. Exchanges files with Python's packages. Then trains the
// examples on real data. Skips what this machine cannot do, and prints the reason.

import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createExamples } from "../../build/examples/realData/examples.js";
import { FASHION_MNIST } from "../../build/examples/realData/fashionMnist.js";
import { findDifferences } from "./compare.js";
import { missingModules, preparePython, Skip } from "./python.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const VITEST = join(ROOT, "node_modules/vitest/vitest.mjs");
/** Chooses test/programs.test.ts. */
const PROGRAMS = ["--config", "vitest.pages.config.ts", "--project", "programs"];
const FORMATS = fileURLToPath(new URL("formats.py", import.meta.url));
const REFERENCE = fileURLToPath(new URL("../reference/", import.meta.url));
const DATA = fileURLToPath(new URL("../../examples/data/", import.meta.url));
const EXAMPLE = fileURLToPath(new URL("../../build/examples/example.js", import.meta.url));

/**
 * The programs in seeds.py train for up to 180 000 epochs, and one divides rounding errors by 1e-5. So the figures
 * differ by up to 1 % between processors. The script itself compares them with the digits that the notebooks print.
 */
const TOLERANCES = { "seeds.py": { float32: 0.02, float64: 0.02 } };

const { values } = parseArgs({ options: { torch: { type: "boolean", default: false } } });
const results = { passed: 0, failed: 0, skipped: 0 };

const python = findPython(values.torch);
if (python) {
  checkReferences(python);
  report("files for other tools", () => runTests(python, ["formatsInPython"], readFileSync(FORMATS, "utf8")));
  report("programs of the pages", () => runTests(python, PROGRAMS, "import numpy\nimport safetensors"));
}
for (const { name } of createExamples(FASHION_MNIST)) runExample(name);
console.log(`${results.passed} passed, ${results.failed} failed, ${results.skipped} skipped`);
if (results.failed > 0) process.exitCode = 1;

/** Runs the scripts in test/reference/ and compares their figures. @param {string} python */
function checkReferences(python) {
  const scripts = readdirSync(REFERENCE).filter(
    (file) => file.endsWith(".py") && existsSync(join(REFERENCE, jsonOf(file))),
  );
  for (const script of scripts) report(`reference/${script}`, () => checkScript(python, script));
  report("data sets", () => checkDataSets(python));
}

/**
 * Runs the tests that Vitest's arguments choose, with Python. Skips them if it lacks a module that `program` imports.
 *
 * @param {string} python
 * @param {readonly string[]} chosen
 * @param {string} program
 */
function runTests(python, chosen, program) {
  const missing = missingModules(python, program);
  if (missing.length > 0) throw new Skip(`needs ${missing.join(", ")} (${howToInstall(missing)})`);
  const env = { ...process.env, PYTHON: python };
  const { status, stdout } = spawnSync(process.execPath, [VITEST, "run", ...chosen], {
    cwd: ROOT,
    env,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`vitest run ${chosen.join(" ")} failed:\n${stdout}`);
}

/** Undefined, with the reason printed, if there is no Python with the packages. */
function findPython(torch) {
  try {
    return preparePython({ torch });
  } catch (error) {
    report("reference figures and data sets", () => {
      throw error;
    });
  }
}

/** Runs one task, and prints how it ended. @param {() => void} task Throws Skip, or an error if it fails. */
function report(name, task) {
  const begun = performance.now();
  const end = (word, detail = "") => {
    results[word]++;
    console.log(`${word.padEnd(8)}${name}${detail} (${((performance.now() - begun) / 1000).toFixed(0)} s)`);
  };
  try {
    task();
    end("passed");
  } catch (error) {
    end(error instanceof Skip ? "skipped" : "failed", `: ${error.message}`);
  }
}

/** The name of the file that a script writes. */
function jsonOf(script) {
  return script.replace(/py$/, "json");
}

/**
 * Runs a copy of a script in a temporary folder, because scripts write their figures next to themselves. `use` gets the
 * folder, which is then deleted.
 */
function runCopy(python, script, use) {
  const missing = missingModules(python, readFileSync(script, "utf8"));
  if (missing.length > 0) throw new Skip(`needs ${missing.join(", ")} (${howToInstall(missing)})`);
  const folder = mkdtempSync(join(tmpdir(), "reference-"));
  try {
    const copy = join(folder, basename(script));
    copyFileSync(script, copy);
    const { status, stderr } = spawnSync(python, ["-W", "ignore", copy], { encoding: "utf8" });
    if (status !== 0) throw new Error(`ended with exit code ${status}: ${stderr.trim().split("\n").at(-1)}`);
    use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function howToInstall(missing) {
  return missing.includes("torch")
    ? "npm run test:tools -- --torch installs it"
    : "see test/tools/requirements.txt";
}

/** Compares the figures that a script writes with those of the repository. */
function checkScript(python, script) {
  runCopy(python, join(REFERENCE, script), (folder) => {
    const [actual, expected] = [folder, REFERENCE].map((each) =>
      JSON.parse(readFileSync(join(each, jsonOf(script)), "utf8")),
    );
    const differences = findDifferences(actual, expected, TOLERANCES[script]);
    if (differences.length > 0)
      throw new Error(`${differences.length} figures differ, first ${differences[0]}`);
  });
}

/** Compares the data sets that datasets.py writes with those of the repository. */
function checkDataSets(python) {
  runCopy(python, join(DATA, "datasets.py"), (folder) => {
    for (const file of readdirSync(DATA).filter((file) => file.endsWith(".csv"))) {
      const [actual, expected] = [folder, DATA].map((each) => readFileSync(join(each, file), "utf8"));
      if (actual !== expected) throw new Error(`${file} is not the file that datasets.py writes`);
    }
  });
}

/** An example ends with exit code 1 if it misses its score. */
function runExample(name) {
  report(`example ${name}`, () => {
    if (name === "fashionMnist" && !existsSync(FASHION_MNIST)) {
      throw new Skip(`there is no ${FASHION_MNIST} (Debian's package dataset-fashion-mnist)`);
    }
    const { status } = spawnSync(process.execPath, [EXAMPLE, name], { stdio: "inherit" });
    if (status !== 0) throw new Error(`ended with exit code ${status}`);
  });
}
