import { parseArgs } from "node:util";
import { label, WORKS, type Work } from "./works.js";

export interface Options {
  readonly works: readonly Work[];
  readonly milliseconds: number;
  readonly json: boolean;
}

export const USAGE = `Usage: npm run bench -- [--json] [--only SUBSTRING] [--milliseconds N]

  --json            JSON lines, one for each work and engine, rather than a table
  --only SUBSTRING  only the works whose label contains it, such as "784-128-10 b32 float32"
  --milliseconds N  how long each measurement takes, without warming up; default 1000

The work "64-32-10 predict" is not a training step but one call of network.predict with one row.`;

/** @throws Error that says which argument makes no sense. */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: "boolean", default: false },
      only: { type: "string", default: "" },
      milliseconds: { type: "string", default: "1000" },
    },
  });
  return {
    works: selectWorks(values.only),
    milliseconds: parseMilliseconds(values.milliseconds),
    json: values.json,
  };
}

function selectWorks(only: string): readonly Work[] {
  const works = WORKS.filter((work) => label(work).includes(only));
  if (works.length > 0) return works;
  throw new Error(`--only is "${only}"; expected a part of one of:\n  ${WORKS.map(label).join("\n  ")}`);
}

function parseMilliseconds(text: string): number {
  const milliseconds = Number(text);
  if (milliseconds > 0 && milliseconds < Infinity) return milliseconds;
  throw new Error(`--milliseconds is "${text}"; expected a number above 0.`);
}
