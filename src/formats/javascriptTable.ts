// The parts in JavaScript of a model of a table: from the cells of a row to the inputs, and from the outputs to the answer.

import type { Target } from "../table/target.js";
import { applyStep, type StepTable, type TableSteps } from "./predictor.js";

/** The helpers that are used, as constants inside the function. */
export function helpersOf(helpers: Readonly<Record<string, string>>, used: Iterable<string>): string {
  return [...used].map((helper) => `  const ${helper} = ${helpers[helper]};\n`).join("");
}

/**
 * `number` and `text` read a cell as the model does: NaN and "" are missing values. The others compute inputs from what
 * these return. x !== x is true for NaN.
 */
export const CELL_HELPERS: Readonly<Record<string, string>> = {
  number: `(cell, column) => {
    let x = typeof cell === "string" ? cell.trim() : cell ?? NaN;
    if (x === "") x = NaN;
    const isText = typeof x === "string" && /^[+-]?(\\d+\\.?\\d*|\\.\\d+)(e[+-]?\\d+)?$/i.test(x);
    if (isText || typeof x === "bigint") x = Number(x);
    if (typeof x === "number" && Math.abs(x) !== Infinity) return x;
    throw new TypeError(JSON.stringify(column) + " is " + String(cell) + "; expected a finite number or null.");
  }`,
  text: `(cell, column) => {
    if (cell === null || cell === undefined || cell !== cell) return "";
    if (/^(string|boolean|bigint)$/.test(typeof cell) || Number.isFinite(cell)) return String(cell).trim();
    throw new TypeError(JSON.stringify(column) + " is " + String(cell) + "; expected text or null.");
  }`,
  scaled: "(missing, center, scale) => (x) => ((x === x ? x : missing) - center) / scale",
  oneHot: "(missing, names) => (x) => names.map((name) => +(name === (x || missing)))",
  categoryNumber: "(missing, names) => (x) => names.indexOf(x || missing) + 1",
  isMissing: '(x) => +(x !== x || x === "")',
};

/** The function that reads the cells of each type. */
const READERS = { number: "number", category: "text" };

/** The list of columns in JavaScript, each with its name, its reader and its steps, and the helpers that it uses. */
export function columnsOf({ columns }: TableSteps): { readonly columns: string; readonly used: Set<string> } {
  const lines = columns.map(({ name, type, steps }) => {
    const calls = steps.map((step) => applyStep(STEPS, step));
    return `    [${[JSON.stringify(name), READERS[type], ...calls].join(", ")}],\n`;
  });
  const used = columns.flatMap(({ type, steps }) => [READERS[type], ...steps.map(({ kind }) => kind)]);
  return { columns: lines.join(""), used: new Set(used) };
}

const STEPS: StepTable<[], string> = {
  scaled: ({ missing, center, scale }) => `scaled(${[missing, center, scale].map(numberOf).join(", ")})`,
  oneHot: ({ missing, categories }) => `oneHot(${JSON.stringify(missing)}, ${JSON.stringify(categories)})`,
  categoryNumber: ({ missing, categories }) =>
    `categoryNumber(${JSON.stringify(missing)}, ${JSON.stringify(categories)})`,
  isMissing: () => "isMissing",
};

function numberOf(x: number): string {
  return Object.is(x, -0) ? "-0" : String(x);
}

/** The constants that the answer needs, and the answer as an expression of the outputs x. */
export function answerOf(target: Target): { readonly constants: string; readonly answer: string } {
  if (target.task === "regression") {
    const number = `x[0] * ${target.scale} + ${numberOf(target.center)}`;
    return { constants: "", answer: target.log ? `Math.exp(${number})` : number };
  }
  return {
    constants: `  const classes = ${JSON.stringify(target.classes)};
  const answer = (p) => {
    const best = p.reduce((best, value, i) => (value > p[best] ? i : best), 0);
    const probabilities = Object.fromEntries(classes.map((name, i) => [name, p[i]]));
    return { class: classes[best], probability: p[best], probabilities };
  };
`,
    answer: "answer(x)",
  };
}
