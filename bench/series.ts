// Series of workloads. In each series one quantity grows.

import { classification, type Workload } from "./workloads.js";

/** One line of the table: epochs of `rows` rows. */
export interface Line {
  readonly workload: Workload;
  readonly rows: number;
}

export const SERIES: Readonly<Record<string, readonly Line[]>> = {
  width: [1, 4, 16, 64, 256, 1024].map((width) => step([width, width, width, 10], 256)),
  depth: [1, 2, 4, 8, 16].map(deep),
  batch: [1, 4, 16, 64, 256, 1024].map((batch) => step([256, 256, 10], batch)),
  rows: [1, 10, 100, 1000, 10_000, 100_000, 1_000_000].map((rows) => epoch([16, 32, 10], rows)),
};

/** An epoch of one batch. */
function step(sizes: readonly number[], batch: number): Line {
  return { workload: classification(sizes, batch), rows: batch };
}

/** A step of a network with `depth` hidden layers. Its name has their number instead of a list. */
function deep(depth: number): Line {
  const { workload, rows } = step([256, ...Array(depth).fill(256), 10], 128);
  return { workload: { ...workload, name: `256-${depth}×256-10` }, rows };
}

function epoch(sizes: readonly number[], rows: number): Line {
  return { workload: classification(sizes, 32), rows };
}
