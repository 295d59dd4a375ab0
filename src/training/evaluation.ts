import { type Model, SLICE_ROWS } from "../wasm/model.js";
import type { Samples } from "../wasm/samples.js";
import type { Work } from "../work.js";
import type { Meter } from "./meter.js";
import { Pace } from "./pace.js";

interface Evaluation {
  readonly loss: number;
  /** The time of the calls, without pauses between them. */
  readonly milliseconds: number;
}

interface EvaluationPlan {
  /** Whether layers act as in the coming step. */
  readonly training: boolean;
  /** What the rows are added to. */
  readonly meter: Meter | undefined;
}

/**
 * The loss over all rows as one batch, in one forward pass. `model` returns the model, or throws if the network was
 * disposed between two slices.
 */
export function* evaluateRows(
  model: () => Model,
  samples: Samples,
  { training, meter }: EvaluationPlan,
): Work<Evaluation> {
  const { rows } = samples;
  const pace = new Pace();
  let sum = 0;
  let milliseconds = 0;
  for (let begin = 0; begin < rows; ) {
    if (begin > 0) yield;
    const begun = performance.now();
    // The workspace keeps the outputs of the last SLICE_ROWS rows alone.
    const slices = meter ? 1 : pace.units;
    const end = Math.min(begin + slices * SLICE_ROWS, rows);
    sum = model().evaluate(samples, begin, end, sum, training);
    meter?.add(model().passPredictions(end - begin), samples, undefined, begin, end);
    const elapsed = performance.now() - begun;
    pace.adjust(slices, elapsed);
    milliseconds += elapsed;
    begin = end;
  }
  return { loss: model().lossOf(sum, rows), milliseconds };
}
