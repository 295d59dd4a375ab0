// What can be chosen on the page, as tables: the page draws its controls from them, and addresses are checked by them.

/** A number within bounds. */
export interface NumberField {
  readonly kind: "number";
  /** What a control is called on the page. */
  readonly label: string;
  /** The smallest and the largest number allowed, both included. */
  readonly min: number;
  readonly max: number;
  readonly default: number;
  /** Whether only integers are allowed. */
  readonly isInteger: boolean;
}

/** One of some names. */
export interface ChoiceField {
  readonly kind: "choice";
  readonly label: string;
  readonly values: readonly string[];
  readonly default: string;
}

export interface FlagField {
  readonly kind: "flag";
  readonly label: string;
  readonly default: boolean;
}

/** A list of numbers within bounds. */
export interface NumbersField {
  readonly kind: "numbers";
  readonly label: string;
  readonly min: number;
  readonly max: number;
  /** The smallest and the largest length allowed. */
  readonly count: readonly [min: number, max: number];
  readonly default: readonly number[];
}

export type Field = NumberField | ChoiceField | FlagField | NumbersField;

/** Fields by the names of the values that they describe. */
export type Fields = Readonly<Record<string, Field>>;

export type Value = number | string | boolean | readonly number[];

/** Values by the names of their fields. A value that is not given is the field's default. */
export type Values = Readonly<Record<string, Value>>;

/** An experiment that cannot be: `message` is a sentence for the page. */
export class ExperimentError extends Error {
  override readonly name = "ExperimentError";
}

export function number(label: string, value: number, min: number, max: number): NumberField {
  return { kind: "number", label, min, max, default: value, isInteger: false };
}

export function integer(label: string, value: number, min: number, max: number): NumberField {
  return { kind: "number", label, min, max, default: value, isInteger: true };
}

export function choice(label: string, values: readonly string[], value = values[0]!): ChoiceField {
  return { kind: "choice", label, values, default: value };
}

export function flag(label: string, value = false): FlagField {
  return { kind: "flag", label, default: value };
}

export function numbers(
  label: string,
  value: readonly number[],
  min: number,
  max: number,
  count: readonly [number, number],
): NumbersField {
  return { kind: "numbers", label, min, max, count, default: value };
}

const EXPECTED: { readonly [K in Field["kind"]]: (field: Extract<Field, { kind: K }>) => string } = {
  number: ({ min, max, isInteger }) => `${isInteger ? "an integer" : "a number"} from ${min} to ${max}`,
  choice: ({ values }) => `one of ${values.join(", ")}`,
  flag: () => "true or false",
  numbers: ({ min, max, count: [fewest, most] }) =>
    `${fewest === most ? fewest : `${fewest} to ${most}`} numbers from ${min} to ${max}`,
};

const ALLOWS: {
  readonly [K in Field["kind"]]: (field: Extract<Field, { kind: K }>, value: unknown) => boolean;
} = {
  number: ({ min, max, isInteger }, value) =>
    isWithin(value, min, max) && (!isInteger || Number.isInteger(value)),
  choice: ({ values }, value) => typeof value === "string" && values.includes(value),
  flag: (_, value) => typeof value === "boolean",
  numbers: ({ min, max, count: [fewest, most] }, value) =>
    Array.isArray(value) &&
    value.length >= fewest &&
    value.length <= most &&
    value.every((element) => isWithin(element, min, max)),
};

function isWithin(value: unknown, min: number, max: number): boolean {
  return typeof value === "number" && value >= min && value <= max;
}

/**
 * Checks one value.
 *
 * @param path Its name in the sentence, such as `optimizer.learningRate`.
 * @throws ExperimentError with a sentence that names the value, what came and what was expected.
 */
export function checkValue(path: string, field: Field, value: unknown): asserts value is Value {
  const allows = ALLOWS[field.kind] as (field: Field, value: unknown) => boolean;
  if (allows(field, value)) return;
  const expected = EXPECTED[field.kind] as (field: Field) => string;
  throw new ExperimentError(`${path} is ${show(value)}; expected ${expected(field)}.`);
}

/**
 * Checks the values of fields. Each may be missing.
 *
 * @throws ExperimentError for a value that its field does not allow, and for a name that has no field.
 */
export function checkValues(path: string, fields: Fields, values: unknown): asserts values is Values {
  requireObject(path, values);
  for (const [name, value] of Object.entries(values)) {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (!field) {
      const known = Object.keys(fields).join(", ") || "nothing";
      throw new ExperimentError(`${path} has no ${show(name)}; it has ${known}.`);
    }
    checkValue(`${path}.${name}`, field, value);
  }
}

/** @throws ExperimentError */
export function requireObject(
  path: string,
  value: unknown,
): asserts value is Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return;
  throw new ExperimentError(`${path} is ${show(value)}; expected an object.`);
}

/** The values of all fields: those given, else the defaults. */
export function completeValues(fields: Fields, values: Values): Values {
  const defaults = Object.entries(fields).map(([name, field]) => [name, field.default] as const);
  return { ...Object.fromEntries(defaults), ...values };
}

/** A value as a message shows it: JSON of at most 60 characters. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
