// The program of a process that measure.ts starts: trains one workload with both builds of the core, on one thread.

import { createHash } from "node:crypto";
import { prepareRounds } from "../rounds.js";
import type { Subject } from "../subject.js";
import { createTrainer } from "../trainer.js";
import { findWorkload } from "../workloads.js";
import { NUMERICS, type Ready } from "./measure.js";

const COMPARED_STEPS = 4;

const trainers = await Promise.all(
  NUMERICS.map((numerics) => createTrainer(findWorkload(process.argv[2]!), "wasm", numerics)),
);
const round = prepareRounds(trainers);
// A message is the time for which each build is measured, in milliseconds. The answer is the milliseconds of a step of each.
process.on("message", (milliseconds: number) => process.send!(round(milliseconds)));
// Compared after the warm-up, when V8 has compiled the code that will be timed.
const ready: Ready = { digests: trainers.map(digest) };
process.send!(ready);

function digest(trainer: Subject): string {
  trainer.reset();
  trainer.step(COMPARED_STEPS);
  const hash = createHash("sha256");
  for (const values of Object.values(trainer.outputs())) hash.update(values);
  return hash.digest("hex");
}
