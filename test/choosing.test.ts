// docs/guide/choosing.md: its table of tasks.

import { expect, it } from "vitest";
import { type ActivationName, createNetwork, dense, type Loss, type LossName } from "../src/index.js";
import { readPage } from "./support/markdown.js";

/** What the page calls k. */
const CLASSES = 3;

const ROWS = [...readPage("docs/guide/choosing.md").matchAll(/^\| (.+) \| (`dense.+) \| (.+) \| (.+) \|$/gm)];

const PAIRS = ROWS.flatMap(([, task, layers, losses]) =>
  [...layers!.matchAll(/dense\((\w)(?:, "(\w+)")?\)/g)].flatMap(([, units, activation]) =>
    namesOf(losses!).map((loss) => [task!, units!, activation ?? "linear", loss] as const),
  ),
);

/** The losses in a cell: names, or objects with a name. Options of fit, such as `classWeights: …`, are left out. */
function namesOf(cell: string): string[] {
  return [...cell.matchAll(/`(?:(\w+)|\{ name: "(\w+)"[^`]*)`/g)].map(([, name, named]) => (name ?? named)!);
}

it("has a row for each of ten tasks", () => {
  expect(ROWS).toHaveLength(10);
});

it.each(PAIRS)("gives for %s: %s units with %s and %s, which train", async (_, units, activation, name) => {
  const outputs = units === "k" ? CLASSES : 1;
  const loss: Loss = { name: name as LossName };
  const network = await createNetwork({
    inputs: 2,
    layers: [dense(outputs, activation as ActivationName)],
    loss,
  });
  const row = new Float32Array(outputs).fill(1 / outputs);
  const targets = name === "sparseCategoricalCrossentropy" ? [0, 1] : [row, row];
  const before = network.parameters[0].kernel.data.slice();
  const history = await network.fit(
    [
      [0, 1],
      [1, 0],
    ],
    targets,
    { epochs: 2 },
  );
  expect(history.loss.every(Number.isFinite)).toBe(true);
  expect(network.parameters[0].kernel.data).not.toEqual(before);
});
