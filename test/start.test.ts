import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const START = fileURLToPath(new URL("../build/examples/start.js", import.meta.url));
const PROGRAMS = ["000-numpy", "000-torch", "001", "002", "003", "004"];

interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "backprop-wasm-"));
});

afterAll(() => rm(directory, { recursive: true }));

function start(options: string[]) {
  return spawn(process.execPath, [START, ...options], { cwd: directory });
}

async function outcomeOf(child: ReturnType<typeof start>): Promise<Outcome> {
  const ended = once(child, "close");
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await ended;
  return { code, stdout, stderr };
}

describe("npm start", () => {
  let outcome: Outcome;
  let report: string;

  beforeAll(async () => {
    outcome = await outcomeOf(start([]));
    report = await readFile(join(directory, "report.html"), "utf8");
  });

  it("succeeds, compares the figures and prints the path of the report", () => {
    expect(outcome.code).toBe(0);
    for (const program of PROGRAMS) expect(outcome.stdout).toMatch(new RegExp(`^${program}  XOR`, "m"));
    expect(outcome.stdout).not.toContain("✗");
    expect(outcome.stdout.match(/Every printed figure is reproduced to the last digit\./g)).toHaveLength(4);
    expect(outcome.stdout).toMatch(/decision surfaces are in .*report\.html$/m);
  });

  it("prints on stderr what it trains: lines without control characters if stderr is no terminal", () => {
    expect(outcome.stderr.match(/^Training .*$/gm)).toHaveLength(PROGRAMS.length);
    expect(outcome.stderr).not.toContain("\u001b");
  });

  it("draws a loss curve and a decision surface for each program", () => {
    for (const program of PROGRAMS) {
      const [, section] = report.match(new RegExp(`<section id="program-${program}">(.*?)</section>`, "s"))!;
      expect(section!.match(/<svg/g), program).toHaveLength(2);
      expect(section, program).toContain('aria-label="contour"');
    }
  });

  it("writes no NaN, Infinity or undefined to the report", () => {
    expect(report).not.toMatch(/NaN|undefined|Infinity/);
  });

  it("writes a report that loads no other files", () => {
    expect(report).not.toMatch(/<(script|link|img|iframe|object|embed|use)\b/i);
    expect(report).not.toMatch(/\bsrc=|@import|url\((?!#)|https?:/i);
  });
});

describe("npm start -- --report", () => {
  it("prints why it cannot write the report", async () => {
    const { code, stderr } = await outcomeOf(start(["--report", join(directory, "missing", "report.html")]));
    expect(code).toBe(1);
    expect(stderr).toContain("The report cannot be written: ENOENT");
  });
});

describe("npm start -- --interactive", () => {
  async function converse(typed: string): Promise<Outcome & { dialog: string }> {
    const child = start(["--interactive"]);
    child.stdin.end(typed);
    const outcome = await outcomeOf(child);
    return { ...outcome, dialog: outcome.stdout.slice(outcome.stdout.indexOf("Input a: ")) };
  }

  it("predicts typed inputs until the input ends", async () => {
    const { code, dialog } = await converse("0\n0\n 1e0 \n-.5\n");
    expect(code).toBe(0);
    const [first, second, ...rest] = dialog.match(/Prediction: .*/g)!;
    expect(first).toBe("Prediction: 0.5391");
    expect(second).toMatch(/^Prediction: 0\.\d{4}$/);
    expect(rest).toEqual([]);
    expect(dialog).toBe(`Input a: Input b: ${first}\nInput a: Input b: ${second}\nInput a: \n`);
  });

  it("rejects input that is not a number, for either input", async () => {
    const refused = ["abc", "", "0x10", "1,5", "1e400", "NaN", "Infinity", "1 2"];
    const { code, dialog } = await converse(refused.map((typed) => `${typed}\n0\n${typed}\n`).join(""));
    const refusal = "Invalid input. Please enter a numeric value.\n";
    expect(code).toBe(0);
    expect(dialog).toBe(
      `${`Input a: ${refusal}Input a: Input b: ${refusal}`.repeat(refused.length)}Input a: \n`,
    );
  });

  it("ends with exit code 0 on Ctrl-C", async () => {
    const child = start(["--interactive"]);
    child.stdout.on("data", (chunk) => {
      if (String(chunk).includes("Input a: ")) child.kill("SIGINT");
    });
    const { code, stdout } = await outcomeOf(child);
    expect(code).toBe(0);
    expect(stdout.endsWith("Input a: \n")).toBe(true);
  });
});

describe("an unknown option", () => {
  it("ends with exit code 2", async () => {
    const { code, stderr } = await outcomeOf(start(["--interactiv"]));
    expect(code).toBe(2);
    expect(stderr).toContain("unknown option '--interactiv'");
  });
});
