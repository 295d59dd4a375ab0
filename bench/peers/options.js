import { parseArgs } from "node:util";
import { label, WORKS } from "./works.js";

export const USAGE = `Usage: npm start -- [--json] [--only SUBSTRING] [--milliseconds N]

  --json            JSON lines, one for each work and peer, rather than tables
  --only SUBSTRING  only the works whose label contains it, such as "784-128-10 b32 float32"
  --milliseconds N  how long each round of each peer takes; default 100`;

/** @throws Error that says which argument makes no sense. */
export function parseOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      json: { type: "boolean", default: false },
      only: { type: "string", default: "" },
      milliseconds: { type: "string", default: "100" },
    },
  });
  return {
    works: selectWorks(values.only),
    milliseconds: parseMilliseconds(values.milliseconds),
    json: values.json,
  };
}

function selectWorks(only) {
  const works = WORKS.filter((work) => label(work).includes(only));
  if (works.length > 0) return works;
  throw new Error(`--only is "${only}"; expected a part of one of:\n  ${WORKS.map(label).join("\n  ")}`);
}

function parseMilliseconds(text) {
  const milliseconds = Number(text);
  if (milliseconds > 0 && milliseconds < Infinity) return milliseconds;
  throw new Error(`--milliseconds is "${text}"; expected a number above 0.`);
}
