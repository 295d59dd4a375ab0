// The script of the worker that `networkInWorker` starts. It has one network, and calls its methods as the page asks.

import {
  BackpropError,
  type BackpropErrorDetails,
  createNetwork,
  type DataStream,
  type Dataset,
  type Initializer,
  type Layer,
  loadNetwork,
  type Network,
  type NetworkOptions,
  type RandomStream,
  Tensor,
  topKAccuracy,
} from "./index.js";
import {
  type Created,
  type Draw,
  decode,
  type ErrorMessage,
  encode,
  type MessageToPage,
  type MessageToWorker,
} from "./remote/messages.js";
import { type FlatRows, splitRows } from "./remote/rows.js";
import { reasonOf } from "./show.js";
import { builtinModule, isNode } from "./wasm/builtins.js";

/** The other end: the page. */
interface Port {
  postMessage(message: MessageToPage, transfer: ArrayBuffer[]): void;
  onmessage: ((event: { readonly data: MessageToWorker }) => void) | null;
}

type AnyOptions = NetworkOptions<readonly Layer[]>;

type Message<K extends MessageToWorker["kind"]> = Extract<MessageToWorker, { kind: K }>;

/** Thrown where a function on the page threw the exception of this number. */
class PageException {
  readonly thrown: number;

  constructor(thrown: number) {
    this.thrown = thrown;
  }
}

/** Represents the dataset of this number. */
class StoredDataset {
  readonly id: number;
  readonly rows: number;

  constructor(id: number, rows: number) {
    this.id = id;
    this.rows = rows;
  }
}

interface Question {
  readonly call: number;
  readonly resolve: (value: unknown) => void;
  readonly reject: (exception: PageException) => void;
}

class Trainer {
  readonly #port: Port;
  #network: Network<readonly Layer[]> | undefined;
  #options: AnyOptions | undefined;
  /** What the page is to draw. */
  readonly #draws: Draw[] = [];
  /** Numbers that were drawn and are not yet in the network. */
  #drawn: ArrayLike<number>[] | undefined;
  /** The page's stream. */
  readonly #random: RandomStream = {
    fillUniform: (values, ...bounds) => this.#fill({ fill: "fillUniform", values, bounds } as Draw),
    fillNormal: (values, ...bounds) => this.#fill({ fill: "fillNormal", values, bounds } as Draw),
  };
  readonly #datasets = new Map<number, Dataset>();
  /** The signals of the calls in progress. */
  readonly #controllers = new Map<number, AbortController>();
  /** Questions to the page that it has not answered. */
  readonly #questions = new Map<number, Question>();
  /** Counts the questions and the datasets. */
  #ids = 0;

  /** What the page asks for, besides methods and properties of the network. */
  readonly #members: Readonly<Record<string, (...args: never[]) => unknown>> = {
    /** Creates the network twice: first to find out what to draw, then with what the page has drawn. */
    create: async (options: AnyOptions): Promise<Created> => {
      this.#options = this.#withStream(options);
      this.#network = await createNetwork(this.#options);
      return { draws: this.#draws, seed: options.seed };
    },
    initialize: async ({ drawn }: { readonly drawn: ArrayLike<number>[] }) => {
      this.#network!.dispose();
      this.#drawn = drawn;
      this.#network = await createNetwork(this.#options!);
    },
    load: async (...given: Parameters<typeof loadNetwork>) => {
      this.#network = await loadNetwork(...given);
    },
    createDataset: async (...data: Parameters<Network["createDataset"]>) => {
      const dataset = await this.#network!.createDataset(...data);
      const id = this.#ids++;
      this.#datasets.set(id, dataset);
      return new StoredDataset(id, dataset.rows);
    },
    disposeDataset: (dataset: Dataset) => dataset.dispose(),
  };

  /** The values that stand-ins in the arguments of call number `call` stand for. */
  readonly #values: Readonly<Record<string, (of: never, call: number) => unknown>> = {
    initializer: (of: { readonly layer: number; readonly name: string }): Initializer => {
      return ({ random: _, ...tensor }) => this.#fill({ ...of, ...tensor } as Draw);
    },
    random: () => this.#random,
    rows: (rows: FlatRows) => splitRows(rows),
    topK: (k: number) => topKAccuracy(k),
    dataset: (id: number) => this.#datasets.get(id),
    signal: (isAborted: boolean, call) => {
      const controller = new AbortController();
      if (isAborted) controller.abort();
      this.#controllers.set(call, controller);
      return controller.signal;
    },
    callback: (index: number, call) => (info: unknown) => this.#ask(call, index, info),
    stream: (index: number, call) => this.#stream((command) => this.#ask(call, index, command)),
  };

  readonly #receivers: { readonly [K in MessageToWorker["kind"]]: (message: Message<K>) => void } = {
    call: (message) => this.#call(message),
    abort: ({ id }) => this.#controllers.get(id)?.abort(),
    answer: ({ id, value, thrown }) => {
      const { call, resolve, reject } = this.#questions.get(id)!;
      this.#questions.delete(id);
      if (thrown === undefined) resolve(this.#received(value, call));
      else reject(new PageException(thrown));
    },
  };

  constructor(port: Port) {
    this.#port = port;
    port.onmessage = ({ data }) => this.#receivers[data.kind](data as never);
  }

  async #call({ id, member, args }: Message<"call">): Promise<void> {
    try {
      const given = args.map((arg) => this.#received(arg, id));
      this.#reply(id, await this.#get(member, given));
    } catch (error) {
      this.#replyError(id, error);
    } finally {
      this.#controllers.delete(id);
    }
  }

  /** The options with the page's stream: embeddings have initializers of their own, which draw from it. */
  #withStream(options: AnyOptions): AnyOptions {
    if (typeof options !== "object" || options === null || options.random !== undefined) return options;
    // With a stream, the seed would be drawn from it if it is not given.
    const { seed = 0 } = options;
    return { ...options, seed, random: this.#random };
  }

  /** Fills with what the page has drawn, or asks for it. */
  #fill(draw: Draw): void {
    if (this.#drawn) draw.values.set(this.#drawn.shift()!);
    else this.#draws.push(draw);
  }

  /** The result of a method, or the value of a property. */
  #get(member: string, args: readonly unknown[]): unknown {
    const own = this.#members[member];
    if (own) return own(...(args as never[]));
    const network = this.#network as unknown as Record<string, unknown>;
    const value = network[member];
    return typeof value === "function" ? value.apply(network, args) : value;
  }

  /** A value that the page sent for a call, with the values of its stand-ins. */
  #received(value: unknown, call: number): unknown {
    return decode(value, ({ $, of }) => this.#values[$]!(of as never, call));
  }

  #reply(id: number, result: unknown): void {
    const buffers: ArrayBuffer[] = [];
    const value = encode(result, (each) => {
      if (each instanceof StoredDataset) return { $: "dataset", of: each };
      if (!(each instanceof Tensor)) return undefined;
      // A tensor of parameters is a view of linear memory.
      const data = each.data.slice();
      buffers.push(data.buffer);
      return { $: "tensor", of: { shape: each.shape, data } };
    });
    this.#port.postMessage({ kind: "reply", id, epoch: this.#epoch, value }, buffers);
  }

  #replyError(id: number, error: unknown): void {
    const reply = (error: ErrorMessage) =>
      this.#port.postMessage({ kind: "reply", id, epoch: this.#epoch, error }, []);
    try {
      reply(describeError(error));
    } catch {
      // The cause, or the exception, cannot be cloned.
      reply(describeError(error, true));
    }
  }

  get #epoch(): number {
    return this.#network?.epoch ?? 0;
  }

  #ask(call: number, index: number, argument: unknown): Promise<unknown> {
    const id = this.#ids++;
    this.#port.postMessage({ kind: "ask", id, epoch: this.#epoch, call, index, argument }, []);
    return new Promise((resolve, reject) => this.#questions.set(id, { call, resolve, reject }));
  }

  /** A stream on the page; see `readerOf`. */
  #stream(ask: (command: "open" | "next" | "return") => Promise<unknown>): DataStream {
    const open = async () => {
      const refused = (await ask("open")) as { readonly value: unknown } | undefined;
      if (refused) return refused.value;
      return { [Symbol.asyncIterator]: () => ({ next: () => ask("next"), return: () => ask("return") }) };
    };
    return open as unknown as DataStream;
  }
}

/** `asText`: whether the cause, or the exception, becomes a text. */
function describeError(error: unknown, asText = false): ErrorMessage {
  if (error instanceof PageException) return { thrown: error.thrown };
  if (!(error instanceof BackpropError)) return { exception: asText ? new Error(reasonOf(error)) : error };
  const { code, message, epoch, batch, layer, history } = error;
  const cause = "cause" in error ? { cause: asText ? reasonOf(error.cause) : error.cause } : undefined;
  const details = { epoch, batch, layer, history, ...cause } as BackpropErrorDetails;
  return { code, message, details };
}

// No top-level await: by default, Vite bundles a worker into a classic script, which does not allow it.
if (isNode()) {
  Promise.resolve(builtinModule<{ parentPort: Port }>("worker_threads")).then(
    ({ parentPort }) => new Trainer(parentPort),
  );
} else {
  new Trainer(globalThis as unknown as Port);
}
