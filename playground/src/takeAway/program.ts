// The lines of code that train the network of an experiment with the library, and print its hash.

import { TRUTH_TABLE } from "../data/truthTable.js";
import type { DataChoice, Experiment, TableChoice } from "../experiment/experiment.js";
import { classesOf, type TargetForm, tableOf, targetFormOf } from "../experiment/outputs.js";
import { Call, calledIn, networkRecipe, print } from "../experiment/recipe.js";

/** Lines that define `inputs` and `targets` of the rows to train on, with what they import. */
interface Rows {
  readonly imports: readonly string[];
  readonly lines: readonly string[];
  /** The expressions of what to train on. */
  readonly inputs: string;
  readonly targets: string;
  /** The expression of the number of inputs. */
  readonly width: string;
}

/**
 * A program for Node that trains the experiment for its `epochs`, and prints `hashParameters`: the hash that the page
 * shows. With a CSV file, it reads the file from the folder that it is run in.
 *
 * @param lacksTargets Whether the file has rows without a target, which the program must leave out.
 */
export function programOf(experiment: Experiment, lacksTargets: boolean): string {
  const rows = rowsOf(experiment, lacksTargets);
  const { inputs: _, ...options } = networkRecipe(experiment, 0);
  const training = trainingOf(experiment, rows);
  const used = ["createNetwork", "hashParameters", ...training.imports, ...calledIn(options)];
  const lines = [
    ...importLines(experiment, [...used, ...rows.imports]),
    "",
    ...rows.lines,
    "const network = await createNetwork({",
    `  inputs: ${rows.width},`,
    ...Object.entries(options).map(([name, value]) => `  ${name}: ${print(value)},`),
    "});",
    ...training.lines,
    "console.log(hashParameters(network));",
  ];
  return `${lines.join("\n")}\n`;
}

function importLines({ data }: Experiment, used: readonly string[]): string[] {
  const names = [...new Set(used)].sort();
  const table = names.filter((name) => OF_TABLE.includes(name));
  const isGenerated = tableOf(data) === undefined && !(data.dataset in FIXED);
  const others = names.filter((name) => !OF_TABLE.includes(name) && name !== data.dataset);
  return [
    ...(table.length > 0 ? ['import { readFile } from "node:fs/promises";'] : []),
    `import { ${others.join(", ")} } from "backprop-wasm";`,
    ...(isGenerated ? [`import { ${data.dataset} } from "backprop-wasm/datasets";`] : []),
    ...(table.length > 0 ? [`import { ${table.join(", ")} } from "backprop-wasm/table";`] : []),
  ];
}

const OF_TABLE = ["fitPreprocessor", "readTable"];

/** Data sets whose rows the program contains. */
const FIXED = { truthTable: TRUTH_TABLE, drawn: { inputs: [], targets: [] } };

function rowsOf(experiment: Experiment, lacksTargets: boolean): Rows {
  const table = tableOf(experiment.data);
  return table ? tableRows(experiment, table, lacksTargets) : plainRows(experiment);
}

function plainRows(experiment: Experiment): Rows {
  const { data } = experiment;
  const { lines, numbers } = givenRows(data);
  const form = targetFormOf(experiment);
  const encoded = form === "values" ? "targets" : encodedTargets(numbers, form, classesOf(data));
  const width = data.dataset === "sine" ? "1" : "2";
  if (data.validation === 0) {
    return { imports: importsIn(encoded), lines, inputs: "inputs", targets: encoded, width };
  }
  const options = print({ validation: data.validation, seed: data.seed });
  return {
    imports: ["splitRows", ...importsIn(encoded)],
    lines: [...lines, `const { training } = splitRows(inputs, ${encoded}, ${options});`],
    inputs: "training.inputs",
    targets: "training.targets",
    width,
  };
}

/** The lines that define `inputs` and `targets`, and the expression of the labels or numbers as a list. */
function givenRows({ dataset, rows, noise, seed, points }: DataChoice): { lines: string[]; numbers: string } {
  const drawn = {
    inputs: points.map(([x, y]) => [x, y]),
    targets: points.map(([, , label]) => label),
  };
  if (dataset in FIXED) {
    const fixed = FIXED[dataset as keyof typeof FIXED];
    const inputs = print([...fixed.inputs, ...drawn.inputs]);
    const targets = print([...fixed.targets, ...drawn.targets]);
    return { lines: [`const inputs = ${inputs};`, `const targets = ${targets};`], numbers: "targets" };
  }
  const generate = print(new Call(dataset, { rows, noise, seed }));
  if (points.length === 0)
    return { lines: [`const { inputs, targets } = ${generate};`], numbers: "targets.data" };
  return {
    lines: [
      `const generated = ${generate};`,
      `const inputs = [...generated.inputs.toArray(), ...${print(drawn.inputs)}];`,
      `const targets = [...generated.targets.data, ...${print(drawn.targets)}];`,
    ],
    numbers: "targets",
  };
}

/** The expression of targets in the form that the network takes. */
function encodedTargets(numbers: string, form: TargetForm, classes: number): string {
  const forms: Readonly<Record<TargetForm, string>> = {
    values: numbers,
    signs: `Array.from(${numbers}, (target) => 2 * target - 1)`,
    oneHot: `oneHot(${numbers}, ${classes})`,
    signsOfOneHot: `oneHot(${numbers}, ${classes}).toArray().map((row) => row.map((target) => 2 * target - 1))`,
  };
  return forms[form];
}

function importsIn(expression: string): string[] {
  return expression.includes("oneHot(") ? ["oneHot"] : [];
}

/** The lines that define `table`: the rows that have a target. */
function readingLines(file: string, target: string, lacksTargets: boolean): string[] {
  const reading = `await readTable(await readFile(${JSON.stringify(file)}))`;
  const note = `// Run this in the folder of ${JSON.stringify(file)}.`;
  if (!lacksTargets) return [note, `const table = ${reading};`];
  return [
    note,
    `const all = ${reading};`,
    `const given = Array.from(all.column(${JSON.stringify(target)}).values);`,
    'const table = all.select(given.flatMap((value, row) => (["", NaN].includes(value) ? [] : row)));',
  ];
}

function tableRows(
  experiment: Experiment,
  { file, target, columns, classes }: TableChoice,
  lacksTargets: boolean,
): Rows {
  const { validation, seed } = experiment.data;
  const name = JSON.stringify(target);
  const isNumber = classes === 0;
  const labels = "Array.from(values, (value) => classes.indexOf(value))";
  const encoded = encodedTargets(labels, targetFormOf(experiment), classes);
  return {
    imports: [
      ...["readTable", "fitPreprocessor"],
      ...(validation > 0 ? ["splitRows"] : []),
      ...(isNumber ? ["standardScaler"] : importsIn(encoded)),
    ],
    lines: [
      ...readingLines(file, target, lacksTargets),
      ...(validation > 0
        ? [
            "const rows = Uint32Array.from({ length: table.rows }, (_, row) => row);",
            `const split = splitRows(rows, rows, ${print({ validation, seed })});`,
            "const training = table.select(split.training.rows);",
          ]
        : ["const training = table;"]),
      `const used = ${print(columns)};`,
      "const others = table.columns.filter(({ name }) => !used.includes(name));",
      'const ignored = Object.fromEntries(others.map(({ name }) => [name, { type: "ignore" }]));',
      'const inputs = fitPreprocessor(training, { encoding: "oneHot", columns: ignored }).transform(training);',
      `const { values } = training.column(${name});`,
      ...(isNumber
        ? ["const targets = standardScaler().fit(values).transform(values);"]
        : [
            `const classes = [...new Set(table.column(${name}).values)].sort((a, b) => (a < b ? -1 : 1));`,
            `const targets = ${encoded};`,
          ]),
    ],
    inputs: "inputs",
    targets: "targets",
    width: "inputs.shape[1]",
  };
}

/** The lines that train. */
function trainingOf(
  { gradients, epochs, batchSize }: Experiment,
  { inputs, targets }: Rows,
): Pick<Rows, "imports" | "lines"> {
  if (epochs === 0) return { imports: [], lines: [] };
  if (gradients === "backpropagation") {
    return {
      imports: [],
      lines: [`await network.fit(${inputs}, ${targets}, ${print({ epochs, batchSize })});`],
    };
  }
  return {
    imports: ["forwardDifferences"],
    lines: [
      `for (let epoch = 0; epoch < ${epochs}; epoch++) {`,
      `  network.applyGradients(forwardDifferences(network, ${inputs}, ${targets}).layers);`,
      "}",
    ],
  };
}
