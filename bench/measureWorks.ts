import type { Options } from "./options.js";
import { showProgress } from "./progress.js";

/**
 * The measurements of one work after another. With `--json` prints each as a line; without it shows which work is being
 * measured.
 */
export async function measureWorks<Work, Measurement>(
  { works, milliseconds, json }: Options<Work>,
  label: (work: Work) => string,
  measure: (work: Work, milliseconds: number) => Promise<Measurement[]>,
): Promise<Measurement[][]> {
  const all: Measurement[][] = [];
  for (const [i, work] of works.entries()) {
    showProgress(`${i + 1}/${works.length} ${label(work)}`);
    const measurements = await measure(work, milliseconds).finally(() => showProgress());
    all.push(measurements);
    if (json) for (const measurement of measurements) console.log(JSON.stringify(measurement));
  }
  return all;
}
