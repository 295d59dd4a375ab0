// The command inspect.

import { hashParameters } from "../index.js";
import type { Feature } from "../table.js";
import { loadModel } from "./modelFile.js";
import { figure, print, printJson, type Status } from "./output.js";
import { findRecord } from "./record.js";

export async function inspect(file: string, { json }: { readonly json?: boolean }): Promise<Status> {
  const model = await loadModel(file);
  const { network, target, task, classes, preprocessor } = model;
  const { history } = network;
  const record = findRecord(model);
  const parametersHash = hashParameters(network);
  if (json) {
    const { features, report } = preprocessor;
    const { layers, dtype, optimizer } = network;
    printJson({
      task,
      target,
      columns: features,
      ...report,
      layers,
      dtype,
      optimizer,
      history,
      training: record,
      parametersHash,
    });
    return 0;
  }
  print(`${task} of ${target.name}${classes.length > 0 ? `: ${classes.join(", ")}` : ""}`);
  print("\ncolumns:");
  for (const feature of preprocessor.features) print(`  ${feature.name}: ${describeFeature(feature)}`);
  for (const { column, reason } of preprocessor.report.dropped) print(`  ${column}: not used (${reason})`);
  print(`\n${network.summary()}`);
  if (history) {
    const { loss, validationLoss, stopped, bestEpoch } = history;
    const best = bestEpoch === undefined ? "" : `, the best is ${bestEpoch + 1}`;
    print(`\n${loss.length} epochs${best}; ended by ${stopped}`);
    const last = bestEpoch ?? loss.length - 1;
    const validation = validationLoss[last];
    print(
      `loss ${figure(loss[last] ?? Number.NaN)}` +
        (validation === undefined ? "" : `, validation loss ${figure(validation)}`),
    );
  }
  if (record) {
    print(`\ntrained with ${JSON.stringify(record.settings)}`);
    for (const { from, to, library, stopped } of record.segments) {
      print(`  epochs ${from} to ${to}, by version ${library}: ${stopped}`);
    }
    print(`data: ${record.data.rows} rows, ${record.data.columns} columns, SHA-256 ${record.data.sha256}`);
  }
  print(`parameters: SHA-256 ${parametersHash}`);
  return 0;
}

function describeFeature(feature: Feature): string {
  const indicator = feature.indicator ? ", with an indicator of missing values" : "";
  if (feature.type === "number") {
    const [center, scale, missing] = [feature.center, feature.scale, feature.missing].map(figure);
    return `number, (x − ${center}) / ${scale}, ${missing} if missing${indicator}`;
  }
  const encoding = feature.encoding === "oneHot" ? "one-hot" : "embedding";
  return `${feature.categories.length} categories, ${encoding}${indicator}`;
}
