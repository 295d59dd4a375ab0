// Changes of an experiment that keep it possible: what one choice makes of the others.

import type { LossName } from "backprop-wasm";
import { type DatasetName, LOSS_CHOICES, type LossChoice, type Task } from "./choices.js";
import type { Experiment, TableChoice } from "./experiment.js";
import { classesOf } from "./outputs.js";

/** With another loss, and the output activation that it needs or that suits it. */
export function withLoss(experiment: Experiment, name: LossName): Experiment {
  const { suggested }: LossChoice = LOSS_CHOICES[name];
  return {
    ...experiment,
    loss: { name, options: {} },
    output: { ...experiment.output, activation: suggested },
  };
}

/**
 * With another data set, without drawn points. The loss stays if the task is the same and the loss is for this number of
 * classes. Else it is the usual one, with its output activation.
 *
 * @param table For the data set `table`: what is used of the file.
 */
export function withDataset(experiment: Experiment, dataset: DatasetName, table?: TableChoice): Experiment {
  const data = { ...experiment.data, dataset, points: [], table };
  const changed: Experiment = { ...experiment, data };
  const classes = classesOf(data);
  const isSameTask = taskOf(classes) === taskOf(classesOf(experiment.data));
  return isSameTask && suits(experiment.loss.name, classes) ? changed : withLoss(changed, usualLoss(classes));
}

/** @param classes 0: a number is predicted. */
function taskOf(classes: number): Task {
  return classes === 0 ? "number" : "classes";
}

/** Whether a loss is for so many classes (0: for numbers). */
function suits(name: LossName, classes: number): boolean {
  const { tasks, activation }: LossChoice = LOSS_CHOICES[name];
  return tasks.includes(taskOf(classes)) && (classes <= 2 || activation === "softmax");
}

function usualLoss(classes: number): LossName {
  if (classes === 0) return "meanSquaredError";
  return classes === 2 ? "sigmoidCrossentropy" : "sparseCategoricalCrossentropy";
}
