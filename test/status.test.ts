// How the wrapper turns a status of the core into an error.

import { afterEach, describe, expect, it, vi } from "vitest";
import { StatusNumber } from "../src/abi/structs.js";
import { createNetwork, dense } from "../src/index.js";
import { sharedCore } from "../src/wasm/core.js";
import { requireAccepted } from "../src/wasm/status.js";
import { errorOf } from "./support/errorOf.js";
import { replaceExports } from "./support/replaceExports.js";

const OPTIONS = { inputs: 2, layers: [dense(3)], loss: "huber" } as const;

afterEach(() => {
  vi.restoreAllMocks();
});

describe("requireAccepted", () => {
  const numbers = Object.values(StatusNumber);

  it("accepts every status that a run ends with", () => {
    for (const status of numbers.filter((number) => number <= StatusNumber.StepNotFinite)) {
      expect(() => requireAccepted(status)).not.toThrow();
    }
  });

  it("throws for every status of a refused call, and names it", () => {
    for (const [name, status] of Object.entries(StatusNumber)) {
      if (status <= StatusNumber.StepNotFinite) continue;
      const { code, message } = errorOf(() => requireAccepted(status));
      if (name === "WrongVersion") expect(code).toBe("coreUnavailable");
      else if (name === "TooLarge") expect(code).toBe("outOfMemory");
      else expect([code, message]).toEqual(["invalidOption", expect.stringContaining(` ${name}.`)]);
    }
  });

  it("names the number of a status that it does not know", () => {
    expect(errorOf(() => requireAccepted(1000)).message).toContain("status 1000.");
  });
});

describe("createNetwork", () => {
  it.each([
    ["network_check", "WrongVersion", "coreUnavailable"],
    ["network_layout", "InvalidAddress", "invalidOption"],
    ["workspace_check_f32", "TooLarge", "outOfMemory"],
    ["workspace_layout_f32", "InvalidAddress", "invalidOption"],
    ["optimizer_check_f32", "UnknownOptimizer", "invalidOption"],
    ["optimizer_layout_f32", "InvalidAddress", "invalidOption"],
    ["network_set_optimizer", "InvalidAddress", "invalidOption"],
  ] as const)("rejects if %s of the core returns %s", async (name, status, code) => {
    replaceExports(await sharedCore(), { [name]: () => StatusNumber[status] });
    await expect(createNetwork(OPTIONS)).rejects.toMatchObject({ name: "BackpropError", code });
  });

  it("returns a network whose calls throw if the core refuses them", async () => {
    const core = await sharedCore();
    const network = await createNetwork(OPTIONS);
    const layOut = core.exports.network_layout;
    // In memory, the network's element size becomes that of the other dtype.
    const addresses: number[] = [];
    replaceExports(core, {
      network_layout(address, description) {
        addresses.push(address);
        return layOut(address, description);
      },
    });
    const broken = await createNetwork(OPTIONS);
    new Uint32Array(core.memory.buffer, addresses[0]!, 1)[0] = 8;
    const inputs = [[1, 2]];
    const targets = [[1, 2, 3]];
    for (const use of [
      () => broken.fitSync(inputs, targets),
      () => broken.predict(inputs),
      () => broken.evaluate(inputs, targets),
      () => broken.gradients(inputs, targets),
    ]) {
      expect(errorOf(use).message).toContain("WrongElementType");
    }
    network.fitSync(inputs, targets);
    for (const each of [network, broken]) each.dispose();
  });
});
