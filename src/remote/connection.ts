// The page's end of the messages to a worker.

import { BackpropError, Tensor } from "../index.js";
import { reasonOf } from "../show.js";
import { DatasetInWorker } from "./dataset.js";
import type { Functions, Keep } from "./functions.js";
import {
  decode,
  type ErrorMessage,
  encode,
  type MessageToPage,
  type MessageToWorker,
  type StandIn,
} from "./messages.js";
import { flattenRows, ROWS_PATH } from "./rows.js";
import { startTrainer, type TrainerWorker } from "./start.js";

type Message<K extends MessageToPage["kind"]> = Extract<MessageToPage, { kind: K }>;

/** A call that the worker has not answered. */
interface Call {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly functions: Functions;
  /** The exceptions that the functions threw. */
  readonly thrown: unknown[];
  /** Tells the worker that the signal was aborted. */
  readonly abort: () => void;
  signal: AbortSignal | undefined;
  /** Referenced because its worker ends when it is garbage-collected. */
  readonly owner: object | undefined;
}

export interface CallOptions {
  /** Keeps functions of the arguments on the page. Functions that are not kept are refused. */
  readonly keep?: Keep | undefined;
  /** Buffers that the worker takes over. */
  readonly transfer?: readonly Transferable[] | undefined;
  readonly owner?: object | undefined;
}

export class Connection {
  #worker: TrainerWorker | undefined;
  readonly #calls = new Map<number, Call>();
  #ids = 0;
  /** Why there is no worker any more. */
  #end: BackpropError | undefined;
  #epoch = 0;

  readonly #receivers: { readonly [K in MessageToPage["kind"]]: (message: Message<K>) => void } = {
    reply: ({ id, value, error }) => {
      const call = this.#calls.get(id)!;
      if (error) this.#settle(id, call.reject, errorOf(error, call));
      else
        this.#settle(
          id,
          call.resolve,
          decode(value, (standIn) => this.#received(standIn)),
        );
    },
    ask: (message) => void this.#answer(message),
  };

  /** @throws BackpropError `coreUnavailable` or `unsupported` if the worker cannot be started. */
  static async open(): Promise<Connection> {
    const connection = new Connection();
    try {
      connection.#worker = await startTrainer({
        onMessage: (message) => connection.#receive(message),
        onEnd: (cause) => connection.end(workerLost(cause)),
      });
    } catch (cause) {
      throw cause instanceof BackpropError ? cause : workerLost(cause);
    }
    return connection;
  }

  /** The network's finished epochs, as far as the worker has told. */
  get epoch(): number {
    return this.#epoch;
  }

  /**
   * The result of a method of the network, or the value of a property.
   *
   * @throws BackpropError (rejects) as the method; `unsupported` for a function that is refused, `invalidOption` for
   *   arguments that cannot be sent, and the error of `end`.
   */
  call(member: string, args: readonly unknown[], options: CallOptions = {}): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#end) throw this.#end;
      const id = this.#ids++;
      const call: Call = {
        resolve,
        reject,
        functions: [],
        thrown: [],
        abort: () => this.#worker!.post({ kind: "abort", id }, []),
        signal: undefined,
        owner: options.owner,
      };
      this.#send(member, call, options, args, (args) => ({ kind: "call", id, member, args }));
      call.signal?.addEventListener("abort", call.abort);
      this.#calls.set(id, call);
      this.#worker!.setBusy(true);
    });
  }

  /** Posts a message with `value`, in which stand-ins replace what cannot be sent. */
  #send(
    of: string,
    call: Call,
    { keep, transfer = [] }: CallOptions,
    value: readonly unknown[],
    messageOf: (sent: readonly unknown[]) => MessageToWorker,
  ): void {
    try {
      const buffers = [...transfer];
      const replace = (each: object, path: string): unknown => {
        const rows = ROWS_PATH.test(path) ? flattenRows(each) : undefined;
        if (!rows) return this.#sent(each, path, of, call, keep);
        buffers.push(rows.data.buffer);
        return { $: "rows", of: rows };
      };
      const sent = value.map((each, i) => encode(each, replace, `[${i}]`));
      this.#worker!.post(messageOf(sent), buffers);
    } catch (cause) {
      throw cause instanceof BackpropError ? cause : notSent(of, cause);
    }
  }

  /** Ends the worker. All calls that have not been answered reject with `error`, and all later ones. */
  end(error: BackpropError): void {
    if (this.#end) return;
    this.#end = error;
    this.#worker?.terminate();
    for (const [id, { reject }] of this.#calls) this.#settle(id, reject, error);
  }

  #settle(id: number, settle: (result: unknown) => void, result: unknown): void {
    const { signal, abort } = this.#calls.get(id)!;
    signal?.removeEventListener("abort", abort);
    this.#calls.delete(id);
    if (this.#calls.size === 0) this.#worker?.setBusy(false);
    settle(result);
  }

  #receive(message: MessageToPage): void {
    if (this.#end) return;
    this.#epoch = message.epoch;
    this.#receivers[message.kind](message as never);
  }

  /** What is sent in place of a value in arguments; undefined: the value itself. */
  #sent(value: object, path: string, member: string, call: Call, keep?: Keep): unknown {
    const kept = keep?.(value, path, call.functions);
    if (kept) return kept;
    if (typeof value === "function") throw notAllowed(member, path);
    // A tensor of parameters is a view of linear memory. Structured cloning would copy all of that memory.
    if (value instanceof Tensor) return { shape: value.shape, data: value.data.slice() };
    if (value instanceof DatasetInWorker) return { $: "dataset", of: value.idIn(this) };
    if (isSignal(value)) {
      call.signal = value;
      return { $: "signal", of: value.aborted };
    }
    if ("k" in value && "create" in value) return { $: "topK", of: value.k };
    return undefined;
  }

  /** The value that a stand-in in a result represents. */
  #received({ $, of }: StandIn): unknown {
    if ($ === "tensor") {
      const { shape, data } = of as Tensor;
      return new Tensor(shape, data);
    }
    const { id, rows } = of as { readonly id: number; readonly rows: number };
    const free = (dataset: DatasetInWorker) => void this.call("disposeDataset", [dataset]).catch(() => {});
    return new DatasetInWorker(rows, id, this, free);
  }

  /** Calls a function of a fit for the worker. */
  async #answer({ id, call: callId, index, argument }: Message<"ask">): Promise<void> {
    const call = this.#calls.get(callId);
    if (!call) return;
    try {
      const result: unknown = await call.functions[index]!(argument as never);
      if (this.#end) return;
      this.#send("fit", call, {}, [result], ([value]) => ({ kind: "answer", id, value }));
    } catch (exception) {
      const thrown = call.thrown.push(exception) - 1;
      if (!this.#end) this.#worker!.post({ kind: "answer", id, thrown }, []);
    }
  }
}

/** As the network's option `signal`: other implementations than the engine's are allowed. */
function isSignal(value: object): value is AbortSignal {
  return "aborted" in value && typeof (value as AbortSignal).addEventListener === "function";
}

function errorOf(error: ErrorMessage, { thrown, signal }: Call): unknown {
  if ("thrown" in error) return thrown[error.thrown];
  if ("exception" in error) return error.exception;
  const { code, message, details } = error;
  return new BackpropError(
    code,
    message,
    code === "aborted" ? { ...details, cause: signal!.reason } : details,
  );
}

/** The functions of the entry point that make calls. */
const FUNCTIONS: Readonly<Record<string, string>> = { create: "networkInWorker", load: "loadInWorker" };

/** The name of a function or method in messages. */
function nameOf(member: string): string {
  return FUNCTIONS[member] ?? member;
}

function notAllowed(member: string, path: string): BackpropError {
  // Of options, or of an item of a stream.
  const name = path.replace(/^\[\d\](\.value)?\.?/, "");
  return new BackpropError(
    "unsupported",
    `${nameOf(member)} is given a function${name && `, ${name}`}, which cannot be sent to the worker; expected data. Train ` +
      "with createNetwork in a worker of your own: see docs/guide/worker.md.",
  );
}

function notSent(member: string, cause: unknown): BackpropError {
  return new BackpropError(
    "invalidOption",
    `What ${nameOf(member)} is given cannot be sent to the worker: ${reasonOf(cause)}. Expected numbers, strings, arrays, ` +
      "typed arrays, and objects of these.",
    { cause },
  );
}

function workerLost(cause: unknown): BackpropError {
  return new BackpropError(
    "coreUnavailable",
    `The worker of the network has failed: ${cause === undefined ? "it ended unexpectedly" : reasonOf(cause)}. Create the network again with ` +
      "networkInWorker.",
    { cause },
  );
}
