import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { type FileTensor, readSafetensors, writeSafetensors } from "../src/files/safetensors.js";
import { adam, BackpropError, batchNorm, createNetwork, dense, loadNetwork } from "../src/index.js";
import { errorOf, rejectionOf } from "./support/errorOf.js";

/** A file with everything that a file can have: optimizer, buffers, a fit with its best parameters. */
let file = new Uint8Array();

beforeAll(async () => {
  const network = await createNetwork({
    inputs: 2,
    layers: [dense(3, "relu"), batchNorm(), dense(1)],
    loss: "meanSquaredError",
    optimizer: adam({ ema: 0.9 }),
  });
  const inputs = [
    [0, 1],
    [1, 0],
    [1, 1],
    [0, 0],
  ];
  await network.fit(inputs, [1, 1, 0, 0], {
    epochs: 3,
    validationData: [inputs, [1, 1, 0, 0]],
    earlyStopping: {},
  });
  file = network.save();
});

/** A file with this header and `size` bytes of data. */
function fileWith(header: unknown, size = 8): Uint8Array {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + size);
  new DataView(bytes.buffer).setUint32(0, text.length, true);
  bytes.set(text, 8);
  return bytes;
}

const tensor = (offsets: unknown, shape: unknown = [2], dtype: unknown = "F32") => ({
  a: { dtype, shape, data_offsets: offsets },
});

describe("a file that is not whole", () => {
  it("is refused when cut off at any byte", async () => {
    for (let length = 0; length < file.length; length++) {
      expect(errorOf(() => readSafetensors(file.subarray(0, length))).code).toBe("invalidFile");
    }
    expect((await rejectionOf(loadNetwork(file.subarray(0, file.length - 1)))).code).toBe("invalidFile");
  });

  it("is refused with bytes at its end", () => {
    const longer = new Uint8Array(file.length + 1);
    longer.set(file);
    expect(errorOf(() => readSafetensors(longer)).message).toContain("1 bytes follow the last tensor");
  });

  it.each([
    [
      "a header longer than the file",
      Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0, 1),
      "its header ends after the file",
    ],
    ["a header of 2^63 bytes", Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 128), "its header ends after the file"],
    [
      "another format",
      new TextEncoder().encode("PK\u0003\u0004 not a model at all"),
      "its header ends after",
    ],
    ["a header that is not JSON", fileWith("{"), "its header is not JSON"],
    ["a header that is not UTF-8", fileWith("{}").fill(255, 8, 10), "its header is not JSON"],
    ["a header that is a list", fileWith([]), "its header is not an object"],
    ["a header that is null", fileWith(null), "its header is not an object"],
    ["metadata that are numbers", fileWith({ __metadata__: { a: 1 } }, 0), "is not an object of strings"],
    ["a tensor that is null", fileWith({ a: null }), 'the tensor "a" has no description'],
    ["an unknown type", fileWith(tensor([0, 8], [2], "F128")), 'the tensor "a" has the unknown type "F128"'],
    ["a type of the prototype", fileWith(tensor([0, 8], [2], "toString")), "has the unknown type"],
    ["no shape", fileWith(tensor([0, 8], null)), 'the tensor "a" has no valid shape'],
    ["a negative length", fileWith(tensor([0, 8], [-2])), 'the tensor "a" has no valid shape'],
    ["a fraction", fileWith(tensor([0, 8], [1.5])), 'the tensor "a" has no valid shape'],
    ["a huge shape", fileWith(tensor([0, 8], [2 ** 50, 2 ** 50])), 'the tensor "a" has wrong offsets'],
    ["no offsets", fileWith(tensor(undefined)), 'the tensor "a" has no valid offsets'],
    ["one offset", fileWith(tensor([0])), 'the tensor "a" has no valid offsets'],
    ["offsets that do not fit the shape", fileWith(tensor([0, 4])), 'the tensor "a" has wrong offsets'],
    ["a gap before the tensor", fileWith(tensor([4, 12]), 12), 'the tensor "a" has wrong offsets'],
    ["a tensor after the end", fileWith(tensor([0, 8]), 4), 'the tensor "a" ends after the file'],
  ])("is refused with %s", (_, bytes, message) => {
    const error = errorOf(() => readSafetensors(bytes));
    expect(error.code).toBe("invalidFile");
    expect(error.message).toContain(message);
  });
});

describe("a file of ours", () => {
  it("is refused if any byte of it was altered", async () => {
    for (let at = 0; at < file.length; at++) {
      const altered = file.slice();
      altered[at]! ^= 1 << (at % 8);
      const error = await rejectionOf(loadNetwork(altered));
      expect(error.code, `byte ${at}`).toBe("invalidFile");
    }
  });

  it("is refused if it has a later version", async () => {
    const { tensors, metadata } = readSafetensors(file);
    const later = writeSafetensors({ tensors, metadata: { ...metadata, version: "2" } });
    const error = await rejectionOf(loadNetwork(later));
    expect(error.code).toBe("invalidFile");
    expect(error.message).toBe(
      'The file has version "2" of the format, and this version of the library reads 1. Use a newer version of the ' +
        "library.",
    );
  });

  it.each(["network", "training", "digest"])("is refused without its %s", async (name) => {
    const { tensors, metadata } = readSafetensors(file);
    const { [name]: _, ...others } = metadata;
    const error = await rejectionOf(loadNetwork(writeSafetensors({ tensors, metadata: others })));
    expect(error.code).toBe("invalidFile");
    expect(error.message).toContain("its digest differs");
  });
});

describe("any bytes", () => {
  it("are read, or refused with a BackpropError", async () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(changes, fc.nat(), async (bytes, cut) => {
        const spoiled = file.slice(0, file.length - (cut % 3 === 0 ? cut % file.length : 0));
        for (const [at, byte] of bytes) spoiled[at % 400] = byte;
        await loadNetwork(spoiled).catch((error: unknown) => expect(error).toBeInstanceOf(BackpropError));
      }),
      { numRuns: 2000, seed: 1 },
    );
  });
});

describe("a file that was written", () => {
  it("has its tensors aligned, the larger numbers first", () => {
    const of = (dtype: string, bytes: number): FileTensor => ({
      dtype,
      shape: [1],
      bytes: new Uint8Array(bytes).fill(bytes),
    });
    const tensors = new Map([
      ["byte", of("U8", 1)],
      ["single", of("F32", 4)],
      ["double", of("F64", 8)],
    ]);
    const written = writeSafetensors({ tensors, metadata: { note: "é" } });
    const header = new DataView(written.buffer).getUint32(0, true);
    expect(header % 8).toBe(0);
    const read = readSafetensors(written);
    expect([...read.tensors.keys()]).toEqual(["double", "single", "byte"]);
    expect(read.tensors.get("double")!.bytes.byteOffset % 8).toBe(0);
    expect(read.metadata).toEqual({ note: "é" });
    for (const [name, { bytes }] of tensors) expect(read.tensors.get(name)!.bytes).toEqual(bytes);
  });
});
