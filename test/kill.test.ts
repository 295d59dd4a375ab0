// A process that trains with checkpoints is killed fifty times. The seed decides how long each process runs. What it does at
// that moment depends on the speed of the machine.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import type { History, Layer, Network } from "../src/index.js";
import type * as Entry from "../src/node.js";
import { library } from "./support/inWorker.js";

const PROGRAM = fileURLToPath(new URL("support/interruptible.js", import.meta.url));
const KILLS = 50;

type AnyNetwork = Network<readonly Layer[]>;

/** The maximum number of epochs, and then of milliseconds, after which the process is killed. */
const MAX_EPOCHS = 6;
const MAX_MILLISECONDS = 15;

const { loadCheckpoint, loadFile }: typeof Entry = await import(
  new URL("../dist/node.js", import.meta.url).href
);
const {
  create,
  train,
}: {
  create(): Promise<AnyNetwork>;
  train(network: AnyNetwork, options?: object): Promise<History>;
} = await import(new URL("support/interruptible.js", import.meta.url).href);

/** The last epoch that the process has reported, once it has reported `count`. */
function afterEpochs({ stdout }: ChildProcess, count: number): Promise<number> {
  let text = "";
  return new Promise((resolve) => {
    stdout!.on("data", (chunk) => {
      text += chunk;
      const epochs = text.trimEnd().split("\n");
      if (epochs.length >= count) resolve(Number(epochs.at(-1)));
    });
  });
}

/** Everything that training changes, in all its bits. */
function stateOf(network: AnyNetwork): string {
  const { parameters, buffers, epoch, learningRate, history } = network;
  return JSON.stringify({
    parameters,
    buffers,
    epoch,
    learningRate,
    history: { ...history, milliseconds: 0 },
  });
}

it("resumes exactly from the newest whole file after each of fifty kills", { timeout: 180_000 }, async ({
  annotate,
}) => {
  const folder = await mkdtemp(join(tmpdir(), "kill-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, "fit.safetensors");
  const random = library.numpyRandom(1);
  const draw = (end: number) => Math.floor(random.rand(1)[0]! * end);
  let epoch = 0;
  let interruptedWrites = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const child = spawn(process.execPath, [PROGRAM, path], { stdio: ["ignore", "pipe", "inherit"] });
    const reported = await afterEpochs(child, 1 + draw(MAX_EPOCHS));
    await sleep(draw(MAX_MILLISECONDS));
    const exit = once(child, "exit");
    child.kill("SIGKILL");
    expect(await exit).toEqual([null, "SIGKILL"]);

    const files = await readdir(folder);
    interruptedWrites += files.filter((file) => file.endsWith(".tmp")).length;
    expect(files.length).toBeLessThanOrEqual(5);
    if (!files.includes("fit.safetensors")) continue;
    const newest = await loadCheckpoint(path);
    const first = await loadFile(path);
    expect(first.epoch).toBe(newest.epoch);
    // The process reports an epoch before it writes the file.
    expect(newest.epoch).toBeGreaterThanOrEqual(Math.max(epoch, reported - 1));
    epoch = newest.epoch;
    newest.dispose();
    first.dispose();
  }
  await annotate(`${epoch} epochs were finished, and ${interruptedWrites} writes interrupted.`);

  const uninterrupted = await create();
  const resumed = await loadCheckpoint(path);
  const history = await train(uninterrupted);
  expect(history).toMatchObject({ stopped: "earlyStopping" });
  expect(epoch).toBeLessThan(history.loss.length);
  await train(resumed, { resume: true });
  expect(stateOf(resumed)).toBe(stateOf(uninterrupted));
  for (const network of [uninterrupted, resumed]) await train(network, { epochs: 3 });
  expect(stateOf(resumed)).toBe(stateOf(uninterrupted));
});
