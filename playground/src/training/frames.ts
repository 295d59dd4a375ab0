// Makes frames: the state of training, as the page draws it.

import { createNetwork, hashParameters, type Layer, type Tensor } from "backprop-wasm";
import type { FigureCollector } from "../notebooks/figures.js";
import type { CurvePoints, Frame, LayerWeights, UnitActivations, UnitAddress } from "./messages.js";
import type { AnyNetwork, LoadedPart, Model } from "./model.js";
import { type Outputs, Painter, type Predicted, predictedClasses, predictedNumbers } from "./picture.js";

/** How far training has come. */
export interface Progress {
  readonly epoch: number;
  readonly step: number;
  readonly totalSteps: number;
  readonly stepsPerSecond: number;
}

/** The most points of a curve in one frame. */
const MAX_POINTS = 512;

/** Rows whose activations of a unit are sent. */
const UNIT_ROWS = 200;

/** Makes the frames of one model. */
export class FrameMaker {
  readonly #model: Model;
  readonly #painter: Painter;
  readonly #figures: FigureCollector;
  #epochs: number[] = [];
  #losses: number[] = [];
  #loss: number;
  #unit: Unit | undefined;

  constructor(model: Model, figures: FigureCollector) {
    this.#model = model;
    this.#painter = new Painter(model);
    this.#figures = figures;
    this.#loss = model.network.evaluate(model.training.dataset).loss;
  }

  /** Takes the losses of finished epochs; `begin` were finished before. */
  addLosses(begin: number, losses: ArrayLike<number>): void {
    for (let i = 0; i < losses.length; i++) {
      this.#epochs.push(begin + i + 1);
      this.#losses.push(losses[i]!);
    }
    this.#loss = losses[losses.length - 1] ?? this.#loss;
    if (this.#epochs.length <= 2 * MAX_POINTS) return;
    const kept = evenly(this.#epochs.length);
    this.#epochs = kept.map((i) => this.#epochs[i]!);
    this.#losses = kept.map((i) => this.#losses[i]!);
  }

  /** From now on, frames have the activation of a unit; without a unit, no longer. */
  async watch(address: UnitAddress | undefined): Promise<void> {
    const before = this.#unit;
    this.#unit = address && (await Unit.create(this.#model, address));
    before?.dispose();
  }

  dispose(): void {
    this.#unit?.dispose();
  }

  make(progress: Progress): Frame {
    const { network, training, validation } = this.#model;
    const trained = predictPart(network, training, "training");
    const validated = validation && predictPart(network, validation, "validation");
    const validationLoss = validation ? network.evaluate(validation.dataset).loss : Number.NaN;
    const metrics = { ...this.#metrics(trained), ...(validated && this.#metrics(validated)) };
    return {
      ...progress,
      loss: progress.epoch === 0 && progress.step > 0 ? Number.NaN : this.#loss,
      validationLoss,
      metrics,
      hash: hashParameters(network),
      curves: this.#takeCurves(progress, validationLoss, metrics),
      picture: this.#painter.paint(validated ?? trained),
      weights: weightsOf(network),
      unit: this.#unit?.activations(network, this.#painter),
      figures: this.#figures.computed,
    };
  }

  /** `accuracy` or `r2`, or these of the validation. */
  #metrics(predicted: Predicted): Record<string, number> {
    const { outputs, part, of } = predicted;
    const isTraining = of === "training";
    if (this.#model.opened.task === "number") {
      return {
        [isTraining ? "r2" : "validationR2"]: r2(predictedNumbers(outputs, this.#model.data), part.values),
      };
    }
    const right = predictedClasses(outputs, this.#model).filter((label, row) => label === part.values[row]);
    return { [isTraining ? "accuracy" : "validationAccuracy"]: right.length / part.values.length };
  }

  /** The points since the last frame. */
  #takeCurves({ epoch }: Progress, validationLoss: number, metrics: Frame["metrics"]): CurvePoints {
    const kept = evenly(this.#epochs.length);
    const curves = {
      epochs: Float64Array.from(kept, (i) => this.#epochs[i]!),
      loss: Float64Array.from(kept, (i) => this.#losses[i]!),
      evaluatedEpochs: Float64Array.of(epoch),
      validationLoss: Float64Array.from(this.#model.validation ? [validationLoss] : []),
      metrics: Object.fromEntries(
        Object.entries(metrics).map(([name, value]) => [name, Float64Array.of(value)]),
      ),
    };
    this.#epochs = [];
    this.#losses = [];
    return curves;
  }
}

/** At most MAX_POINTS of `length` indices at equal distances, the last one among them. */
function evenly(length: number): number[] {
  const stride = Math.max(1, Math.ceil(length / MAX_POINTS));
  const offset = (length - 1) % stride;
  return Array.from(
    { length: length === 0 ? 0 : Math.floor((length - 1 - offset) / stride) + 1 },
    (_, i) => offset + i * stride,
  );
}

function predictPart(network: AnyNetwork, { dataset, part }: LoadedPart, of: Predicted["of"]): Predicted {
  const { data, shape } = network.predict(dataset);
  return { dataset, part, of, outputs: { data, width: shape[1]! } };
}

/** 1 − (sum of squared errors) / (sum of squared deviations from the mean). */
function r2(predictions: ArrayLike<number>, targets: ArrayLike<number>): number {
  const values = Array.from(targets);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const errors = values.reduce((sum, value, row) => sum + (value - predictions[row]!) ** 2, 0);
  return 1 - errors / values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
}

/** Copies, because the frame is transferred. */
function weightsOf({ parameters }: AnyNetwork): LayerWeights[] {
  const copy = (tensor: Tensor | null | undefined) => Float32Array.from(tensor?.data ?? []);
  return parameters.map((layer) => ({ kernel: copy(layer.kernel), bias: copy(layer.bias) }));
}

/** A network that ends with the layer of one unit, and gets the parameters of the trained network. */
class Unit {
  readonly #model: Model;
  readonly #network: AnyNetwork;
  readonly #address: UnitAddress;

  private constructor(model: Model, network: AnyNetwork, address: UnitAddress) {
    this.#model = model;
    this.#network = network;
    this.#address = address;
  }

  static async create(model: Model, address: UnitAddress): Promise<Unit | undefined> {
    const { inputs, layers, dtype } = model.network;
    if (!(address.unit < (model.opened.layers[address.layer]?.units ?? 0))) return undefined;
    const network = await createNetwork({
      inputs,
      layers: layers.slice(0, address.layer + 1) as readonly Layer[],
      loss: "meanSquaredError",
      dtype,
    });
    return new Unit(model, network as AnyNetwork, address);
  }

  activations({ parameters, averagedParameters, buffers }: AnyNetwork, painter: Painter): UnitActivations {
    const network = this.#network;
    network.setParameters((averagedParameters ?? parameters).slice(0, network.layers.length) as never);
    for (const [i, { runningMean, runningVariance }] of network.buffers.entries()) {
      runningMean?.data.set(buffers[i]!.runningMean!.data);
      runningVariance?.data.set(buffers[i]!.runningVariance!.data);
    }
    return {
      ...this.#address,
      picture: painter.paintUnit(network, this.#address.unit),
      rows: this.#firstRows(),
    };
  }

  #firstRows(): Float32Array {
    const { inputs } = this.#model.data.training;
    const [rows, columns] = inputs.shape as [number, number];
    const count = Math.min(rows, UNIT_ROWS);
    const data = Float64Array.from({ length: count * columns }, (_, i) => inputs.data[i]!);
    const outputs: Outputs = {
      data: this.#network.predict({ data, shape: [count, columns] }).data,
      width: this.#width,
    };
    return Float32Array.from(
      { length: count },
      (_, row) => outputs.data[row * outputs.width + this.#address.unit]!,
    );
  }

  get #width(): number {
    return this.#model.opened.layers[this.#address.layer]!.units;
  }

  dispose(): void {
    this.#network.dispose();
  }
}

/** The buffers of all arrays in a frame, to be transferred instead of copied. */
export function buffersIn(value: unknown): ArrayBuffer[] {
  if (ArrayBuffer.isView(value)) return [value.buffer as ArrayBuffer];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(buffersIn);
}
