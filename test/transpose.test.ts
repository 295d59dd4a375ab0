import { beforeAll, describe, expect, it } from "vitest";
import { compileAssembly } from "./support/compile.js";
import { DTYPES, firstDifference, floats, lanesOf, spread, wholeVectors } from "./support/floats.js";
import { guardOf, Region } from "./support/region.js";

interface Shape {
  readonly count: number;
  readonly columns: number;
  readonly width: number;
  readonly xPad: number;
  readonly outPad: number;
  readonly order: Uint32Array | null;
}

describe.each(DTYPES)("the transpose in %s", (dtype) => {
  let region: Region;
  let gatherTransposed: (...values: number[]) => number;
  let gatherRows: (...values: number[]) => number;
  let transpose: (...values: number[]) => number;

  beforeAll(async () => {
    const assembly = await compileAssembly("test/assembly/transpose.ts");
    const suffix = dtype === "float32" ? "f32" : "f64";
    region = new Region(assembly, dtype);
    gatherTransposed = assembly.exports[`gather_transposed_${suffix}`]!;
    gatherRows = assembly.exports[`gather_rows_${suffix}`]!;
    transpose = assembly.exports[`transpose_${suffix}`]!;
  });

  // −0, NaN and infinity keep their bits: nothing is computed.
  const source = floats(dtype, [-0, Number.NaN, Infinity, ...spread(60_000)]);

  /** Where the result, or a guard around or inside it, first differs from the definition, or "". */
  function compare({ count, columns, width, xPad, outPad, order }: Shape): string {
    const { guard, guards } = guardOf(dtype);
    const xStride = columns + xPad;
    const outStride = width + outPad;
    const rows = order ? Math.max(...order) + 1 : count;
    const xLength = (rows - 1) * xStride + columns;
    const outLength = columns === 0 ? 0 : (columns - 1) * outStride + width;
    region.clear();
    const x = source.subarray(0, xLength);
    const xAddress = region.putLast(x);
    const orderAddress = order ? region.putWords(order) : 0;
    const out = region.allocate(outLength);
    gatherTransposed(out, outStride, width, xAddress, xStride, orderAddress, count, columns);
    const expected = floats(dtype, outLength + 2 * guards).fill(guard);
    for (let j = 0; j < columns; j++) {
      for (let i = 0; i < width; i++) {
        const row = Math.min(i, count - 1);
        expected[guards + j * outStride + i] = x[(order ? order[row]! : row) * xStride + j]!;
      }
    }
    const actual = region.guarded(out, outLength);
    const at = firstDifference(actual, expected);
    if (at < 0) return "";
    return `${JSON.stringify({ count, columns, width, xPad, outPad })}, out[${at - guards}]: ${actual[at]}, expected ${expected[at]}`;
  }

  /** Shuffled row numbers, some of them twice. */
  function someOrder(count: number): Uint32Array {
    return Uint32Array.from({ length: count }, (_, i) => (i * 7 + 3) % (count + 2));
  }

  function compareAll(counts: readonly number[], columnCounts: readonly number[], ordered: boolean): string {
    for (const count of counts) {
      const order = ordered ? someOrder(count) : null;
      for (const columns of columnCounts) {
        // Up to whole vectors, and to the six rows of a tile of the matrix product.
        for (let width = count; width < Math.max(7, count + lanesOf(dtype)); width++) {
          for (const [xPad, outPad] of [
            [0, 0],
            [2, 0],
            [1, 3],
          ] as const) {
            const difference = compare({ count, columns, width, xPad, outPad, order });
            if (difference) return difference;
          }
        }
      }
    }
    return "";
  }

  const SMALL = Array.from({ length: 13 }, (_, i) => i);

  describe.each([
    ["in stored order", false],
    ["in a given order", true],
  ] as const)("of rows %s", (_, ordered) => {
    it("puts every element in its place, for every size up to 12", () => {
      expect(compareAll(SMALL.slice(1), SMALL, ordered)).toBe("");
    });

    it("puts every element in its place, for 126 to 128 rows", () => {
      expect(compareAll([126, 127, 128], [1, 4, 31, 67], ordered)).toBe("");
    });
  });

  it.each([false, true])("gathers rows from a given position on (with an order: %s)", (ordered) => {
    const columns = 3;
    const x = source.subarray(0, 40 * columns);
    const order = Uint32Array.from({ length: 40 }, (_, i) => (i * 7 + 3) % 40);
    for (const row of [0, 1, 5, 33]) {
      for (const count of [1, 2, 3, 4, 5, 7]) {
        const stride = wholeVectors(dtype, count);
        region.clear();
        const address = region.putLast(x);
        const out = region.allocate(columns * stride);
        gatherRows(out, stride, stride, address, columns, ordered ? region.putWords(order) : 0, row, count);
        const { guard, guards } = guardOf(dtype);
        const expected = floats(dtype, columns * stride + 2 * guards).fill(guard);
        for (let j = 0; j < columns; j++) {
          for (let i = 0; i < stride; i++) {
            const position = row + Math.min(i, count - 1);
            expected[guards + j * stride + i] = x[(ordered ? order[position]! : position) * columns + j]!;
          }
        }
        expect(firstDifference(region.guarded(out, columns * stride), expected)).toBe(-1);
      }
    }
  });

  it("applied twice gives the original matrix", () => {
    const [rows, columns] = [11, 7];
    const stride = wholeVectors(dtype, rows);
    region.clear();
    const x = region.put(source.subarray(0, rows * columns));
    const transposed = region.allocate(columns * stride);
    const restored = region.allocate(rows * columns);
    gatherTransposed(transposed, stride, stride, x, columns, 0, rows, columns);
    gatherTransposed(restored, columns, columns, transposed, stride, 0, columns, rows);
    expect(firstDifference(region.view(restored, rows * columns), source.subarray(0, rows * columns))).toBe(
      -1,
    );
  });

  /** Where the result, or a guard around or inside it, first differs from the definition, or −1. */
  function compareWhole(rows: number, columns: number, xPad: number, outPad: number): number {
    const { guard, guards } = guardOf(dtype);
    const size = dtype === "float32" ? 4 : 8;
    const width = wholeVectors(dtype, rows);
    const xStride = columns + xPad;
    const outStride = width + outPad;
    region.clear();
    const x = source.subarray(0, width * xStride);
    const xAddress = region.putLast(x);
    const outLength = (columns - 1) * outStride + width;
    const out = region.allocate(outLength);
    transpose(out, outStride * size, xAddress, xStride * size, rows, columns);
    const expected = floats(dtype, outLength + 2 * guards).fill(guard);
    for (let j = 0; j < columns; j++) {
      for (let i = 0; i < width; i++) expected[guards + j * outStride + i] = x[i * xStride + j]!;
    }
    return firstDifference(region.guarded(out, outLength), expected);
  }

  it("fills the lanes of the last vector with the rows after the last, for every size up to 12", () => {
    for (let rows = 1; rows <= 12; rows++) {
      for (let columns = 1; columns <= 12; columns++) {
        expect(compareWhole(rows, columns, 0, 0)).toBe(-1);
        expect(compareWhole(rows, columns, 3, lanesOf(dtype))).toBe(-1);
      }
    }
  });
});
