// Checks of the JSON about training in a file. A right digest proves only that the file was not altered after it was made.
// A program other than this library may have made it.

import { BackpropError } from "../errors.js";
import {
  type Check,
  integerWithin,
  ofType,
  oneOf,
  requireFinite,
  requireNotNegative,
  requireObject,
  requirePositiveInteger,
} from "../validation.js";

const requireCount = integerWithin(0, Number.MAX_SAFE_INTEGER, "an integer of 0 or more");
const requireText: Check = ofType("string");

const STOPS = ["epochs", "earlyStopping", "targetLoss", "maxSeconds", "callback", "aborted", "diverged"];

const requirePlateau = fields({
  learningRate: requireNotNegative,
  best: optional(requireFinite),
  badEpochs: requireCount,
  cooldown: requireCount,
});

const optionalHash = optional(integerWithin(0, 2 ** 32 - 1));

const requireConditions = fields({
  batchSize: optional(requirePositiveInteger),
  shuffle: ofType("boolean"),
  rows: optional(requirePositiveInteger),
  inputs: optionalHash,
  targets: optionalHash,
  weights: optionalHash,
  validationRows: optional(requirePositiveInteger),
  validationInputs: optionalHash,
  validationTargets: optionalHash,
  validationWeights: optionalHash,
});

const requireFit = fields({
  conditions: optional(requireConditions),
  warnings: listOf(fields({ kind: requireText, epoch: requireCount, message: requireText })),
  endWarnings: requireCount,
  stopped: optional(oneOf(STOPS)),
  figures: listOf(requireText),
  patience: optional(fields({ monitor: requireText, best: requireText, bestEpoch: requireCount })),
});

const requireTraining = fields({
  key: integerWithin(0, 2 ** 32 - 1),
  epoch: requireCount,
  step: requireCount,
  schedule: fields({
    begin: fields({ step: requireCount, epoch: requireCount }),
    plateau: optional(requirePlateau),
  }),
  trainable: listOf(ofType("boolean")),
  optimizer: fields({ step: requireCount, learningRate: requireNotNegative, averagedSteps: requireCount }),
  fit: optional(requireFit),
});

/** @throws BackpropError `invalidFile` if the JSON is not that of a training. */
export function checkTraining(json: unknown): void {
  try {
    requireTraining("training", json);
  } catch (cause) {
    const { message } = cause as Error;
    throw new BackpropError("invalidFile", `In the file, ${message} Use another copy of it.`, { cause });
  }
}

/** Requires an object with these fields, and allows others. */
function fields(checks: Readonly<Record<string, Check>>): Check {
  return (argument, value) => {
    requireObject(argument, value, "an object");
    for (const [name, check] of Object.entries(checks)) {
      check(`${argument}.${name}`, (value as Readonly<Record<string, unknown>>)[name]);
    }
  };
}

function listOf(check: Check): Check {
  return (argument, value) => {
    requireObject(argument, Array.isArray(value) ? value : undefined, "an array");
    for (const [i, each] of (value as readonly unknown[]).entries()) check(`${argument}[${i}]`, each);
  };
}

function optional(check: Check): Check {
  return (argument, value) => {
    if (value !== undefined) check(argument, value);
  };
}
