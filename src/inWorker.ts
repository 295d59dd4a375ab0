// The entry point backprop-wasm/worker: networks that a worker trains.

import {
  BackpropError,
  type Initializer,
  type Layer,
  type LoadOptions,
  type NetworkOptions,
  numpyRandom,
  type RandomStream,
} from "./index.js";
import { fillTensor, initializerMessage } from "./initialization.js";
import { Connection } from "./remote/connection.js";
import type { Keep } from "./remote/functions.js";
import type { Created, InitializerDraw } from "./remote/messages.js";
import { NetworkInWorker } from "./remote/network.js";

export type { DatasetInWorker } from "./remote/dataset.js";
export type { FitInWorkerOptions, NetworkInWorker, SendingOptions } from "./remote/network.js";

/** The path of an initializer in the arguments. */
const INITIALIZER = /^\[0\]\.layers\[(\d+)\]\.(kernel|bias)Initializer$/;

/**
 * As `createNetwork`, but the network is in a worker, which it starts: training does not make a page freeze. The same
 * options give the same bits.
 *
 * The initial parameters are drawn here, so `random` and initializers may be any functions. (A million numbers took
 * 20 to 30 ms.) If `random` is given and `seed` is not, the key is drawn from `random` now, and not at the first fit. A
 * loss made by `customLoss` and learning rates that are functions are refused, because a worker cannot get functions.
 *
 * In Node, the worker does not keep the process alive, except while a call has not ended.
 *
 * @throws BackpropError (rejects) as `createNetwork`; `coreUnavailable` if the worker cannot be started; `unsupported`
 *   for functions that cannot be sent, and in a bundle that is not an ES module; `invalidOption` for other values that
 *   cannot be sent.
 */
export async function networkInWorker<const L extends readonly Layer[]>(
  options: NetworkOptions<L>,
): Promise<NetworkInWorker<L>> {
  return open((connection) => create(connection, options));
}

/**
 * As `loadNetwork`, but the network is in a worker, as that of `networkInWorker`. It may also come from a checkpoint of a
 * fit elsewhere, and goes on with the same bits.
 *
 * @throws BackpropError (rejects) as `loadNetwork`; `coreUnavailable` if the worker cannot be started; `unsupported` for a
 *   `loss` or a `learningRate`, which are functions, and in a bundle that is not an ES module.
 */
export async function loadInWorker(
  bytes: Uint8Array | ArrayBuffer,
  options: LoadOptions = {},
): Promise<NetworkInWorker<readonly Layer[]>> {
  return open((connection) => connection.call("load", [bytes, options]));
}

/** The network in a new worker, in which `begin` creates it. */
async function open<L extends readonly Layer[]>(
  begin: (connection: Connection) => Promise<unknown>,
): Promise<NetworkInWorker<L>> {
  const connection = await Connection.open();
  try {
    await begin(connection);
  } catch (error) {
    connection.end(error as BackpropError);
    throw error;
  }
  return new NetworkInWorker<L>(connection);
}

async function create(connection: Connection, options: unknown): Promise<void> {
  const initializers = new Map<string, Initializer>();
  let given: RandomStream | undefined;
  const keep: Keep = (value, path) => {
    const [, layer, name] = INITIALIZER.exec(path) ?? [];
    if (name && typeof value === "function") {
      initializers.set(`${layer} ${name}`, value as Initializer);
      return { $: "initializer", of: { layer: Number(layer), name } };
    }
    // Otherwise, the worker refuses it.
    if (path !== "[0].random" || !isStream(value)) return undefined;
    given = value;
    return { $: "random", of: undefined };
  };
  const { draws, seed } = (await connection.call("create", [options], { keep })) as Created;
  const random = given ?? numpyRandom(seed ?? 0);
  for (const draw of draws) {
    if ("fill" in draw) random[draw.fill](draw.values, ...draw.bounds);
    else initialize(initializers.get(`${draw.layer} ${draw.name}`)!, draw, random);
  }
  const drawn: ArrayBufferView<ArrayBuffer>[] = draws.map(({ values }) => values);
  if (given && seed === undefined) drawn.push(drawKey(given));
  await connection.call("initialize", [{ drawn }], { transfer: drawn.map(({ buffer }) => buffer) });
}

/** Calls an initializer. The worker refuses NaN and infinity. */
function initialize(
  initializer: Initializer,
  { layer, name, ...tensor }: InitializerDraw,
  random: RandomStream,
): void {
  const wrong = fillTensor(initializer, { ...tensor, random });
  if (wrong) throw new BackpropError("invalidOption", initializerMessage(layer, name, wrong));
}

/** What a network draws its key from; see `NetworkOptions.seed`. */
function drawKey(random: RandomStream): Float64Array<ArrayBuffer> {
  const draw = new Float64Array(1);
  random.fillUniform(draw, 0, 2 ** 32);
  return draw;
}

function isStream(value: object): value is RandomStream {
  const { fillUniform, fillNormal } = value as RandomStream;
  return typeof fillUniform === "function" && typeof fillNormal === "function";
}
