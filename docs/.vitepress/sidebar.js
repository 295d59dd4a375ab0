// The sidebars: the pages in the order in which they are read, and the reference as TypeDoc wrote it.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const pathOf = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** Pages by their paths in docs/, without ".md". Each has its heading as its name, unless another is given. */
const PAGES = {
  Begin: [["guide/index", "Guide"], "guide/install", "guide/firstNetwork", "guide/csv"],
  "Data and model": [
    "guide/data",
    "guide/choosing",
    "guide/layers",
    "guide/losses",
    "guide/metrics",
    "tables",
  ],
  Training: [
    "guide/training",
    "guide/optimizers",
    "guide/schedules",
    "guide/streams",
    "guide/saving",
    "guide/worker",
    "guide/threads",
    "guide/gradients",
    "guide/numpyAndPytorch",
  ],
  "If something is wrong": ["guide/debugging", "guide/errors"],
  "Moving from": [
    ["moving/brainJs", "brain.js"],
    ["moving/tensorflowJs", "TensorFlow.js"],
    ["moving/keras", "Keras"],
    ["moving/scikitLearn", "scikit-learn"],
    ["migration", "backprop-wasm 0.1"],
  ],
  "Files and tools": ["files", "formats", "commandLine", "environments"],
  "How it works": ["howItWorks/backpropagation", "howItWorks/training", "internals", "performance"],
  Examples: ["notebooks", "realData"],
  "What is promised": ["determinism", "versions", "benchmarks"],
  Project: [
    "repository/CHANGELOG",
    ["repository/LICENSE", "Licence"],
    ["repository/LICENSE.third-party", "Licences of others"],
  ],
  Reference: [["api", "All exports"], "formulas", ["reference/index", "From the docstrings"]],
};

const KINDS = {
  functions: "Functions",
  variables: "Variables",
  classes: "Classes",
  interfaces: "Interfaces",
  "type-aliases": "Types",
};

export function sidebar() {
  const pages = Object.entries(PAGES).map(([text, list]) => ({ text, items: list.map(itemOf) }));
  const back = { text: "Documentation", link: "/guide/index" };
  return { "/": pages, "/reference/": [back, ...entryPoints()] };
}

function itemOf(page) {
  const [path, text] = [page].flat();
  return { text: text ?? headingOf(path), link: `/${path}` };
}

function headingOf(path) {
  const [, heading] = /^# (.+)$/m.exec(readFileSync(pathOf(`${path}.md`), "utf8")) ?? [];
  if (heading === undefined) throw new Error(`docs/${path}.md has no heading`);
  return heading;
}

function entryPoints() {
  const others = foldersOf("backprop-wasm").filter((name) => !(name in KINDS));
  return ["backprop-wasm", ...others.map((name) => `backprop-wasm/${name}`)].map((name) => ({
    text: name,
    collapsed: true,
    link: `/reference/${name}/`,
    items: foldersOf(name)
      .filter((folder) => folder in KINDS)
      .map((folder) => ({
        text: KINDS[folder],
        collapsed: true,
        // A group that is no link would be a button with a button in it.
        link: `/reference/${name}/index#${folder}`,
        items: membersOf(`${name}/${folder}`),
      })),
  }));
}

function membersOf(folder) {
  const files = readdirSync(pathOf(`reference/${folder}`));
  return files
    .map((file) => file.replace(/\.md$/, ""))
    .toSorted((a, b) => a.localeCompare(b, "en"))
    .map((text) => ({ text, link: `/reference/${folder}/${text}` }));
}

function foldersOf(name) {
  const folder = pathOf(`reference/${name}`);
  const entries = existsSync(folder) ? readdirSync(folder, { withFileTypes: true }) : [];
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}
