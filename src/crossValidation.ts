// Cross-validation: a new network for each fold of the rows.

import { FOLD_OPTIONS, type Fold, type FoldOptions, kFold, stratify } from "./data/folds.js";
import { classesOf } from "./data/labels.js";
import { type RowData, readRows, requireEqualRows, selectRows } from "./data/matrix.js";
import type { Rows } from "./data/rows.js";
import { BackpropError } from "./errors.js";
import type { History } from "./history.js";
import type { Layer } from "./layers/layers.js";
import { Network } from "./network.js";
import { show } from "./show.js";
import type { AsyncFitOptions, MetricList } from "./training/options.js";
import { attempt, type OptionsOf, ofType, readOptions, requireObject } from "./validation.js";

/** The options of `crossValidate`, and those of `fit`. */
export interface CrossValidationOptions extends FoldOptions, Omit<AsyncFitOptions, "metrics"> {
  /** Whether each part has about the same share of each class; default false. Targets must be labels or one-hot. */
  readonly stratify?: boolean;
  /**
   * Computed for the rows that each network is evaluated on, and for each epoch of its fit, where `earlyStopping` can
   * monitor them; default none.
   */
  readonly metrics?: MetricList;
}

/** The loss, and each metric by its name. */
export type Figures = Readonly<Record<string, number>> & { readonly loss: number };

export interface CrossValidation {
  /** For each fold, the figures of its validation rows and the history of its training. */
  readonly folds: readonly { readonly figures: Figures; readonly history: History }[];
  /** The mean of each figure over the folds. */
  readonly mean: Figures;
  /** The standard deviation of each figure over the folds: √(mean of the squared distances from the mean). */
  readonly standardDeviation: Figures;
}

interface FoldChoice extends FoldOptions {
  readonly stratify?: boolean;
}

const OPTIONS: OptionsOf<FoldChoice> = {
  ...FOLD_OPTIONS,
  stratify: { check: ofType("boolean"), default: false },
};

/**
 * Trains and evaluates a network for each fold: each network trains on all parts of the rows but one, and is evaluated
 * on that part. The folds are those of `kFold(rows, { folds, seed })`, or with `stratify` those of `stratifiedFolds`.
 * The networks are trained one after the other, and then disposed. Rows keep their `sampleWeights` in training and
 * evaluation. Time: `folds` fits. Memory: three times the rows, and one network.
 *
 *     await crossValidate((fold) => createNetwork({ …, seed: fold }), inputs, targets, { folds: 5, epochs: 20 })
 *
 * @param create makes a new network for a fold, numbered from 0
 * @param options of the folds, and of `fit`
 * @throws BackpropError (rejects) as `fit`, `kFold` and `stratifiedFolds`; `invalidOption` if `create` does not return
 *   a network. Exceptions of `create` pass through.
 */
export async function crossValidate<L extends readonly Layer[]>(
  create: (fold: number) => Network<L> | PromiseLike<Network<L>>,
  inputs: Rows,
  targets: Rows,
  options: CrossValidationOptions = {},
): Promise<CrossValidation> {
  ofType("function", "a function that creates a network")("create", create);
  requireObject("options", options, "an object, such as { folds: 5 }");
  const given = attempt("invalidOption", "options", () => ({ ...options }));
  const { folds, seed, stratify: stratifies, metrics = [], sampleWeights, ...fitOptions } = given;
  const choice = readOptions("crossValidate", { folds, seed, stratify: stratifies }, OPTIONS);
  const weights = sampleWeights === undefined ? undefined : readRows("sampleWeights", sampleWeights);
  const data = { inputs: readRows("inputs", inputs), targets: readRows("targets", targets), weights };
  requireEqualRows("inputs", data.inputs, "targets", data.targets.rows);
  if (weights) requireEqualRows("inputs", data.inputs, "sampleWeights", weights.rows);
  const results: CrossValidation["folds"][number][] = [];
  for (const fold of foldsOf(data.targets, choice as Required<FoldChoice>)) {
    const network = requireNetwork(await create(results.length));
    try {
      results.push(await trainAndEvaluate(network, data, fold, metrics, fitOptions));
    } finally {
      network.dispose();
    }
  }
  return { folds: results, ...summaryOf(results.map(({ figures }) => figures)) };
}

function foldsOf(
  targets: RowData,
  { folds, seed, stratify: stratifies }: Required<FoldChoice>,
): Iterable<Fold> {
  return stratifies ? stratify(classesOf(targets), folds, seed) : kFold(targets.rows, { folds, seed });
}

function requireNetwork<L extends readonly Layer[]>(network: Network<L>): Network<L> {
  if (network instanceof Network) return network;
  throw new BackpropError(
    "invalidOption",
    `create returned ${show(network)}; expected a network, as createNetwork makes it.`,
  );
}

interface Data {
  readonly inputs: RowData;
  readonly targets: RowData;
  /** [rows] */
  readonly weights: RowData | undefined;
}

async function trainAndEvaluate<L extends readonly Layer[]>(
  network: Network<L>,
  { inputs, targets, weights }: Data,
  { training, validation }: Fold,
  metrics: MetricList,
  options: AsyncFitOptions,
): Promise<CrossValidation["folds"][number]> {
  const rows = [selectRows(inputs, validation), selectRows(targets, validation)] as const;
  const weighed = (part: ArrayLike<number>) => weights && { sampleWeights: selectRows(weights, part).data };
  const evaluate = () => network.evaluate(...rows, { metrics, ...weighed(validation) }) as Figures;
  // Also before training, to throw early if the rows or metrics do not suit the network.
  evaluate();
  const history = await network.fit(selectRows(inputs, training), selectRows(targets, training), {
    ...options,
    metrics,
    ...weighed(training),
  });
  return { figures: evaluate(), history };
}

function summaryOf(folds: readonly Figures[]): Pick<CrossValidation, "mean" | "standardDeviation"> {
  const mean: Record<string, number> & { loss: number } = { loss: 0 };
  const standardDeviation: Record<string, number> & { loss: number } = { loss: 0 };
  for (const name of Object.keys(folds[0]!)) {
    const values = folds.map((figures) => figures[name]!);
    const average = meanOf(values);
    mean[name] = average;
    standardDeviation[name] = Math.sqrt(meanOf(values.map((x) => (x - average) * (x - average))));
  }
  return { mean, standardDeviation };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, x) => sum + x, 0) / values.length;
}
