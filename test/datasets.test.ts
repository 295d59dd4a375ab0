import { describe, expect, it } from "vitest";
import * as generators from "../src/datasets.js";
import { sha256 } from "../src/files/digest.js";
import { BackpropError } from "../src/index.js";

const { xor, circles, spiral, moons, gaussians, sine, plane } = generators;

const ALL = Object.entries(generators);
const CLASSES = Object.entries({ xor, circles, spiral, moons, gaussians });

interface Row {
  readonly x: number;
  readonly y: number;
  readonly target: number;
}

/** The rows of two inputs; of one, y is NaN. */
function rowsOf({ inputs, targets }: generators.GeneratedRows): Row[] {
  return inputs.toArray().map((row, i) => {
    const [x, y = Number.NaN] = row as number[];
    return { x: x!, y, target: targets.data[i]! };
  });
}

function hashOf({ inputs, targets }: generators.GeneratedRows): string {
  const bytes = [inputs, targets].map(({ data }) => new Uint8Array(data.buffer as ArrayBuffer));
  return Buffer.from(sha256(Buffer.concat(bytes)))
    .toString("hex")
    .slice(0, 16);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function deviation(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
}

describe.each(ALL)("%s", (name, generate) => {
  it("returns float64 tensors of the asked number of rows, by default 200, within [−1, 1] or a little more", () => {
    const { inputs, targets } = generate();
    expect(inputs.shape).toEqual([200, name === "sine" ? 1 : 2]);
    expect(targets.shape).toEqual([200, 1]);
    expect(inputs.data).toBeInstanceOf(Float64Array);
    expect(generate({ rows: 7 }).targets.data).toHaveLength(7);
    expect(Math.max(...inputs.data.map(Math.abs))).toBeLessThan(1.2);
    expect(Math.max(...inputs.data.map(Math.abs))).toBeGreaterThan(0.7);
  });

  it("gives the same bits for one seed, and others for another seed, noise or number of rows", () => {
    const options = { rows: 50, noise: 0.1, seed: 3 };
    const bits = hashOf(generate(options));
    expect(hashOf(generate(options))).toBe(bits);
    const others = [{ seed: 4 }, { noise: 0.2 }, { rows: 51 }].map((other) =>
      hashOf(generate({ ...options, ...other })),
    );
    expect(new Set([bits, ...others]).size).toBe(4);
  });

  it("refuses options out of their range, and unknown ones", () => {
    for (const options of [
      { rows: 0 },
      { rows: 1.5 },
      { noise: -1 },
      { noise: Number.NaN },
      { seed: -1 },
      { size: 5 },
    ]) {
      expect(() => generate(options as never)).toThrow(BackpropError);
    }
    expect(() => generate({ rows: 0 })).toThrow("rows is 0; expected an integer from 1 to 10000000.");
  });
});

it("keeps the bits of its first release: addresses of the playground that people shared depend on them", () => {
  const options = { rows: 100, noise: 0.1, seed: 1 };
  expect(Object.fromEntries(ALL.map(([name, generate]) => [name, hashOf(generate(options))]))).toEqual({
    circles: "f86b71a6c331068b",
    gaussians: "c68828ed18b8be9b",
    moons: "3b2ed6985f87400d",
    plane: "5b455dddfdc0af89",
    sine: "3ff352848a9faf4b",
    spiral: "00020f2b4c5b62f1",
    xor: "d695853498470c83",
  });
});

describe.each(CLASSES)("the classes of %s", (_, generate) => {
  it("are 0 and 1 in equal numbers, also at the end of the rows", () => {
    const { data } = generate({ rows: 300, seed: 2 }).targets;
    expect(new Set(data)).toEqual(new Set([0, 1]));
    expect(data.filter((label) => label === 1)).toHaveLength(150);
    expect(data.slice(240).filter((label) => label === 1)).toHaveLength(30);
  });

  it("are in random order along each axis, so that the last rows are like the first", () => {
    const rows = rowsOf(generate({ rows: 2000, seed: 5 }));
    const [first, last] = [rows.slice(0, 1000), rows.slice(1000)];
    for (const axis of ["x", "y"] as const) {
      expect(mean(first.map((row) => row[axis]))).toBeCloseTo(mean(last.map((row) => row[axis])), 1);
      expect(deviation(first.map((row) => row[axis]))).toBeCloseTo(
        deviation(last.map((row) => row[axis])),
        1,
      );
    }
  });

  it("get normal noise in each coordinate, of the asked deviation", () => {
    // The draws of the noise are between those of the points, so distributions are compared, not points.
    const spread = (noise: number) => deviation(rowsOf(generate({ rows: 4000, noise })).map(({ x }) => x));
    expect(Math.sqrt(spread(0.5) ** 2 - spread(0) ** 2)).toBeCloseTo(0.5, 1);
  });
});

describe("the geometry without noise", () => {
  const options = { rows: 400, seed: 1 };

  it("of xor: class 1 where the signs differ, a quarter of the rows in each quadrant, a gap at the axes", () => {
    const rows = rowsOf(xor(options));
    for (const { x, y, target } of rows) {
      expect(target).toBe(Number(x * y < 0));
      expect(Math.min(Math.abs(x), Math.abs(y))).toBeGreaterThanOrEqual(0.1);
    }
    for (const sign of [-1, 1]) {
      expect(rows.filter(({ x, y }) => x * sign > 0 && y > 0)).toHaveLength(100);
    }
  });

  it("of circles: a disk of radius 0.5 in a ring from 0.75 to 1, both evenly filled", () => {
    const rows = rowsOf(circles({ rows: 4000 }));
    const squares = (label: number) =>
      rows.filter(({ target }) => target === label).map(({ x, y }) => x * x + y * y);
    expect(Math.max(...squares(1))).toBeLessThan(0.25);
    expect(Math.min(...squares(0))).toBeGreaterThan(0.5625 - 1e-12);
    expect(Math.max(...squares(0))).toBeLessThan(1 + 1e-12);
    // Evenly filled: the square of the radius is uniform.
    expect(mean(squares(1))).toBeCloseTo(0.125, 2);
    expect(mean(squares(0))).toBeCloseTo((0.5625 + 1) / 2, 2);
  });

  it("of spiral: the angle is 1.5 turns times the radius, and half a turn more on the arm of class 1", () => {
    for (const { x, y, target } of rowsOf(spiral(options))) {
      const angle = 2 * Math.PI * (1.5 * Math.hypot(x, y) + 0.5 * target);
      expect(x).toBeCloseTo(Math.hypot(x, y) * Math.cos(angle), 12);
      expect(y).toBeCloseTo(Math.hypot(x, y) * Math.sin(angle), 12);
    }
  });

  it("of moons: two half circles of radius 2/3, and each begins inside the other", () => {
    for (const { x, y, target } of rowsOf(moons(options))) {
      const sign = target === 0 ? 1 : -1;
      const [u, v] = [sign * x * 1.5 + 0.5, sign * y * 1.5 + 0.25];
      expect(Math.hypot(u, v)).toBeCloseTo(1, 12);
      expect(v).toBeGreaterThan(-1e-12);
    }
  });

  it("of gaussians: deviation 0.15 around (−0.5, −0.5) and (0.5, 0.5)", () => {
    const rows = rowsOf(gaussians({ rows: 4000 }));
    for (const label of [0, 1]) {
      const ofClass = rows.filter(({ target }) => target === label);
      for (const axis of ["x", "y"] as const) {
        const values = ofClass.map((row) => row[axis]);
        expect(mean(values)).toBeCloseTo(label - 0.5, 1);
        expect(deviation(values)).toBeCloseTo(0.15, 2);
      }
    }
  });

  it("of sine: the target is sin(2πx)", () => {
    for (const { x, target } of rowsOf(sine(options)))
      expect(target).toBeCloseTo(Math.sin(2 * Math.PI * x), 12);
  });

  it("of plane: the target is (x + y) / 2", () => {
    for (const { x, y, target } of rowsOf(plane(options))) expect(target).toBe((x + y) / 2);
  });
});

it("adds noise to the targets of sine and plane, not to their inputs", () => {
  for (const generate of [sine, plane]) {
    const [clean, noisy] = [generate({ rows: 1 }), generate({ rows: 1, noise: 0.5 })];
    expect(noisy.inputs.data).toEqual(clean.inputs.data);
    expect(noisy.targets.data).not.toEqual(clean.targets.data);
  }
});
