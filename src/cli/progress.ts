// How far a training has come: a bar on a terminal, lines elsewhere, or JSON.

import cliProgress from "cli-progress";
import type { TableEpoch } from "../table.js";
import { figure, note, printJson } from "./output.js";

export interface ProgressDisplay {
  show(epoch: TableEpoch): void;
  end(): void;
}

/** Lines without a terminal: the first epoch, and each tenth. */
const LINE_EPOCHS = 10;

export function createProgress(isJson: boolean): ProgressDisplay {
  if (isJson) return JSON_LINES;
  return process.stderr.isTTY ? new Bar() : LINES;
}

const JSON_LINES: ProgressDisplay = {
  show: (epoch) => printJson({ event: "epoch", ...epoch }),
  end: () => {},
};

const LINES: ProgressDisplay = {
  show(info) {
    const { epoch, epochs } = info;
    if (epoch > 1 && epoch % LINE_EPOCHS > 0 && epoch < epochs) return;
    note(`epoch ${epoch}/${epochs}  ${figuresOf(info)}`);
  },
  end: () => {},
};

class Bar implements ProgressDisplay {
  readonly #bar = new cliProgress.SingleBar(
    { format: "{bar} epoch {value}/{total}  {figures}", barsize: 20, hideCursor: true },
    cliProgress.Presets.shades_classic,
  );
  #isShown = false;

  show(info: TableEpoch): void {
    const figures = { figures: figuresOf(info) };
    if (!this.#isShown) this.#bar.start(info.epochs, info.epoch, figures);
    else this.#bar.update(info.epoch, figures);
    this.#isShown = true;
  }

  end(): void {
    if (this.#isShown) this.#bar.stop();
  }
}

function figuresOf({ loss, validationLoss, ...metrics }: TableEpoch): string {
  const [name, value] =
    metrics.accuracy === undefined
      ? ["R²", metrics.validationR2 ?? metrics.r2]
      : ["accuracy", metrics.validationAccuracy ?? metrics.accuracy];
  const validation = validationLoss === undefined ? "" : `  validation loss ${figure(validationLoss)}`;
  return `loss ${figure(loss)}${validation}  ${name} ${figure(value ?? Number.NaN)}`;
}

export interface RowProgress {
  show(rows: number): void;
  end(): void;
}

/** The time between two counts of rows, in ms. Short commands show none. */
const ROW_INTERVAL = 1000;

/** How many rows are done, on a terminal: one line, which is replaced, and removed at the end. */
export function createRowProgress(
  terminal: Pick<NodeJS.WriteStream, "isTTY" | "write"> = process.stderr,
  // The lines of a terminal that shows the output too would be mixed.
  isShown = terminal.isTTY && !process.stdout.isTTY,
): RowProgress {
  let last = performance.now();
  let text = "";
  const replace = (by: string) => {
    terminal.write(`\r${by.padEnd(text.length)}${by === "" ? "\r" : ""}`);
    text = by;
  };
  return {
    show(rows) {
      if (!isShown || performance.now() - last < ROW_INTERVAL) return;
      last = performance.now();
      replace(`${rows} rows`);
    },
    end() {
      if (text !== "") replace("");
    },
  };
}
