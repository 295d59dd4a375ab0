// Recognizes expressions in a graph.

import {
  ACTIVATION_FORMS,
  COMMUTATIVE,
  type ConstantName,
  DEFAULT_ATTRIBUTES,
  type Expression,
  type FormName,
  isOperation,
  type Operation,
} from "./forms.js";
import { attributeOf, type Constant, type Graph, isStandard } from "./graph.js";
import type { NodeMessage } from "./schema.js";

/** What the names in an expression stand for. z is the name of a value. */
export type Binding = { readonly z?: string } & { readonly [name in ConstantName]?: Constant };

export interface FoundForm {
  readonly name: FormName;
  readonly z: string;
  readonly alpha?: Constant | undefined;
}

/** The numbers of a graph are rounded to float32. */
const TOLERANCE = 1e-6;

/** The activation whose output a value is; undefined if it is none. */
export function findActivation(graph: Graph, value: string): FoundForm | undefined {
  for (const [name, { float32, float64, others }] of Object.entries(ACTIVATION_FORMS)) {
    for (const form of [float32, float64, ...others]) {
      const found = match(graph, form, value, {});
      if (found?.z === undefined || !takesAlpha(name as FormName, found.alpha)) continue;
      return { name: name as FormName, z: found.z, alpha: found.alpha };
    }
  }
  return undefined;
}

/** A slope for each unit is a PReLU's; the alpha of an activation is one number. */
function takesAlpha(name: FormName, alpha: Constant | undefined): boolean {
  return name === "prelu" || alpha === undefined || alpha.shape.length === 0;
}

/** The binding with which `expression` is `value`; undefined if there is none. */
export function match(
  graph: Graph,
  expression: Expression,
  value: string,
  bound: Binding,
): Binding | undefined {
  if (expression === "z") return matchInput(graph, value, bound);
  if (isOperation(expression)) return matchOperation(graph, expression, value, bound);
  const constant = graph.constantOf(value);
  if (!constant) return undefined;
  if (typeof expression === "string") return { ...bound, [expression]: constant };
  const numbers = typeof expression === "number" ? [expression] : expression;
  const { data } = constant;
  return data.length === numbers.length && numbers.every((x, i) => isNear(data[i]!, x)) ? bound : undefined;
}

function matchInput(graph: Graph, value: string, bound: Binding): Binding | undefined {
  if (bound.z !== undefined) return bound.z === value ? bound : undefined;
  return graph.isConstant(value) ? undefined : { ...bound, z: value };
}

function matchOperation(
  graph: Graph,
  operation: Operation,
  value: string,
  bound: Binding,
): Binding | undefined {
  const node = graph.producerOf(value);
  if (node?.operator !== operation.operator || !isStandard(node)) return undefined;
  const withAttributes = matchAttributes(operation, node, bound);
  const inputs = withoutMissing(node.input);
  if (!withAttributes || inputs.length !== operation.inputs.length) return undefined;
  const orders = COMMUTATIVE.has(operation.operator) ? [inputs, inputs.toReversed()] : [inputs];
  for (const order of orders) {
    const found = order.reduce<Binding | undefined>(
      (binding, input, i) => binding && match(graph, operation.inputs[i]!, input, binding),
      withAttributes,
    );
    if (found) return found;
  }
  return undefined;
}

/** Optional inputs that are missing are "" or not listed. */
function withoutMissing(inputs: readonly string[]): readonly string[] {
  return inputs.slice(0, inputs.findLastIndex((input) => input !== "") + 1);
}

function matchAttributes(
  { operator, attributes }: Operation,
  node: NodeMessage,
  bound: Binding,
): Binding | undefined {
  const defaults = DEFAULT_ATTRIBUTES[operator] ?? {};
  let binding = bound;
  for (const [name, expected] of Object.entries({ ...defaults, ...attributes })) {
    const actual = attributeValue(node, name) ?? defaults[name];
    if (expected === "alpha" && typeof actual === "number") {
      binding = { ...binding, alpha: { shape: [], data: Float64Array.of(actual), dtype: undefined } };
    } else if (!isSame(actual, expected)) return undefined;
  }
  return binding;
}

function attributeValue(node: NodeMessage, name: string): number | string | undefined {
  const attribute = attributeOf(node, name);
  return attribute?.s ? new TextDecoder().decode(attribute.s) : (attribute?.f ?? attribute?.i);
}

function isSame(actual: number | string | undefined, expected: number | string): boolean {
  return typeof actual === "number" && typeof expected === "number"
    ? isNear(actual, expected)
    : actual === expected;
}

function isNear(actual: number, expected: number): boolean {
  return Math.abs(actual - expected) <= TOLERANCE * Math.abs(expected);
}
