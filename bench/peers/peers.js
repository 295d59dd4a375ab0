// The peers, and the command that starts the process of each. All processes use the protocol of worker.js.

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { REVECTORIZE_FLAG, whyNotRevectorized } from "../../build/bench/revectorize/flag.js";

/**
 * @typedef {object} Command
 * @property {string} file
 * @property {string[]} args
 * @property {string} [input] The first line of the program's input. Numbers of runs follow.
 * @property {string} [packages] The Debian packages that contain it.
 */

/**
 * @typedef {object} Peer
 * @property {string} name
 * @property {(task: import("./workloads.js").Task, folder: string) => Command} prepare Returns its command, or throws
 *   Refusal. `folder` is for files that it makes.
 */

/** The reason why a peer does not do a task. */
export class Refusal extends Error {}

const ONE_THREAD = { OPENBLAS_NUM_THREADS: "1", OMP_NUM_THREADS: "1", MKL_NUM_THREADS: "1" };

/** The environment variables of all processes. */
export const ENVIRONMENT = { ...process.env, ...ONE_THREAD };

const VIRTUAL_PYTHON = fileURLToPath(new URL(".venv/bin/python", import.meta.url));

/** The environment variable PYTHON, else the interpreter of the virtual environment .venv, else that of the system. */
const PYTHON = process.env.PYTHON || (existsSync(VIRTUAL_PYTHON) ? VIRTUAL_PYTHON : "python3");

const WHY_NOT_REVECTORIZED = whyNotRevectorized();

/** @type {Peer} */
export const OURS = javascript("backprop-wasm", "backprop-wasm.js", "strict");

/** @type {readonly Peer[]} */
export const PEERS = [
  revectorized("ours, revectorized", "strict"),
  javascript("ours, relaxed", "backprop-wasm.js", "relaxed"),
  revectorized("ours, relaxed, revectorized", "relaxed"),
  javascript("brain.js", "brain.js"),
  javascript("convnetjs", "convnetjs.js"),
  javascript("jax-js, wasm", "jax.js"),
  javascript("ml-fnn", "ml-fnn.js"),
  javascript("synaptic", "synaptic.js"),
  javascript("tfjs, cpu", "tfjs.js", "cpu"),
  javascript("tfjs, wasm", "tfjs.js", "wasm"),
  python("NumPy", "numpy"),
  python("PyTorch", "torch"),
  { name: "C, scalar", prepare: prepareScalar },
];

/** The peers of workloads with Adam. */
export const ADAM_PEERS = [
  javascript("ours, relaxed", "backprop-wasm.js", "relaxed"),
  python("PyTorch", "torch"),
  python("scikit-learn", "scikit-learn"),
];

/** The peers that train on Fashion-MNIST. The first is ours. @type {readonly Peer[]} */
export const FASHION_MNIST_PEERS = [
  javascript("backprop-wasm", "fashionMnist.js", "strict"),
  javascript("ours, relaxed", "fashionMnist.js", "relaxed"),
  python("PyTorch", "torch"),
  python("PyTorch, fused Adam", "torch", "fused"),
];

/** A peer in JavaScript: `file` in peers/, with the arguments `variant`. */
function javascript(name, file, ...variant) {
  const args = [fileURLToPath(new URL("worker.js", import.meta.url)), `./peers/${file}`, ...variant];
  return { name, prepare: (task) => ({ file: process.execPath, args, input: JSON.stringify(task) }) };
}

/** backprop-wasm in a Node that pairs vector operations. */
function revectorized(name, numerics) {
  const { prepare } = javascript(name, "backprop-wasm.js", numerics);
  return {
    name,
    prepare(task) {
      if (WHY_NOT_REVECTORIZED) throw new Refusal(WHY_NOT_REVECTORIZED);
      const command = prepare(task);
      return { ...command, args: [REVECTORIZE_FLAG, ...command.args] };
    },
  };
}

/** A peer in Python: `library` names a class of peers/python.py, which gets the arguments `variant`. */
function python(name, library, ...variant) {
  const args = [fileURLToPath(new URL("peers/python.py", import.meta.url)), library, ...variant];
  const packages = "python3 python3-venv";
  return { name, prepare: (task) => ({ file: PYTHON, args, input: JSON.stringify(task), packages }) };
}

/** Compiles scalar.c for the dtype of the task. */
function prepareScalar(task, folder) {
  if (task.loss !== "meanSquaredError") throw new Refusal("XOR only");
  const program = join(folder, `scalar-${task.dtype}`);
  const types = task.dtype === "float64" ? ["-DREAL=double", "-DEXP=exp"] : ["-DREAL=float", "-DEXP=expf"];
  const source = fileURLToPath(new URL("peers/scalar.c", import.meta.url));
  compile(["-O3", ...types, "-o", program, source, "-lm"]);
  const parameters = task.parameters.flatMap(({ kernel, bias }) => [...kernel.flat(), ...bias]);
  return { file: program, args: [task.learningRate, ...parameters].map(String) };
}

function compile(args) {
  try {
    execFileSync("cc", args, { stdio: "pipe" });
  } catch (error) {
    throw error.code === "ENOENT" ? notInstalled("gcc libc6-dev") : error;
  }
}

/** @param {string} packages Debian packages, separated by spaces. */
export function notInstalled(packages) {
  return new Refusal(`not installed: apt install ${packages}`);
}
