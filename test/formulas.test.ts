// docs/formulas.md, against the names that the library exports.

import { describe, expect, it } from "vitest";
import * as library from "../src/index.js";
import { readPage } from "./support/markdown.js";

const page = readPage("docs/formulas.md");

/** The part of the page below a heading of level 2. */
function part(heading: string): string {
  const [, text] = page.split(`\n## ${heading}\n`);
  return text!.split("\n## ")[0]!;
}

const OPTIMIZERS = ["sgd", "rmsprop", "adagrad", "adadelta", "adam", "adamW", "nadam", "rprop"];
const SCHEDULES = Object.keys(library).filter((name) =>
  /(Rate|Decay|Restarts|Cycle|warmup|Plateau)$/.test(name),
);
const INITIALIZERS = Object.keys(library).filter((name) =>
  /^(glorot|he|lecun)(U|N)|^torchLinear$/.test(name),
);

describe("docs/formulas.md", () => {
  it.each([
    ["Activations", library.ACTIVATIONS],
    ["Losses", library.LOSSES],
    ["Optimizers", OPTIMIZERS],
    ["Learning-rate schedules", SCHEDULES],
    ["Layers", ["dropout", "gaussianNoise", "layerNorm", "batchNorm"]],
    ["Initializers", INITIALIZERS],
    ["Metrics", library.METRICS],
  ])("has a formula for each name of the part %s", (heading, names) => {
    const text = part(heading);
    expect(names.length).toBeGreaterThan(3);
    expect(names.filter((name) => !new RegExp(`^(\\||###) .*\`${name}\``, "m").test(text))).toEqual([]);
  });

  it("names no optimizer, schedule or initializer that the library does not export", () => {
    const named = ["Optimizers", "Learning-rate schedules", "Initializers"].flatMap((heading) =>
      [...part(heading).matchAll(/^(?:\||###) ((?:`\w+`(?:, )?)+)/gm)].flatMap(
        ([, cell]) => cell!.match(/\w+/g)!,
      ),
    );
    expect(named.filter((name) => !(name in library))).toEqual([]);
  });
});
