// What follows from the data and the loss: the classes, and the outputs of the network.

import { DATASETS, type DatasetChoice, LOSS_CHOICES, type LossChoice } from "./choices.js";
import { DIGITS } from "./digits.js";
import type { DataChoice, Experiment, TableChoice } from "./experiment.js";

/** What is used of the CSV file of the data sets `table` and `digits`; undefined for others. */
export function tableOf(data: DataChoice): TableChoice | undefined {
  return data.dataset === "digits" ? DIGITS : data.table;
}

/** The number of classes; 0: a number is predicted. */
export function classesOf(data: DataChoice): number {
  const { task }: DatasetChoice = DATASETS[data.dataset];
  return tableOf(data)?.classes ?? (task === "number" ? 0 : 2);
}

/**
 * How targets are given to the network. `values`: labels 0 and 1, labels of more classes for the loss of labels, or
 * numbers. `signs`: −1 and 1. `oneHot`: a row of 0 and 1. `signsOfOneHot`: a row of −1 and 1.
 */
export type TargetForm = "values" | "signs" | "oneHot" | "signsOfOneHot";

export function targetFormOf({ data, loss }: Experiment): TargetForm {
  const { targets }: LossChoice = LOSS_CHOICES[loss.name];
  const classes = classesOf(data);
  if (targets === "labels" || classes === 0) return "values";
  if (targets === "oneHot") return "oneHot";
  if (targets === "signs") return classes > 2 ? "signsOfOneHot" : "signs";
  return classes > 2 ? "oneHot" : "values";
}

/** The units of the output layer. */
export function outputsOf(experiment: Experiment): number {
  const classes = classesOf(experiment.data);
  const { activation }: LossChoice = LOSS_CHOICES[experiment.loss.name];
  if (classes === 0) return 1;
  return classes > 2 || activation === "softmax" ? classes : 1;
}
