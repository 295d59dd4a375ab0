import type { History } from "../history.js";
import type { Callbacks, EpochFigures } from "./callbacks.js";

/**
 * The epochs of a fit, one after the other. The fit waits while the caller handles an epoch. `start` begins the fit
 * with an `onEpoch` callback, which first calls the user's callback, `own`. If the caller leaves its loop, that
 * callback returns false.
 */
export async function* iterateEpochs(
  own: Callbacks["onEpoch"] | undefined,
  start: (onEpoch: (info: EpochFigures) => Promise<boolean>) => Promise<History>,
): AsyncGenerator<EpochFigures, History, void> {
  let deliver: (info: EpochFigures) => void;
  let resume = (_goesOn: boolean): void => {};
  const nextEpoch = () =>
    new Promise<EpochFigures>((resolve) => {
      deliver = resolve;
    });
  let next = nextEpoch();
  const fit = start(async (info) => {
    const result = await own?.(info);
    deliver(info);
    const goesOn = await new Promise<boolean>((resolve) => {
      resume = resolve;
    });
    return goesOn && result !== false;
  });
  try {
    const end = fit.then(() => undefined);
    for (;;) {
      const info = await Promise.race([next, end]);
      if (!info) return await fit;
      yield info;
      next = nextEpoch();
      resume(true);
    }
  } finally {
    resume(false);
    await fit;
  }
}
