import type { DType } from "../dtype.js";
import {
  initialPlateau,
  type PlateauState,
  plateauAfter,
  type ReduceOnPlateau,
} from "../schedules/plateau.js";
import type { Moment } from "../schedules/schedule.js";
import { type LearningRate, plateauOf, rateAt } from "../schedules/schedules.js";
import { requireKnown } from "../validation.js";
import { type Directions, defaultMonitor } from "./earlyStopping.js";

/** The progress of a schedule. */
export interface ScheduleState {
  /** When its time began. */
  readonly begin: Moment;
  /** The state of a ReduceOnPlateau, once an epoch has ended. */
  readonly plateau?: PlateauState | undefined;
}

/** The learning rate of a network, and the progress of its schedule. Both last across fits. */
export class LearningRates {
  readonly #dtype: DType;
  #learningRate: LearningRate;
  #plateau: PlateauState | undefined;
  /** When the time of the schedule began. */
  #begin: Moment = { step: 0, epoch: 0 };
  #version = 0;

  constructor(learningRate: LearningRate, dtype: DType) {
    this.#learningRate = learningRate;
    this.#dtype = dtype;
  }

  /** Changes to another learning rate, with its time starting at `begin`. */
  restart(learningRate: LearningRate, begin: Moment): void {
    this.#learningRate = learningRate;
    this.#plateau = undefined;
    this.#begin = begin;
    this.#version++;
  }

  get state(): ScheduleState {
    return { begin: this.#begin, plateau: this.#plateau };
  }

  /** Takes over the progress of an equal schedule. */
  restore({ begin, plateau }: ScheduleState): void {
    this.#begin = begin;
    this.#plateau = plateau;
    this.#version++;
  }

  /** A number that changes when rates computed earlier become invalid. */
  get version(): number {
    return this.#version;
  }

  /** Whether the learning rate is a number. */
  get isConstant(): boolean {
    return typeof this.#learningRate === "number";
  }

  /** Whether the rate depends on the figures of epochs. */
  get watchesEpochs(): boolean {
    return plateauOf(this.#learningRate) !== undefined;
  }

  /** The rate of the step after `step` steps of the optimizer and `epoch` epochs of the network. */
  at({ step, epoch }: Moment): number {
    const begin = this.#begin;
    const plateauRate = this.#plateau?.learningRate;
    const moment = { step: step - begin.step, epoch: epoch - begin.epoch, plateauRate };
    return rateAt(this.#learningRate, moment, this.#dtype);
  }

  /** @throws BackpropError `unknownName` if epochs do not have the figure that a ReduceOnPlateau monitors. */
  requireMonitor(directions: Directions): void {
    const plateau = plateauOf(this.#learningRate);
    if (plateau) monitorOf(plateau, directions);
  }

  /** Reduces the rate, if a ReduceOnPlateau asks for it after an epoch with these figures. */
  endEpoch(figures: Readonly<Record<string, number>>, directions: Directions): void {
    const plateau = plateauOf(this.#learningRate);
    if (!plateau) return;
    const monitor = monitorOf(plateau, directions);
    const state = this.#plateau ?? initialPlateau(plateau);
    this.#plateau = plateauAfter(plateau, directions[monitor]!, state, figures[monitor]!);
    this.#version++;
  }
}

function monitorOf({ monitor }: ReduceOnPlateau, directions: Directions): string {
  const name = monitor ?? defaultMonitor(directions);
  requireKnown("optimizer.learningRate.monitor", name, Object.keys(directions));
  return name;
}
