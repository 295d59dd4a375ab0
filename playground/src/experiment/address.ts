// An experiment as text for the hash of an address.

import { checkExperiment } from "./check.js";
import { DEFAULT_EXPERIMENT, type Experiment } from "./experiment.js";
import { ExperimentError } from "./fields.js";

/** What an address begins with. It changes when DEFAULT_EXPERIMENT or the fields of an experiment do. */
const VERSION = "1.";

/**
 * The experiment as text of letters, digits, `-`, `_` and `.`: base64url of JSON of what differs from
 * DEFAULT_EXPERIMENT.
 */
export function encodeExperiment(experiment: Experiment): string {
  const bytes = new TextEncoder().encode(JSON.stringify(differenceOf(experiment)));
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return VERSION + btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/**
 * The experiment of an address.
 *
 * @param text As `encodeExperiment` returns it. A `#` before it is ignored. Nothing: DEFAULT_EXPERIMENT.
 * @throws ExperimentError with a sentence, if the text is not whole, is of another version, or describes an experiment
 *   that cannot be.
 */
export function decodeExperiment(text: string): Experiment {
  const code = text.replace(/^#/, "");
  if (code === "") return DEFAULT_EXPERIMENT;
  if (!code.startsWith(VERSION)) {
    throw new ExperimentError(
      `The address begins with ${JSON.stringify(code.slice(0, 2))}; expected "${VERSION}". It is not an address of this page, or one ` +
        "of another version.",
    );
  }
  return checkExperiment(completed(parse(code.slice(VERSION.length))));
}

/** The entries of an experiment that are not the default, and those of its data. */
function differenceOf(experiment: Experiment): object {
  const data = changedEntries(experiment.data, DEFAULT_EXPERIMENT.data);
  return changedEntries({ ...experiment, data }, { ...DEFAULT_EXPERIMENT, data: {} });
}

function changedEntries(value: object, defaults: object): object {
  const isDefault = ([name, entry]: [string, unknown]) =>
    JSON.stringify(entry) === JSON.stringify(defaults[name as never]);
  return Object.fromEntries(Object.entries(value).filter((entry) => !isDefault(entry)));
}

function completed(difference: unknown): unknown {
  if (typeof difference !== "object" || difference === null) return difference;
  const data = "data" in difference ? difference.data : undefined;
  const isObject = typeof data === "object" && data !== null;
  return {
    ...DEFAULT_EXPERIMENT,
    ...difference,
    data: data === undefined || isObject ? { ...DEFAULT_EXPERIMENT.data, ...data } : data,
  };
}

function parse(code: string): unknown {
  try {
    const binary = atob(code.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new ExperimentError("The address is not whole: copy all of it, to its last character.");
  }
}
