import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BackpropError } from "../src/index.js";
import type { CoreExports } from "../src/wasm/core.js";
import { Heap } from "../src/wasm/heap.js";
import { errorOf } from "./support/errorOf.js";

const PAGE = 65536;
const HEAP_BASE = 1100;
/** The first multiple of 64 at or after the heap base. */
const FIRST = 1152;

function createHeap(maximum = 256, heapBase = HEAP_BASE): { heap: Heap; memory: WebAssembly.Memory } {
  const memory = new WebAssembly.Memory({ initial: 1, maximum });
  const exports = { heap_base: () => heapBase } as CoreExports;
  return { heap: new Heap({ exports, memory }), memory };
}

interface Block {
  readonly address: number;
  readonly bytes: number;
  readonly mark: number;
}

/** The largest free gap between blocks, or between the last block and `end`, the end of all memory ever allocated. */
function largestGap(blocks: readonly Block[], end: number): number {
  let largest = 0;
  let at = FIRST;
  for (const { address, bytes } of [...blocks].sort((a, b) => a.address - b.address)) {
    largest = Math.max(largest, address - at);
    at = address + roundUp(bytes);
  }
  return Math.max(largest, end - at);
}

function roundUp(bytes: number): number {
  return Math.ceil(Math.max(1, bytes) / 64) * 64;
}

describe("the heap", () => {
  const ALLOCATION = fc.oneof(
    fc.integer({ min: 0, max: 200 }),
    fc.integer({ min: 0, max: 10_000 }),
    fc.integer({ min: 0, max: 3 * PAGE }),
  );
  const STEPS = fc.array(
    fc.oneof(
      fc.record({ allocate: ALLOCATION }),
      fc.record({ free: fc.nat() }),
      // Listed twice, so that many free blocks are merged.
      fc.record({ free: fc.nat() }),
    ),
    { maxLength: 60 },
  );

  it("allocates aligned, zeroed blocks that never overlap, and grows only when no free block is large enough", () => {
    fc.assert(
      fc.property(STEPS, (steps) => {
        const { heap } = createHeap();
        const blocks: Block[] = [];
        let end = FIRST;
        let marks = 0;
        const freeAt = (index: number) => {
          const [block] = blocks.splice(index, 1);
          const { address, bytes, mark } = block!;
          // No other block has overwritten it.
          expect(new Uint8Array(heap.buffer, address, bytes).every((byte) => byte === mark)).toBe(true);
          heap.free(address);
        };
        for (const step of steps) {
          if ("free" in step) {
            if (blocks.length > 0) freeAt(step.free % blocks.length);
            continue;
          }
          const bytes = step.allocate;
          const before = heap.buffer.byteLength;
          const gap = largestGap(blocks, end);
          const address = heap.allocate(bytes);
          expect(address % 64).toBe(0);
          expect(address).toBeGreaterThanOrEqual(FIRST);
          expect(address + roundUp(bytes)).toBeLessThanOrEqual(heap.buffer.byteLength);
          expect(new Uint8Array(heap.buffer, address, bytes).every((byte) => byte === 0)).toBe(true);
          for (const other of blocks) {
            const isApart =
              address + roundUp(bytes) <= other.address || other.address + roundUp(other.bytes) <= address;
            expect(isApart).toBe(true);
          }
          if (gap >= roundUp(bytes)) {
            expect(heap.buffer.byteLength).toBe(before);
            expect(address + roundUp(bytes)).toBeLessThanOrEqual(end);
          }
          end = Math.max(end, address + roundUp(bytes));
          expect(heap.buffer.byteLength).toBe(Math.max(1, Math.ceil(end / PAGE)) * PAGE);
          marks = (marks % 250) + 1;
          new Uint8Array(heap.buffer, address, bytes).fill(marks);
          blocks.push({ address, bytes, mark: marks });
        }
        // After all blocks are freed, in any order, memory is one free block.
        while (blocks.length > 0) freeAt(blocks.length >> 1);
        const size = heap.buffer.byteLength;
        if (end > FIRST) expect(heap.allocate(end - FIRST)).toBe(FIRST);
        expect(heap.buffer.byteLength).toBe(size);
      }),
      { numRuns: 300 },
    );
  });

  it("begins at the heap base, or at the next multiple of 64", () => {
    expect(createHeap(1, 1100).heap.allocate(1)).toBe(FIRST);
    expect(createHeap(1, 1152).heap.allocate(1)).toBe(FIRST);
    // The core returns addresses above 2 GiB as negative numbers.
    expect(() => createHeap(1, -(2 ** 31)).heap.allocate(1)).toThrow(
      expect.objectContaining({ code: "outOfMemory" }),
    );
  });

  it("merges a freed block with the free blocks before and after it", () => {
    const { heap } = createHeap();
    const [a, b, c, d] = [64, 64, 64, 64].map((bytes) => heap.allocate(bytes)) as [
      number,
      number,
      number,
      number,
    ];
    heap.free(a);
    heap.free(c);
    heap.free(b);
    expect(heap.allocate(192)).toBe(a);
    expect(heap.allocate(64)).toBe(d + 64);
  });

  it("allocates from the first free block that is large enough, and keeps the rest of it free", () => {
    const { heap } = createHeap();
    const small = heap.allocate(64);
    heap.allocate(64);
    const large = heap.allocate(640);
    heap.allocate(64);
    heap.free(small);
    heap.free(large);
    expect(heap.allocate(128)).toBe(large);
    expect(heap.allocate(64)).toBe(small);
    expect(heap.allocate(512)).toBe(large + 128);
  });

  it("extends a free block at the end of memory when it grows", () => {
    const { heap } = createHeap();
    const last = heap.allocate(PAGE / 2);
    heap.free(last);
    expect(heap.allocate(3 * PAGE)).toBe(last);
    expect(heap.buffer.byteLength).toBe(4 * PAGE);
  });

  it("ignores addresses that are not of allocated blocks", () => {
    const { heap } = createHeap();
    const block = heap.allocate(64);
    heap.free(block + 64);
    heap.free(0);
    heap.free(block);
    heap.free(block);
    expect(heap.allocate(64)).toBe(block);
    expect(heap.allocate(64)).toBe(block + 64);
  });

  it("throws outOfMemory and does not change if it cannot grow", () => {
    const { heap } = createHeap(4);
    const first = heap.allocate(PAGE);
    new Uint8Array(heap.buffer, first, PAGE).fill(7);
    const before = heap.buffer.byteLength;
    for (const bytes of [3 * PAGE, 2 ** 31, 2 ** 32, 2 ** 40, Number.MAX_SAFE_INTEGER, Infinity]) {
      expect(errorOf(() => heap.allocate(bytes)).code).toBe("outOfMemory");
    }
    expect(heap.buffer.byteLength).toBe(before);
    expect(new Uint8Array(heap.buffer, first, PAGE).every((byte) => byte === 7)).toBe(true);
    expect(heap.allocate(64)).toBe(first + PAGE);
    // A free block at the end is not lost.
    heap.free(first + PAGE);
    expect(() => heap.allocate(4 * PAGE)).toThrow(BackpropError);
    expect(heap.allocate(64)).toBe(first + PAGE);
  });

  const advice = /\. Call dispose\(\) on networks that are no longer needed: .+ Or use a smaller network/;

  it("names the limit of the engine if the engine refuses more pages", () => {
    const { heap } = createHeap(4);
    const error = errorOf(() => heap.allocate(2 ** 31));
    expect(error.message).toMatch(
      /^Linear memory cannot grow to \d+ bytes: it has 65536, and the engine's limit of pages, or the system's memory, is reached \(.+\)/,
    );
    expect(error.message).toMatch(advice);
    expect(error.cause).toBeInstanceOf(RangeError);
  });

  it("names the limit of WebAssembly if its addresses do not suffice", () => {
    const { heap } = createHeap(65536);
    const error = errorOf(() => heap.allocate(2 ** 32 - PAGE));
    expect(error.message).toMatch(
      /^Linear memory cannot grow to \d+ bytes: it has 65536, and WebAssembly's addresses end at 4 GiB\./,
    );
    expect(error.message).toMatch(advice);
  });
});
