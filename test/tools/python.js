// Finds or installs a Python with the packages of the reference scripts.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL(".venv", import.meta.url));
const PYTHON = `${FOLDER}/bin/python`;
const REQUIREMENTS = fileURLToPath(new URL("requirements.txt", import.meta.url));
const TORCH_REQUIREMENTS = fileURLToPath(new URL("../../bench/peers/requirements.txt", import.meta.url));

/** The reason why something is skipped. */
export class Skip extends Error {}

/**
 * The interpreter that the environment variable PYTHON names, else the one of a virtual environment in this folder.
 * Creates this environment and installs the packages of requirements.txt if necessary. `torch`: installs PyTorch, too.
 *
 * @param {{ torch: boolean }} options
 * @throws Skip if there is no Python or a package cannot be installed.
 */
export function preparePython({ torch }) {
  if (process.env.PYTHON) return process.env.PYTHON;
  if (!existsSync(PYTHON)) {
    attempt("there is no python3", "python3", "--version");
    attempt("python3 cannot make a virtual environment", "python3", "-m", "venv", "--clear", FOLDER);
  }
  const files = [REQUIREMENTS, ...(torch ? [TORCH_REQUIREMENTS] : [])];
  const options = ["--quiet", "--disable-pip-version-check", ...files.flatMap((file) => ["-r", file])];
  attempt("the packages of requirements.txt cannot be installed", PYTHON, "-m", "pip", "install", ...options);
  return PYTHON;
}

/**
 * The modules that a program imports and the interpreter does not have. Without an interpreter, all.
 *
 * @param {string} python
 * @param {string} program
 * @returns {string[]}
 */
export function missingModules(python, program) {
  const modules = [...program.matchAll(/^(?:import|from) (\w+)/gm)].map(([, name]) => name);
  const search =
    "import importlib.util, sys; print(*[n for n in sys.argv[1:] if not importlib.util.find_spec(n)])";
  const { status, stdout } = spawnSync(python, ["-c", search, ...modules], { encoding: "utf8" });
  return status === 0 ? stdout.split(/\s+/).filter((name) => name !== "") : [python, ...modules];
}

/** @throws Skip with `problem` and the last line that the command printed, if it fails. */
function attempt(problem, file, ...args) {
  const { status, stdout, stderr, error } = spawnSync(file, args, { encoding: "utf8" });
  if (status === 0) return;
  const printed = error?.message ?? `${stdout}${stderr}`.trim().split("\n").at(-1);
  throw new Skip(`${problem}: ${printed}`);
}
