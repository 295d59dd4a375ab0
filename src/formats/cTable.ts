// The function in C of a model of a table: from the cells of a row to its prediction.

import type { DType } from "../index.js";
import type { Target } from "../table/target.js";
import { literalOf, TYPES, textLiteral } from "./cLiterals.js";
import { commentOf, membersFor } from "./names.js";
import { applyStep, type ColumnSteps, type StepTable, type TableSteps, widthOf } from "./predictor.js";
import type { TrainedNetwork } from "./trained.js";

/** The struct of a row, its tables, and the function. `inner`: the name of the network's function. */
export function tableFunction(
  name: string,
  inner: string,
  network: TrainedNetwork,
  table: TableSteps,
): string {
  const { columns, target } = table;
  const { type } = TYPES[network.dtype];
  const writers = membersFor(columns.map((column) => column.name)).map((member, i) => {
    return new ColumnWriter(columns[i]!, { name, dtype: network.dtype, member, index: i });
  });
  let begin = 0;
  const blocks = writers.map((writer) => {
    const block = writer.block(begin);
    begin += writer.width;
    return block;
  });
  const { returns, parameters, outputs, constants, answer } = answerOf(name, network.dtype, target);
  return `/* A row: a missing number is NAN, a missing text is NULL or "". */
typedef struct {
${writers.map((writer) => writer.member).join("")}} ${name}_row;

${writers.map((writer) => writer.constants).join("")}${constants}${columns.some(hasCategories) ? findFunction(name) : ""}
static inline ${returns}${name}(const ${name}_row *row${parameters}) {
  ${type} inputs[${network.inputs}]${outputs};
${blocks.join("")}  ${inner}(inputs, outputs);
${answer}}
`;
}

function hasCategories({ type }: ColumnSteps): boolean {
  return type === "category";
}

function findFunction(name: string): string {
  return `
/* The number of a text in a list, from 1; 0 if it is not there. */
static inline size_t ${name}_find(const char *text, const char *const *list, size_t count) {
  for (size_t i = 0; i < count; i++) if (strcmp(text, list[i]) == 0) return i + 1;
  return 0;
}
`;
}

interface Place {
  readonly name: string;
  readonly dtype: DType;
  readonly member: string;
  /** The number of the column. */
  readonly index: number;
}

/** How a type of column is declared, read, filled, and compared with a missing value. */
const CELLS = {
  number: {
    declaration: "double ",
    read: (member: string) => `row->${member}`,
    filler: (filler: number | string) => literalOf("float64", filler as number),
    isMissing: "isnan(cell)",
  },
  category: {
    declaration: "const char *",
    read: (member: string) => `row->${member} != NULL ? row->${member} : ""`,
    filler: (filler: number | string) => textLiteral(filler as string),
    isMissing: "*cell == 0",
  },
};

/** Writes the statements of one column. */
class ColumnWriter {
  readonly #column: ColumnSteps;
  readonly #place: Place;

  constructor(column: ColumnSteps, place: Place) {
    this.#column = column;
    this.#place = place;
  }

  get width(): number {
    return this.#column.steps.reduce((sum, step) => sum + widthOf(step), 0);
  }

  get member(): string {
    const { name, type } = this.#column;
    return `  ${CELLS[type].declaration}${this.#place.member}; /* ${commentOf(name)} */\n`;
  }

  get #categories(): string {
    return `${this.#place.name}_categories${this.#place.index}`;
  }

  get isMissing(): string {
    return CELLS[this.#column.type].isMissing;
  }

  get constants(): string {
    const lists = this.#column.steps.flatMap((step) => ("categories" in step ? [step.categories] : []));
    return lists.map((texts) => textsOf(this.#categories, texts)).join("");
  }

  /** The inputs of the network from number `begin` on. */
  block(begin: number): string {
    const { type, filler, steps } = this.#column;
    const { declaration, read, filler: literal, isMissing } = CELLS[type];
    let at = begin;
    const statements = steps.map((step) => {
      const statement = applyStep(STEPS, step, this, at);
      at += widthOf(step);
      return `    ${statement}\n`;
    });
    const constant = `${declaration.startsWith("const") ? "" : "const "}${declaration}`;
    return `  {
    ${constant}cell = ${read(this.#place.member)};
    ${constant}filled = ${isMissing} ? ${literal(filler)} : cell;
${statements.join("")}  }
`;
  }

  /** An assignment of a number of the network's type. */
  assign(at: number, expression: string): string {
    return `inputs[${at}] = (${TYPES[this.#place.dtype].type})(${expression});`;
  }

  /** The expression for the number of the filled cell's category. */
  find(count: number): string {
    return `${this.#place.name}_find(filled, ${this.#categories}, ${count})`;
  }
}

const STEPS: StepTable<[writer: ColumnWriter, at: number], string> = {
  scaled: ({ center, scale }, writer, at) => {
    const [from, by] = [center, scale].map((x) => literalOf("float64", x));
    return writer.assign(at, `(filled - ${parenthesized(from!)}) / ${by}`);
  },
  oneHot: ({ categories: { length } }, writer, at) =>
    `const size_t number = ${writer.find(length)};
    for (size_t j = 0; j < ${length}; j++) inputs[${at} + j] = number == j + 1;`,
  categoryNumber: ({ categories: { length } }, writer, at) => writer.assign(at, writer.find(length)),
  isMissing: (_, writer, at) => `inputs[${at}] = ${writer.isMissing} ? 1 : 0;`,
};

/** A negative number, after a minus. */
function parenthesized(literal: string): string {
  return literal.startsWith("-") ? `(${literal})` : literal;
}

function textsOf(name: string, texts: readonly string[]): string {
  return `static const char *const ${name}[${texts.length}] = {${texts.map(textLiteral).join(", ")}};\n`;
}

/** The parts of the function that differ between tasks. */
interface AnswerParts {
  readonly returns: string;
  readonly parameters: string;
  /** The declaration of the network's outputs, after that of its inputs. */
  readonly outputs: string;
  readonly constants: string;
  readonly answer: string;
}

function answerOf(name: string, dtype: DType, target: Target): AnswerParts {
  const { type } = TYPES[dtype];
  if (target.task === "regression") {
    const [center, scale] = [target.center, target.scale].map((x) => literalOf("float64", x));
    const number = `outputs[0] * ${scale} + ${center}`;
    return {
      returns: "double ",
      parameters: "",
      outputs: ", outputs[1]",
      constants: "",
      answer: `  return ${target.log ? `exp(${number})` : number};\n`,
    };
  }
  const { classes } = target;
  const isText = typeof classes[0] === "string";
  const list = `${name}_classes`;
  const numbers = () => classes.map((each) => literalOf("float64", each as number)).join(", ");
  return {
    returns: isText ? "const char *" : "double ",
    parameters: `, ${type} *outputs`,
    outputs: "",
    constants: isText
      ? textsOf(list, classes as string[])
      : `static const double ${list}[${classes.length}] = {${numbers()}};\n`,
    answer: `  size_t best = 0;
  for (size_t j = 1; j < ${classes.length}; j++) if (outputs[j] > outputs[best]) best = j;
  return ${list}[best];
`,
  };
}
