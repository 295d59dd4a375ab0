// Computes the figures of a notebook while its experiment is trained.

import { TRUTH_TABLE } from "../data/truthTable.js";
import type { ComputedFigure } from "../training/messages.js";
import type { AnyNetwork } from "../training/model.js";
import type { FigureSource, PrintedFigure } from "./notebook.js";

type Lines = (readonly number[] | undefined)[];

export class FigureCollector {
  readonly #figures: readonly { readonly printed: PrintedFigure; readonly lines: Lines }[];

  constructor(figures: readonly PrintedFigure[]) {
    this.#figures = figures.map((printed) => ({ printed, lines: printed.labels.map(() => undefined) }));
  }

  /** The next number of finished epochs after `epoch` at which the network must be read. */
  nextStop(epoch: number): number {
    const stops = this.#figures.flatMap(({ printed: { source } }) => stopsOf(source));
    return Math.min(...stops.filter((stop) => stop > epoch), Number.POSITIVE_INFINITY);
  }

  /** Takes the losses of the epochs from number `begin`, counted from 0. */
  addLosses(begin: number, losses: ArrayLike<number>): void {
    for (const { printed, lines } of this.#figures) {
      const { source } = printed;
      if (source.kind !== "loss") continue;
      source.epochs.forEach((epoch, line) => {
        const loss = losses[epoch - begin];
        if (loss !== undefined) lines[line] = [loss / source.divisor];
      });
    }
  }

  /** Takes what the figures need of the network after so many finished epochs. */
  read(epoch: number, network: AnyNetwork): void {
    for (const { printed, lines } of this.#figures) {
      const { source } = printed;
      if (!stopsOf(source).includes(epoch)) continue;
      const found = READERS[source.kind](network, source as never);
      // Either the figure has one line for each stop, or all its lines are of one stop.
      if (source.kind === "meanAbsoluteError" || source.kind === "evaluatedLoss") {
        lines[source.after.indexOf(epoch)] = found[0];
      } else {
        lines.splice(0, lines.length, ...found);
      }
    }
  }

  get computed(): ComputedFigure[] {
    return this.#figures.map(({ printed, lines }) => ({ figure: printed.figure, lines: [...lines] }));
  }
}

function stopsOf(source: FigureSource): readonly number[] {
  return source.kind === "loss" ? [] : [source.after].flat();
}

function predict(network: AnyNetwork): number[] {
  return Array.from(network.predict(TRUTH_TABLE.inputs).data);
}

type Reader<S> = (network: AnyNetwork, source: S) => number[][];

const READERS: { readonly [K in FigureSource["kind"]]: Reader<Extract<FigureSource, { kind: K }>> } = {
  loss: () => [],
  predictions: (network) => predict(network).map((value) => [value]),
  classes: (network) => predict(network).map((value) => [Number(value >= 0.5)]),
  meanAbsoluteError: (network) => {
    const errors = predict(network).map((value, row) => Math.abs(TRUTH_TABLE.targets[row]! - value));
    return [[errors.reduce((sum, error) => sum + error, 0) / errors.length]];
  },
  evaluatedLoss: (network) => [[network.evaluate(TRUTH_TABLE.inputs, TRUTH_TABLE.targets).loss]],
  kernel: (network, { layer }) => {
    const { data, shape } = network.parameters[layer]!.kernel!;
    const [inputs, units] = shape;
    return Array.from({ length: units! }, (_, unit) =>
      Array.from({ length: inputs! }, (_, input) => data[input * units! + unit]!),
    );
  },
};
