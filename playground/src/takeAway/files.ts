// The trained network as files to take away.

import type { ExportedFile, ExportFormat } from "../training/messages.js";
import type { AnyNetwork, Model } from "../training/model.js";

/**
 * Makes a file.
 *
 * @param epoch Finished epochs.
 * @param isWithinEpoch Whether an epoch has begun.
 */
export type Exporter = (model: Model, epoch: number, isWithinEpoch: boolean) => ExportedFile;

interface FileKind {
  readonly name: string;
  readonly type: string;
}

const FILES: Readonly<Record<ExportFormat, FileKind>> = {
  safetensors: { name: "network.safetensors", type: "application/octet-stream" },
  onnx: { name: "network.onnx", type: "application/octet-stream" },
  javascript: { name: "predict.js", type: "text/javascript" },
  c: { name: "predict.h", type: "text/x-c" },
  program: { name: "train.mjs", type: "text/javascript" },
};

/** What makes files of that format. Loads only the code that it needs. */
export async function exporterOf(format: ExportFormat): Promise<Exporter> {
  const contentsOf = await WRITERS[format]();
  return (model, epoch, isWithinEpoch) => {
    const contents = contentsOf(model, epoch, isWithinEpoch);
    const bytes = typeof contents === "string" ? new TextEncoder().encode(contents) : contents;
    return { ...FILES[format], bytes: bytes as Uint8Array<ArrayBuffer> };
  };
}

type Writer = (model: Model, epoch: number, isWithinEpoch: boolean) => Uint8Array | string;

const loadFormats = () => import("backprop-wasm/formats");

function ofNetwork(write: (network: AnyNetwork) => Uint8Array | string): Writer {
  return ({ network }) => write(network);
}

const WRITERS: Readonly<Record<ExportFormat, () => Promise<Writer>>> = {
  safetensors: async () => saveNetwork,
  onnx: async () => ofNetwork((await loadFormats()).toOnnx),
  javascript: async () => ofNetwork((await loadFormats()).toJavaScript),
  c: async () => ofNetwork((await loadFormats()).toC),
  program: async () => {
    const { programOf } = await import("./program.js");
    return ({ experiment, data }, epoch) =>
      programOf({ ...experiment, epochs: epoch }, data.rowsWithoutTarget > 0);
  },
};

/** Within an epoch, only the weights can be saved: a network that continues must be at the end of one. */
const saveNetwork: Writer = ({ network, opened }, _, isWithinEpoch) => {
  const metadata = { inputs: JSON.stringify(opened.inputNames), classes: JSON.stringify(opened.classes) };
  return isWithinEpoch ? network.saveWeights({ metadata }) : network.save({ metadata });
};
