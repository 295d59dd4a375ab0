import type { Options } from "./options.js";
import { showProgress } from "./progress.js";

/**
 * Measures workloads one after another. With `--json` it prints each measurement as a line; without it, it shows which
 * workload is being measured.
 */
export async function measureWorkloads<Workload, Measurement>(
  { workloads, milliseconds, json }: Options<Workload>,
  label: (workload: Workload) => string,
  measure: (workload: Workload, milliseconds: number) => Promise<Measurement[]>,
): Promise<Measurement[][]> {
  const all: Measurement[][] = [];
  for (const [i, workload] of workloads.entries()) {
    showProgress(`${i + 1}/${workloads.length} ${label(workload)}`);
    const measurements = await measure(workload, milliseconds).finally(() => showProgress());
    all.push(measurements);
    if (json) for (const measurement of measurements) console.log(JSON.stringify(measurement));
  }
  return all;
}
