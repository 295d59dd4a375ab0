// The figures of the pages.

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { FIGURES } from "../docs/figures/figures.js";
import { ROOT } from "./support/markdown.js";

const FOLDER = `${ROOT}docs/figures/`;

describe("docs/figures/", () => {
  it.each(Object.entries(FIGURES))(
    "%s is what figures.js draws (run `node docs/figures/figures.js` to draw it)",
    async (name, draw) => {
      expect(`${await draw()}\n`).toBe(readFileSync(FOLDER + name, "utf8"));
    },
  );

  it("has no figure that nothing draws", () => {
    const files = readdirSync(FOLDER).filter((file) => file !== "figures.js");
    expect(files.toSorted()).toEqual(Object.keys(FIGURES).toSorted());
  });
});
