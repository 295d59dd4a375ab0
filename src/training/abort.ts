import { BackpropError } from "../errors.js";
import type { History } from "../history.js";
import { figureNames } from "./fitState.js";
import type { FitPlan } from "./options.js";
import { Recorder } from "./recorder.js";

/**
 * The error of a fit whose signal was aborted in `epoch`. `restored`: the epoch whose parameters are restored;
 * undefined if none are.
 */
export function abortedFit(
  reason: unknown,
  { epochs }: FitPlan,
  epoch: number,
  history: History,
  restored?: number,
): BackpropError {
  const kept =
    restored === undefined
      ? "The network keeps what was trained until then."
      : `The network has the parameters of epoch ${restored} again, the best one.`;
  return new BackpropError(
    "aborted",
    `The training was aborted in epoch ${epoch} of ${epochs} (counted from 0). ${kept}`,
    { cause: reason, epoch, history },
  );
}

/** Throws if the signal was aborted before the fit began. */
export function requireNotAborted(plan: FitPlan): void {
  if (!plan.signal?.aborted) return;
  const end = { stopped: "aborted", bestEpoch: undefined, warnings: [] } as const;
  const history = new Recorder(figureNames(plan.metrics)).history(new Float64Array(0), end);
  throw abortedFit(plan.signal.reason, plan, 0, history);
}
