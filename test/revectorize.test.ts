import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { REVECTORIZE_FLAG, whyNotRevectorized } from "../build/bench/revectorize/flag.js";

const PROGRAM = fileURLToPath(new URL("support/trainAll.js", import.meta.url));

interface Trained {
  readonly losses: number[];
  /** SHA-256. */
  readonly parameters: string;
  readonly predictions: string;
}

/** The JSON that support/trainAll.js writes. */
interface Output {
  readonly flags: readonly string[];
  readonly results: Readonly<Record<string, Trained>>;
}

/** Runs support/trainAll.js in Node with these flags. `trace`: the output of V8. */
function trainAll(...flags: string[]): Output & { readonly trace: string } {
  const { status, output } = spawnSync(process.execPath, [...flags, PROGRAM], {
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    encoding: "utf8",
    timeout: 60_000,
    maxBuffer: 2 ** 26,
  });
  expect(output[2]).toBe("");
  expect(status).toBe(0);
  return { ...(JSON.parse(output[3]!) as Output), trace: output[1]! };
}

const reason = whyNotRevectorized();

/** Compiles with the optimizing compiler from the first call on: only this compiler makes 256-bit operations. */
const OPTIMIZED = "--no-liftoff";

describe.skipIf(reason)(
  `the core under ${REVECTORIZE_FLAG}${reason ? ` (not tested: ${reason})` : ""}`,
  () => {
    it("computes the same bits as without the flag", () => {
      const plain = trainAll();
      const flagged = trainAll(REVECTORIZE_FLAG, OPTIMIZED, "--trace-wasm-revectorize");

      expect(plain.flags).not.toContain(REVECTORIZE_FLAG);
      expect(flagged.flags).toContain(REVECTORIZE_FLAG);
      expect(flagged.trace.includes("Revec: "), "V8 ran its revectorization").toBe(true);

      const trained = Object.values(plain.results);
      expect(trained).toHaveLength(2 * 2 * 3 * 4);
      expect(new Set(trained.map(({ parameters }) => parameters)).size).toBe(trained.length);
      expect(new Set(trained.map(({ predictions }) => predictions)).size).toBe(trained.length);
      for (const { losses } of trained) expect(losses.at(-1)).toBeLessThan(losses[0]!);

      expect(flagged.results).toEqual(plain.results);

      // The V8 of Node 22 pairs fewer operations; the names are those of this version's trace.
      if (!process.version.startsWith("v24.")) return;
      for (const operation of ["F32x4Mul", "F32x4Add", "F32x4Qfma", "F64x2Mul", "F64x2Add", "F64x2Qfma"]) {
        expect(flagged.trace.includes(`[${operation}]`), `pairs ${operation}`).toBe(true);
      }
    });
  },
);
