import { describe, expect, it } from "vitest";
import { PROGRAMS } from "../../../examples/seeds/programs.js";
import { checkExperiment } from "../../src/experiment/check.js";
import type { PrintedFigure } from "../../src/notebooks/notebook.js";
import { NOTEBOOKS } from "../../src/notebooks/notebooks.js";
import type { ComputedFigure } from "../../src/training/messages.js";
import { Client } from "./client.js";

function rounded(lines: ComputedFigure["lines"], { decimals }: PrintedFigure): string[] {
  return lines.map((line) => line?.map((value) => value.toFixed(decimals)).join(" ") ?? "missing");
}

describe.each(NOTEBOOKS.map((notebook) => [notebook.name, notebook] as const))(
  "the notebook %s",
  (name, notebook) => {
    const { experiment, figures } = notebook;

    it("is an experiment that can be, with the title and the epochs of the example", () => {
      expect(checkExperiment(experiment)).toBe(experiment);
      const program = PROGRAMS.find((program) => program.name === name)!;
      expect(notebook.title).toBe(program.title);
      expect(experiment.epochs).toBe(program.epochs);
      if (program.sourceSeed !== null) expect(experiment.seed).toBe(program.sourceSeed);
    });

    it("computes the figures that it prints, to the last digit, and those of the example for the same seed", async () => {
      const client = new Client();
      await client.open(experiment, undefined, name);
      const frame = await client.runTo(experiment.epochs);
      expect(client.failures).toEqual([]);
      const program = PROGRAMS.find((program) => program.name === name)!;
      const expected = (await program.train({ seed: experiment.seed, onEpoch: () => {} })).figures;
      expect(frame.figures.map(({ figure }) => figure)).toEqual(figures.map(({ figure }) => figure));
      for (const [i, printed] of figures.entries()) {
        const { lines } = frame.figures[i]!;
        expect(lines).toHaveLength(printed.labels.length);
        if (printed.printed) expect(rounded(lines, printed)).toEqual(rounded(printed.printed, printed));
        const names: Record<string, string> = { "mean absolute error": "meanAbsoluteError" };
        expect(lines.map((line) => (line!.length === 1 ? line![0] : line))).toEqual(
          expected[names[printed.figure] ?? printed.figure]!.map((line) =>
            Array.isArray(line) && line.length === 1 ? line[0] : line,
          ),
        );
      }
    });

    it("prints the figures of the example", () => {
      const program = PROGRAMS.find((program) => program.name === name)!;
      for (const { figure, printed, decimals } of figures) {
        const printout = program.printouts.find((printout) => printout.figure === figure);
        if (!printed) continue;
        expect(printout!.decimals).toBe(decimals);
        expect(printout!.printed!.map((line) => [line].flat())).toEqual(printed);
      }
    });
  },
);

it("computes no figure before its epoch", async () => {
  const { name, experiment } = NOTEBOOKS[0]!;
  const client = new Client();
  await client.open(experiment, undefined, name);
  const { figures } = await client.runTo(2001);
  expect(figures[0]!.lines.map((line) => line !== undefined)).toEqual([true, true, false, false, false]);
  expect(figures[1]!.lines).toEqual([undefined, undefined, undefined, undefined]);
});
