// The network of an experiment as an expression: the worker evaluates it, and the program to take away prints it.

import { COMMON_OPTIMIZER_FIELDS, INITIALIZER_NAMES, LAYER_KINDS, OPTIMIZERS, SCHEDULES } from "./choices.js";
import type { Experiment, LayerChoice, Named, OutputChoice } from "./experiment.js";
import { completeValues, type Value } from "./fields.js";
import { outputsOf } from "./outputs.js";

/** A call of a function of the library. */
export class Call {
  readonly name: string;
  readonly values: readonly Expression[];

  constructor(name: string, ...values: Expression[]) {
    this.name = name;
    this.values = values;
  }
}

export type Expression = Value | Call | readonly Expression[] | { readonly [name: string]: Expression };

/** The options of `createNetwork`. */
export function networkRecipe(
  experiment: Experiment,
  inputs: number,
): { readonly [name: string]: Expression } {
  const { layers, output, loss, random, seed, dtype } = experiment;
  return {
    inputs,
    layers: [...layers.map(layerRecipe), denseRecipe(outputsOf(experiment), output)],
    loss: Object.keys(loss.options).length > 0 ? { name: loss.name, ...loss.options } : loss.name,
    optimizer: optimizerRecipe(experiment),
    ...(dtype === "float64" && { dtype }),
    ...(random === "torch" ? { random: new Call("torchRandom", seed) } : { seed }),
  };
}

function layerRecipe({ kind, ...options }: LayerChoice): Expression {
  const { rate, deviation, units, activation } = completeValues(LAYER_KINDS[kind].fields, options);
  if (kind === "dropout") return new Call(kind, rate!);
  if (kind === "gaussianNoise") return new Call(kind, deviation!);
  if (kind === "dense") return denseRecipe(units as number, { ...options, activation } as OutputChoice);
  return new Call(kind, ...optional(options));
}

function denseRecipe(units: number, { activation, units: _, ...options }: OutputChoice): Call {
  const given = Object.entries(options).filter(([, value]) => value !== "");
  const expressions = given.map(([name, value]) => [name, INITIALIZERS.get(value) ?? value] as const);
  return new Call("dense", units, activation, ...optional(Object.fromEntries(expressions)));
}

/** An argument with options, if there are any. */
function optional(options: { readonly [name: string]: Expression }): Expression[] {
  return Object.keys(options).length > 0 ? [options] : [];
}

/** The calls that INITIALIZER_NAMES are. */
const INITIALIZERS: ReadonlyMap<Value, Call> = new Map(
  INITIALIZER_NAMES.filter((name) => name !== "").map((name) => [name, parseCall(name)]),
);

/** The call of a text such as `transposed(uniform(-1, 1))`. */
function parseCall(text: string): Call {
  const [, name, rest] = /^(\w+)\((.*)\)$/.exec(text)!;
  if (rest!.includes("(")) return new Call(name!, parseCall(rest!));
  return new Call(name!, ...(rest === "" ? [] : rest!.split(", ").map(Number)));
}

function optimizerRecipe({ optimizer, schedule }: Experiment): Call {
  const { name, options } = optimizer;
  const { learningRate, ...others } = completeValues(OPTIMIZERS[name].fields, options);
  const given = Object.fromEntries(
    Object.entries(others).filter(
      ([option, value]) => option in options && !(option in COMMON_OPTIMIZER_FIELDS && value === 0),
    ),
  );
  return new Call(name, { learningRate: rateRecipe(learningRate as number, schedule), ...given });
}

function rateRecipe(learningRate: number, { name, options, warmup }: Experiment["schedule"]): Expression {
  const rate = name === "none" ? learningRate : scheduleRecipe(learningRate, { name, options });
  return warmup === 0 ? rate : new Call("warmup", rate, { epochs: warmup });
}

function scheduleRecipe(
  learningRate: number,
  { name, options }: Named<Exclude<Experiment["schedule"]["name"], "none">>,
): Call {
  // The worker fits a few epochs at a time and evaluates in between: the validation loss is not known to the fit.
  const monitor = name === "reduceOnPlateau" ? { monitor: "loss" } : {};
  return new Call(name, { learningRate, ...completeValues(SCHEDULES[name].fields, options), ...monitor });
}

type Functions = Readonly<Record<string, unknown>>;

/** The value of an expression. @param functions The exports of the library. */
export function evaluate(expression: Expression, functions: Functions): unknown {
  if (expression instanceof Call) {
    const called = functions[expression.name] as (...values: unknown[]) => unknown;
    return called(...expression.values.map((value) => evaluate(value, functions)));
  }
  if (Array.isArray(expression)) return expression.map((element) => evaluate(element, functions));
  if (typeof expression !== "object") return expression;
  const entries = Object.entries(expression).map(
    ([name, value]) => [name, evaluate(value, functions)] as const,
  );
  return Object.fromEntries(entries);
}

/** The names of all functions that an expression calls. */
export function calledIn(expression: Expression): string[] {
  if (typeof expression !== "object") return [];
  if (expression instanceof Call) return [expression.name, ...expression.values.flatMap(calledIn)];
  return Object.values(expression as object).flatMap(calledIn);
}

/** An expression as source text on one line. */
export function print(expression: Expression): string {
  if (expression instanceof Call) return `${expression.name}(${expression.values.map(print).join(", ")})`;
  if (Array.isArray(expression)) return `[${expression.map(print).join(", ")}]`;
  if (typeof expression !== "object") return JSON.stringify(expression);
  return `{ ${Object.entries(expression)
    .map(([name, value]) => `${name}: ${print(value)}`)
    .join(", ")} }`;
}
