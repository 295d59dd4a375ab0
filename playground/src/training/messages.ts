// What the page and the worker say to each other. Types only: neither imports the code of the other.

import type { Task } from "../experiment/choices.js";
import type { Experiment } from "../experiment/experiment.js";
import type { PrintedFigure } from "../notebooks/notebook.js";

/** A column of a CSV file, before an experiment is made of it. */
export interface TableColumn {
  readonly name: string;
  readonly type: "number" | "category";
  /** The number of different values, at most 1000. */
  readonly distinct: number;
  /**
   * As a target: how many classes it has; 0: it is a number. Classes are texts, only 0 and 1, or at most 20 different
   * whole numbers in at least 5 rows each on average, as `trainTable` decides.
   */
  readonly classes: number;
}

/** What a CSV file contains. */
export interface TableInfo {
  /** SHA-256 of its bytes, in hexadecimal. */
  readonly hash: string;
  readonly rows: number;
  readonly columns: readonly TableColumn[];
}

/** A layer as it is drawn, from the first to the output layer. */
export interface LayerShape {
  readonly kind: string;
  /** The number of its outputs. */
  readonly units: number;
  /** Of a dense layer; else undefined. */
  readonly activation: string | undefined;
  /** How many numbers are trained. */
  readonly parameters: number;
}

/** The rows of data on the plane or on a line, to be drawn. */
export interface PlottedRows {
  /** [rows, 2]: two inputs, or for one input the input and the target. */
  readonly points: Float32Array;
  /** For each row the class, or the number to predict. */
  readonly targets: Float32Array;
  /** For each row 1 if it is validated on, 0 if it is trained on. */
  readonly isValidation: Uint8Array;
}

/** What was opened: the network before its first epoch. */
export interface Opened {
  readonly experiment: Experiment;
  readonly task: Task;
  readonly inputs: number;
  /** The names of the inputs. */
  readonly inputNames: readonly string[];
  /** The names of the classes; empty for numbers. */
  readonly classes: readonly string[];
  readonly layers: readonly LayerShape[];
  /** How many numbers are trained in all layers together. */
  readonly parameters: number;
  readonly trainingRows: number;
  readonly validationRows: number;
  /** Steps of an epoch. */
  readonly steps: number;
  /** How many threads work. */
  readonly threads: number;
  /** undefined for more than two inputs. */
  readonly rows: PlottedRows | undefined;
  /** What the table preprocessing changed, in sentences; empty for other data. */
  readonly notes: readonly string[];
}

/** A rectangle of the plane, or for `FittedCurve` an interval of x and of y. */
export interface Bounds {
  readonly x: readonly [min: number, max: number];
  readonly y: readonly [min: number, max: number];
}

/** The output of the network, or of one unit, over the plane. */
export interface Surface {
  readonly kind: "surface";
  readonly bounds: Bounds;
  /** Cells in a row, and rows; the first row has the smallest y. A cell has the value at its middle. */
  readonly columns: number;
  readonly rows: number;
  /**
   * [rows · columns]. Numbers: the prediction. Two classes: the output for class 1. More classes: the predicted class.
   */
  readonly values: Float32Array;
  /** The values between which colours lie: those of the two classes, or the least and the largest target. */
  readonly range: readonly [low: number, high: number];
}

/** The prediction for a single input, as a curve. */
export interface FittedCurve {
  readonly kind: "curve";
  readonly bounds: Bounds;
  readonly x: Float32Array;
  readonly y: Float32Array;
}

/** How often each class was predicted: of validation rows, without these of training rows. */
export interface Confusion {
  readonly kind: "confusion";
  readonly of: "training" | "validation";
  /** [classes · classes]: the count of rows of class i that were predicted as class j is at i · classes + j. */
  readonly counts: Float64Array;
}

/** Targets and predictions of a number from several columns: of validation rows, without these of training rows. */
export interface Scatter {
  readonly kind: "scatter";
  readonly of: "training" | "validation";
  readonly targets: Float32Array;
  readonly predictions: Float32Array;
  readonly range: readonly [low: number, high: number];
}

export type Picture = Surface | FittedCurve | Confusion | Scatter;

/** Points of the curves: those that are new since the frame before. All arrays of one group are equally long. */
export interface CurvePoints {
  /**
   * The numbers of finished epochs, and the training loss in each: the mean over its steps. At most 512: of more, some
   * at equal distances.
   */
  readonly epochs: Float64Array;
  readonly loss: Float64Array;
  /** Epochs after which the network was evaluated, at the end of a slice of epochs. */
  readonly evaluatedEpochs: Float64Array;
  /** Empty without validation rows. */
  readonly validationLoss: Float64Array;
  /** By the keys of `Frame.metrics`. */
  readonly metrics: Readonly<Record<string, Float64Array>>;
}

/** The parameters of one layer that lines and biases are drawn from; both empty for layers that are not dense. */
export interface LayerWeights {
  /** [inputs, units], row-major. */
  readonly kernel: Float32Array;
  /** [units]; empty without biases. */
  readonly bias: Float32Array;
}

/** A unit, by the number of its layer in `Opened.layers` and its number in the layer. */
export interface UnitAddress {
  readonly layer: number;
  readonly unit: number;
}

/** The activation of a unit. */
export interface UnitActivations extends UnitAddress {
  /** Over the plane or the line; undefined for more than two inputs. */
  readonly picture: Surface | FittedCurve | undefined;
  /** For each of the first 200 training rows. */
  readonly rows: Float32Array;
}

/** A figure that a notebook prints, as computed here. */
export interface ComputedFigure {
  /** The name of the figure in the notebook. */
  readonly figure: string;
  /** For each line of the figure its number or numbers; undefined until the epoch is reached. */
  readonly lines: readonly (readonly number[] | undefined)[];
}

/** The state of training, as it is drawn. */
export interface Frame {
  /** Finished epochs. */
  readonly epoch: number;
  /** Steps taken in the epoch that has begun; 0 between epochs. */
  readonly step: number;
  /** All steps taken, in this session. */
  readonly totalSteps: number;
  /** Steps a second of wall-clock time while it runs, averaged over about half a second; 0 while it does not run. */
  readonly stepsPerSecond: number;
  /** The training loss of the last finished epoch, evaluated before the first; NaN within the first epoch. */
  readonly loss: number;
  /** NaN without validation rows. */
  readonly validationLoss: number;
  /** Such as `accuracy` and `validationAccuracy`, or `r2` and `validationR2`. */
  readonly metrics: Readonly<Record<string, number>>;
  /** SHA-256 of all parameters: `hashParameters` of the library. */
  readonly hash: string;
  readonly curves: CurvePoints;
  readonly picture: Picture;
  /** One for each layer. */
  readonly weights: readonly LayerWeights[];
  readonly unit: UnitActivations | undefined;
  /** For the experiments of the notebooks; else empty. */
  readonly figures: readonly ComputedFigure[];
}

export type ExportFormat = "safetensors" | "onnx" | "javascript" | "c" | "program";

/** A file to take away. */
export interface ExportedFile {
  readonly name: string;
  /** The media type. */
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Running: epochs follow each other. Paused: nothing happens until the next request. */
export type SessionState = "running" | "paused";

/** What the page asks for. Requests with an `id` are answered once: with `done`, or with `failed` and the same id. */
export type Request =
  | {
      readonly kind: "open";
      readonly id: number;
      readonly experiment: Experiment;
      /** The bytes of the CSV file for the data sets `table` and `digits`. */
      readonly table: Uint8Array | undefined;
      /** The figures of a notebook, to be computed; else none. */
      readonly figures: readonly PrintedFigure[];
    }
  | { readonly kind: "inspect"; readonly id: number; readonly table: Uint8Array }
  | { readonly kind: "export"; readonly id: number; readonly format: ExportFormat }
  | { readonly kind: "run"; readonly until: number }
  | { readonly kind: "pause" | "step" | "epoch" | "reset" | "drawn" }
  | { readonly kind: "speed"; readonly epochsPerSecond: number }
  | { readonly kind: "hover"; readonly unit: UnitAddress | undefined };

/** What the worker says. */
export type Response =
  | { readonly kind: "done"; readonly id: number; readonly result: Opened | TableInfo | ExportedFile }
  | { readonly kind: "frame"; readonly frame: Frame }
  | { readonly kind: "state"; readonly state: SessionState }
  | { readonly kind: "failed"; readonly id: number | undefined; readonly sentence: string };
