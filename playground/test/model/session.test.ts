import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { DEFAULT_EXPERIMENT } from "../../src/experiment/experiment.js";
import type { Frame, Request, Response } from "../../src/training/messages.js";
import { TrainingSession, type WorkerPort } from "../../src/training/session.js";

class FakeWorker implements WorkerPort {
  readonly requests: Request[] = [];
  onmessage: WorkerPort["onmessage"] = null;
  onerror: WorkerPort["onerror"] = null;
  isEnded = false;

  postMessage(request: Request): void {
    this.requests.push(request);
  }

  say(response: Response): void {
    this.onmessage!({ data: response } as MessageEvent<Response>);
  }

  terminate(): void {
    this.isEnded = true;
  }
}

const events = { onFrame: vi.fn(), onState: vi.fn(), onFailed: vi.fn() };
let worker: FakeWorker;
let session: TrainingSession;
let draw: (() => void)[];

beforeEach(() => {
  draw = [];
  vi.stubGlobal("requestAnimationFrame", (callback: () => void) => draw.push(callback));
  worker = new FakeWorker();
  session = new TrainingSession(events, worker);
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.clearAllMocks();
});

describe("a session", () => {
  it("draws a frame when the browser does, and asks for the next one only then", () => {
    const frame = { epoch: 3 } as Frame;
    worker.say({ kind: "frame", frame });
    expect(events.onFrame).not.toHaveBeenCalled();
    expect(worker.requests).toEqual([]);
    for (const callback of draw) callback();
    expect(events.onFrame.mock.calls).toEqual([[frame]]);
    expect(worker.requests).toEqual([{ kind: "drawn" }]);
  });

  it("draws no frame of the network before once another is open", async () => {
    worker.say({ kind: "frame", frame: { epoch: 3 } as Frame });
    const opened = session.open(DEFAULT_EXPERIMENT);
    const [request] = worker.requests as { id: number }[];
    worker.say({ kind: "done", id: request!.id, result: "opened" as never });
    await opened;
    for (const callback of draw.splice(0)) callback();
    expect(events.onFrame).not.toHaveBeenCalled();
    expect(worker.requests.at(-1)).toEqual({ kind: "drawn" });
    const frame = { epoch: 0 } as Frame;
    worker.say({ kind: "frame", frame });
    for (const callback of draw) callback();
    expect(events.onFrame.mock.calls).toEqual([[frame]]);
  });

  it("resolves each promise by its own answer, in any order", async () => {
    const opened = session.open(DEFAULT_EXPERIMENT);
    const exported = session.export("c");
    const [first, second] = worker.requests as { id: number }[];
    worker.say({ kind: "done", id: second!.id, result: "file" as never });
    worker.say({ kind: "done", id: first!.id, result: "opened" as never });
    expect(await Promise.all([opened, exported])).toEqual(["opened", "file"]);
  });

  it("rejects the promise that failed, and reports other failures", async () => {
    const opened = session.open(DEFAULT_EXPERIMENT);
    worker.say({ kind: "failed", id: undefined, sentence: "It diverged." });
    expect(events.onFailed.mock.calls).toEqual([["It diverged."]]);
    worker.say({ kind: "failed", id: 1, sentence: "Too large." });
    await expect(opened).rejects.toThrow("Too large.");
    expect(events.onFailed).toHaveBeenCalledTimes(1);
  });

  it("fails all that waits with a sentence if the worker cannot be loaded", async () => {
    const opened = session.open(DEFAULT_EXPERIMENT);
    worker.onerror!({ message: "" } as ErrorEvent);
    await expect(opened).rejects.toThrow("The worker that trains could not be loaded.");
    expect(events.onFailed).toHaveBeenCalledTimes(1);
  });

  it("passes requests and states on, and ends its worker", () => {
    session.run();
    session.pause();
    session.step();
    session.epoch();
    session.reset();
    session.setSpeed(30);
    session.hover({ layer: 0, unit: 1 });
    worker.say({ kind: "state", state: "running" });
    expect(worker.requests).toEqual([
      { kind: "run", until: Number.POSITIVE_INFINITY },
      { kind: "pause" },
      { kind: "step" },
      { kind: "epoch" },
      { kind: "reset" },
      { kind: "speed", epochsPerSecond: 30 },
      { kind: "hover", unit: { layer: 0, unit: 1 } },
    ]);
    expect(events.onState.mock.calls).toEqual([["running"]]);
    session.close();
    expect(worker.isEnded).toBe(true);
  });
});

describe("the page's side", () => {
  const SOURCES = fileURLToPath(new URL("../../src/", import.meta.url));

  /** The files that a file imports at run time, and those that these import. */
  function importedBy(file: string, seen = new Map<string, string>()): Map<string, string> {
    if (seen.has(file)) return seen;
    const text = readFileSync(file, "utf8").replace(/import type [^;]+;|export type \{[^;]+;/g, "");
    seen.set(file, text);
    for (const [, path] of text.matchAll(/from "(\.[^"]+)\.js"/g)) {
      const source = join(dirname(file), path!);
      importedBy(existsSync(`${source}.tsx`) ? `${source}.tsx` : `${source}.ts`, seen);
    }
    return seen;
  }

  it("does not load the library: only the worker does", () => {
    const files = importedBy(join(SOURCES, "main.tsx"));
    expect([...files.keys()]).toContain(join(SOURCES, "training/session.ts"));
    const importing = [...files].filter(([, text]) => text.includes('from "backprop-wasm'));
    expect(importing.map(([file]) => file)).toEqual([]);
  });
});
