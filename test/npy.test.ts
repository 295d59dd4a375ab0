// Files of NumPy: .npy and .npz. test/tools/formats.py reads what is written here with NumPy itself.

import { readFileSync } from "node:fs";
import { crc32, deflateRawSync } from "node:zlib";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { type NpyArray, readNpy, readNpz, writeNpy, writeNpz } from "../src/formats.js";
import { createNetwork, dense, type ShapedData } from "../src/index.js";
import { corruptions, countRefusals, truncations } from "./support/corrupt.js";
import { errorOf } from "./support/errorOf.js";
import { HOSTILE } from "./support/hostile.js";

interface Reference {
  readonly files: readonly {
    readonly file: string;
    readonly type: string;
    readonly shape: number[];
    readonly values: (number | string)[];
  }[];
  readonly archive: { readonly file: string; readonly names: string[] };
}

const { files, archive } = JSON.parse(
  readFileSync(new URL("reference/npy.json", import.meta.url), "utf8"),
) as Reference;

const fromHex = (text: string) => new Uint8Array(Buffer.from(text, "hex"));

/** The type that NumPy's types become. */
const CLASSES: Readonly<Record<string, string>> = {
  b1: "Uint8Array",
  f2: "Float32Array",
  f4: "Float32Array",
  f8: "Float64Array",
  i1: "Int8Array",
  i2: "Int16Array",
  i4: "Int32Array",
  i8: "Float64Array",
  u1: "Uint8Array",
  u2: "Uint16Array",
  u4: "Uint32Array",
  u8: "Float64Array",
};

/** A file with this header. */
function npy(header: string, data: number[] = [], version = 1): Uint8Array {
  return Uint8Array.of(
    0x93,
    ...Buffer.from("NUMPY"),
    version,
    0,
    header.length,
    0,
    ...Buffer.from(header),
    ...data,
  );
}

const HEADER = "{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }\n";

describe("readNpy", () => {
  it.each(files.map((each) => [`${each.type} [${each.shape}]`, each] as const))(
    "reads the array that NumPy wrote: %s",
    (_, { file, type, shape, values }) => {
      const array = readNpy(fromHex(file));
      expect(array.shape).toEqual(shape);
      expect(array.data.constructor.name).toBe(CLASSES[type.slice(1)]);
      expect(Array.from(array.data)).toEqual(
        values.map((value) => (typeof value === "string" ? Number(value.replace("inf", "Infinity")) : value)),
      );
    },
  );

  it("reads an ArrayBuffer, and bytes at any address", () => {
    const bytes = writeNpy({ data: Float64Array.of(1, 2), shape: [2] });
    for (let offset = 0; offset < 9; offset++) {
      const larger = new Uint8Array(bytes.length + offset);
      larger.set(bytes, offset);
      expect(readNpy(larger.subarray(offset)).data).toEqual(Float64Array.of(1, 2));
    }
    expect(readNpy(bytes.slice().buffer).data).toEqual(Float64Array.of(1, 2));
  });

  it("reads a header in another order, with double quotes", () => {
    const array = readNpy(npy(`{"shape": (2,), "descr": "|u1", "fortran_order": False}`, [3, 4]));
    expect(array).toEqual({ shape: [2], data: Uint8Array.of(3, 4) });
  });

  it.each<[string, Uint8Array, string, RegExp]>([
    ["no bytes", new Uint8Array(0), "invalidData", /not a \.npy file/],
    ["another file", Buffer.from("PK\x03\x04, not NumPy"), "invalidData", /not a \.npy file/],
    ["version 4", npy(HEADER, [1, 2], 4), "invalidData", /version 4; expected 1, 2 or 3/],
    ["fewer elements", npy(HEADER, [1]), "invalidData", /1 bytes follow the header; expected 2 × 1/],
    ["more elements", npy(HEADER, [1, 2, 3]), "invalidData", /3 bytes follow the header/],
    ["a huge shape", npy(HEADER.replace("2,", "9007199254740991, 999999")), "invalidData", /0 bytes follow/],
    ["a length beyond 2^53", npy(HEADER.replace("2,", "0, 99999999999999999999")), "invalidData", /shape/],
    ["65 dimensions", npy(HEADER.replace("2,", "1,".repeat(65)), [1]), "invalidData", /shape/],
    ["a header that is no dict", npy("[1, 2]"), "invalidData", /header is "\[1, 2\]"/],
    ["complex numbers", npy(HEADER.replace("|u1", "<c8"), Array(16).fill(0)), "unsupported", /c8/],
    ["objects", npy(HEADER.replace("|u1", "|O"), [1, 2]), "unsupported", /type that is not supported/],
    ["records", npy(HEADER.replace("'|u1'", "[('a', '<f4')]"), [1, 2]), "unsupported", /not supported/],
    [
      "a type that objects inherit",
      npy(HEADER.replace("|u1", "toString"), [1, 2]),
      "unsupported",
      /not supported/,
    ],
    [
      "an integer beyond 2^53",
      npy(HEADER.replace("|u1", "<i8").replace("2,", ""), [0, 0, 0, 0, 0, 0, 32, 0]),
      "invalidData",
      /integer 9007199254740992 as element 0/,
    ],
  ])("refuses %s", (_, bytes, code, message) => {
    expect(errorOf(() => readNpy(bytes))).toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it("refuses values that are not bytes", () => {
    for (const create of Object.values(HOSTILE)) errorOf(() => readNpy(create() as Uint8Array));
  });

  it("throws only BackpropErrors for files that are truncated or altered", async () => {
    const bytes = fromHex(files.find(({ type, shape }) => type === ">f4" && shape.length === 2)!.file);
    expect(await countRefusals(truncations(bytes), readNpy)).toBe(bytes.length);
    expect(await countRefusals(corruptions(bytes, 20_000), readNpy)).toBeGreaterThan(1000);
  });
});

describe("writeNpy", () => {
  const ARRAYS = [
    Float32Array,
    Float64Array,
    Int8Array,
    Uint8Array,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
  ];

  it.each(ARRAYS.map((ArrayOfType) => [ArrayOfType.name, ArrayOfType] as const))(
    "writes what readNpy reads: %s",
    (_, ArrayOfType) => {
      const data = ArrayOfType.of(1, 2, 3, 4, 5, 250);
      for (const shape of [[6], [2, 3], [1, 2, 3, 1]]) {
        expect(readNpy(writeNpy({ data, shape }))).toEqual({ data, shape });
      }
    },
  );

  it("writes the bytes that NumPy writes", () => {
    for (const { file, type, shape } of files) {
      // NumPy wrote these in row-major order, with the first version of the format.
      const isPlain = /^[<|][fiu][1248]$/.test(type) && !/^.(f2|[iu]8)$/.test(type);
      const bytes = fromHex(file);
      if (!isPlain || bytes[6] !== 1 || Buffer.from(bytes).includes("True") || shape.length === 0) continue;
      expect(Buffer.from(writeNpy(readNpy(bytes))).toString("hex")).toBe(file);
    }
  });

  it("writes arrays of numbers as float64, bytes that are clamped as bytes, scalars and arrays without elements", () => {
    const round = (array: ShapedData): NpyArray => readNpy(writeNpy(array));
    expect(round({ data: [1, 0.1], shape: [2, 1] }).data).toEqual(Float64Array.of(1, 0.1));
    expect(round({ data: Uint8ClampedArray.of(255), shape: [1] }).data).toEqual(Uint8Array.of(255));
    expect(round({ data: [7], shape: [] })).toEqual({ data: Float64Array.of(7), shape: [] });
    expect(round({ data: [], shape: [0, 3] }).shape).toEqual([0, 3]);
  });

  it("writes the tensors of a network, and setParameters takes what is read", async () => {
    const layers = [dense(3), dense(2)] as const;
    const network = await createNetwork({ inputs: 4, layers, loss: "huber" });
    const copy = await createNetwork({ inputs: 4, layers, loss: "huber", seed: 2 });
    const round = (array: ShapedData) => readNpy(writeNpy(array));
    copy.setParameters(
      network.parameters.map(({ kernel, bias }) => ({ kernel: round(kernel), bias: round(bias!) })),
    );
    expect(copy.parameters[1].kernel.data).toEqual(network.parameters[1].kernel.data);
  });

  it.each<[string, unknown, string]>([
    ["a shape of another size", { data: [1, 2], shape: [3] }, "invalidShape"],
    ["a typed array of another size", { data: new Int8Array(4), shape: [3] }, "invalidShape"],
    ["a negative length", { data: [], shape: [-1] }, "invalidOption"],
    ["64-bit integers", { data: new BigInt64Array(1), shape: [1] }, "invalidOption"],
    ["text", { data: ["1"], shape: [1] }, "invalidOption"],
    ["no shape", { data: [1] }, "invalidOption"],
  ])("refuses %s", (_, array, code) => {
    expect(errorOf(() => writeNpy(array as ShapedData))).toMatchObject({ code });
  });

  it("refuses hostile values", () => {
    for (const create of Object.values(HOSTILE)) {
      errorOf(() => writeNpy(create() as ShapedData));
      errorOf(() => writeNpy({ data: create() as number[], shape: [5] }));
      errorOf(() => writeNpy({ data: [1, 2], shape: create() as number[] }));
      errorOf(() => writeNpz({ a: create() as ShapedData }));
    }
  });
});

const ONE = { data: Float32Array.of(1, 2, 3), shape: [3] };
const ZEROS = { data: new Float64Array(5000), shape: [50, 100] };

/** An archive with one member, whose fields may be wrong. */
function zip(content: Uint8Array, fields: Record<string, number> = {}, name = "a.npy"): Uint8Array {
  const { flags = 0, method = 0, checksum = crc32(content), size = content.length, count = 1 } = fields;
  const { stored = content.length, offset = 0, entry = 30 + name.length + content.length } = fields;
  const member = Buffer.alloc(30);
  member.writeUInt32LE(0x04034b50, 0);
  member.writeUInt16LE(name.length, 26);
  const directory = Buffer.alloc(46);
  directory.writeUInt32LE(0x02014b50, 0);
  directory.writeUInt16LE(flags, 8);
  directory.writeUInt16LE(method, 10);
  directory.writeUInt32LE(checksum, 16);
  directory.writeUInt32LE(stored, 20);
  directory.writeUInt32LE(size, 24);
  directory.writeUInt16LE(name.length, 28);
  directory.writeUInt32LE(offset, 42);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(entry, 16);
  const parts = [
    member,
    Buffer.from(name),
    content,
    ...Array(count)
      .fill([directory, Buffer.from(name)])
      .flat(),
    end,
  ];
  return new Uint8Array(Buffer.concat(parts));
}

describe("readNpz", () => {
  it("reads the arrays that NumPy wrote, by their names", () => {
    const arrays = readNpz(fromHex(archive.file));
    expect(Object.keys(arrays)).toEqual(archive.names);
    expect(arrays).toEqual({
      kernel: { shape: [2, 3], data: Float32Array.of(0, 1, 2, 3, 4, 5) },
      größe: { shape: [], data: Float64Array.of(7) },
    });
  });

  it("reads arrays that another program deflated", () => {
    const content = writeNpy(ZEROS);
    const deflated = new Uint8Array(deflateRawSync(content));
    const fields = { method: 8, checksum: crc32(content), size: content.length };
    expect(readNpz(zip(deflated, fields))).toEqual({ a: ZEROS });
  });

  it("is not written with more arrays than a ZIP archive holds", () => {
    const one = { data: new Uint8Array(0), shape: [0] };
    const arrays = Object.fromEntries(Array.from({ length: 65_535 }, (_, i) => [`a${i}`, one]));
    const error = errorOf(() => writeNpz(arrays as never));
    expect(error.code).toBe("unsupported");
    expect(error.message).toBe("arrays has 65535 arrays; expected fewer than 65535. Write several archives.");
  });

  it.each([false, true])("reads what writeNpz wrote, with compress: %s", (compress) => {
    const arrays = { one: ONE, zeros: ZEROS, __proto__x: ONE, "": ONE, "a/b é": ONE };
    const bytes = writeNpz(arrays, { compress });
    expect(readNpz(bytes)).toEqual(arrays);
    vi.setSystemTime(new Date(2001, 1, 1));
    onTestFinished(() => {
      vi.useRealTimers();
    });
    expect(writeNpz(arrays, { compress })).toEqual(bytes);
    expect(bytes.length < 5000).toBe(compress);
    const own = Object.fromEntries([["__proto__", ONE]]);
    expect(Object.entries(readNpz(writeNpz(own)))).toEqual([["__proto__", ONE]]);
    expect(readNpz(writeNpz({}))).toEqual({});
  });

  const content = writeNpy(ONE);

  it.each<[string, Uint8Array, string, RegExp]>([
    ["a .npy file", content, "invalidData", /not a whole \.npz file/],
    ["another checksum", zip(content, { checksum: 1 }), "invalidData", /checksum of "a\.npy" differs/],
    ["an encrypted array", zip(content, { flags: 1 }), "unsupported", /encrypted/],
    ["another compression", zip(content, { method: 12 }), "unsupported", /method 12/],
    ["a file of another kind", zip(content, {}, "a.txt"), "unsupported", /"a\.txt"; expected only \.npy/],
    [
      "a size that no data can have",
      zip(content, { method: 8, size: 2 ** 31 }),
      "invalidData",
      /claims 2147483648/,
    ],
    [
      "data that are not deflated",
      zip(content, { method: 8, size: 100 }),
      "invalidData",
      /cannot be inflated|checksum/,
    ],
    [
      "a member past the end",
      zip(content, { offset: 10_000 }),
      "invalidData",
      /a member is expected at byte 10000/,
    ],
    [
      "a directory past the end",
      zip(content, { entry: 10_000 }),
      "invalidData",
      /entry of the directory is expected/,
    ],
    ["a member of more bytes", zip(content, { stored: 10_000, size: 10_000 }), "invalidData", /overlap/],
    ["the same member many times", zip(content, { count: 9 }), "invalidData", /overlap|two arrays/],
    ["ZIP64", zip(content, { offset: 2 ** 32 - 1 }), "unsupported", /ZIP64/],
    [
      "an array that is not whole",
      zip(content.subarray(0, 90)),
      "invalidData",
      /bytes\["a"\] cannot be read/,
    ],
  ])("refuses %s", (_, bytes, code, message) => {
    expect(errorOf(() => readNpz(bytes))).toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it("refuses two arrays of one name", () => {
    const bytes = Buffer.from(writeNpz({ a: ONE, b: ONE }));
    bytes.write("a.npy", bytes.lastIndexOf("b.npy"));
    const error = errorOf(() => readNpz(new Uint8Array(bytes)));
    expect(error).toMatchObject({
      code: "invalidData",
      message: expect.stringContaining('two arrays of the name "a"'),
    });
  });

  it("refuses values that are not bytes, and options that do not exist", () => {
    for (const create of Object.values(HOSTILE)) {
      errorOf(() => readNpz(create() as Uint8Array));
      expect(() => writeNpz({}, create() as object)).not.toThrow(TypeError);
    }
    expect(errorOf(() => writeNpz({}, { level: 9 } as object))).toMatchObject({ code: "invalidOption" });
    expect(errorOf(() => writeNpz(null as never))).toMatchObject({ code: "invalidOption" });
  });

  it.each([false, true])(
    "throws only BackpropErrors for damaged archives, compress: %s",
    async (compress) => {
      const bytes = writeNpz({ one: ONE, two: ONE }, { compress });
      expect(await countRefusals(truncations(bytes), readNpz)).toBe(bytes.length);
      expect(await countRefusals(corruptions(bytes, 5000), readNpz)).toBeGreaterThan(3000);
    },
  );
});
