// Rows of numbers, as they are sent to the worker.

/** Rows one after the other. */
export interface FlatRows {
  readonly data: Float64Array<ArrayBuffer>;
  readonly width: number;
}

/** The paths of rows in the arguments of a call, and in the items of a stream. */
export const ROWS_PATH = /^\[[01]\]$|\.validationData\[[01]\]$|\.value\.(inputs|targets)$/;

/**
 * Rows that are arrays of numbers, as one flat array. To clone 60,000 rows of 784 numbers took 3.3 s, during which a page
 * would freeze; to copy them here takes 0.3 s. Undefined for all other values, and for rows that the worker refuses.
 */
export function flattenRows(rows: object): FlatRows | undefined {
  if (!Array.isArray(rows)) return undefined;
  const width = isRow(rows[0]) ? rows[0].length : 0;
  if (width === 0) return undefined;
  const data = new Float64Array(rows.length * width);
  for (let i = 0; i < rows.length; i++) {
    const row: unknown = rows[i];
    if (!isRow(row) || row.length !== width) return undefined;
    for (let j = 0; j < width; j++) {
      const x = row[j];
      if (typeof x !== "number") return undefined;
      data[i * width + j] = x;
    }
  }
  return { data, width };
}

/** The rows as a network takes them. */
export function splitRows({ data, width }: FlatRows): Float64Array[] {
  return Array.from({ length: data.length / width }, (_, i) => data.subarray(i * width, (i + 1) * width));
}

function isRow(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || value instanceof Float32Array || value instanceof Float64Array;
}
