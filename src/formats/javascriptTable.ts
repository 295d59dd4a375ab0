// The parts in JavaScript of a model of a table: from the cells of a row to the inputs, and from the outputs to the answer.

import type { Target } from "../table/target.js";
import { applyStep, type StepTable, type TableSteps } from "./predictor.js";

/** The helpers that are used, as constants inside the function. */
export function helpersOf(helpers: Readonly<Record<string, string>>, used: Iterable<string>): string {
  return [...used].map((helper) => `  const ${helper} = ${helpers[helper]};\n`).join("");
}

/**
 * `read` returns a number, or the text of a cell, "" for a missing one, as the model reads it. /^st|^b/ are the types
 * string, boolean and bigint; v !== v is true for NaN; t - t is not 0 for texts that are no finite numbers. The others
 * compute inputs from the text or the filler, and whether the cell is missing.
 */
export const CELL_HELPERS: Readonly<Record<string, string>> = {
  read: `(v, name, isNumber) => {
    if (isNumber && Number.isFinite(v)) return v;
    const t = v == null || v !== v ? "" : String(v).trim();
    const isCell = t === "" || /^st|^b/.test(typeof v) || Number.isFinite(v);
    if (isCell && (!isNumber || (/^[-+.e\\d]*$/i.test(t) && t - t === 0))) return t;
    throw new TypeError(name + " cannot be " + t);
  }`,
  scaled: "(center, scale) => (v) => (v - center) / scale",
  oneHot: "(names) => (v) => names.map((name) => +(name === v))",
  categoryNumber: "(names) => (v) => names.indexOf(v) + 1",
  isMissing: "(_, is) => +is",
};

/** The cells of a row: without what all objects inherit, if a column has the name of it, such as "constructor". */
export function ownCellsOf({ columns }: TableSteps): string {
  return columns.some(({ name }) => name in Object.prototype) ? "({ __proto__: null, ...row })" : "row";
}

/** The list of columns in JavaScript, each with its name, its filler and its steps, and the helpers that it uses. */
export function columnsOf({ columns }: TableSteps): { readonly columns: string; readonly used: Set<string> } {
  const lines = columns.map(({ name, filler, steps }) => {
    const calls = steps.map((step) => applyStep(STEPS, step));
    return `    [${[JSON.stringify(name), literalOf(filler), ...calls].join(", ")}],\n`;
  });
  const kinds = columns.flatMap(({ steps }) => steps.map(({ kind }) => kind));
  return { columns: lines.join(""), used: new Set(["read", ...kinds]) };
}

const STEPS: StepTable<[], string> = {
  scaled: ({ center, scale }) => `scaled(${literalOf(center)}, ${literalOf(scale)})`,
  oneHot: ({ categories }) => `oneHot(${JSON.stringify(categories)})`,
  categoryNumber: ({ categories }) => `categoryNumber(${JSON.stringify(categories)})`,
  isMissing: () => "isMissing",
};

function literalOf(x: number | string): string {
  return Object.is(x, -0) ? "-0" : JSON.stringify(x);
}

/** The constants that the answer needs, and the statements that return it, given the outputs x. */
export function answerOf(target: Target): { readonly constants: string; readonly answer: string } {
  if (target.task === "regression") {
    const number = `x[0] * ${target.scale} + ${literalOf(target.center)}`;
    return { constants: "", answer: `    return ${target.log ? `Math.exp(${number})` : number};\n` };
  }
  return {
    constants: `  const classes = ${JSON.stringify(target.classes)};\n`,
    answer: `    const i = x.reduce((i, p, j) => (p > x[i] ? j : i), 0);
    const probabilities = Object.fromEntries(classes.map((name, j) => [name, x[j]]));
    return { class: classes[i], probability: x[i], probabilities };
`,
  };
}
