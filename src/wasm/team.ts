// The workers of one model: threads that share the work of the calling thread.

import { BackpropError } from "../errors.js";
import { reasonOf } from "../show.js";
import { Block } from "./block.js";
import type { Address } from "./core.js";
import type { Host } from "./host.js";
import { startWorker } from "./workers.js";

/** Ends the worker pools of teams that were garbage-collected without being disposed. */
const abandoned = new FinalizationRegistry<WorkerPool>((pool) => pool.dispose());

/** A model's handle to its workers. */
export class Team {
  readonly #pool: WorkerPool;

  /** Starts `workers` workers for the network in the block `network`, and does not wait for them. */
  constructor(host: Host, network: Block, workers: number) {
    this.#pool = new WorkerPool(host, network, workers);
    abandoned.register(this, this.#pool, this);
  }

  /** @throws BackpropError `coreUnavailable` if a worker could not be started or has died. */
  requireRunning(): void {
    this.#pool.requireRunning();
  }

  dispose(): void {
    abandoned.unregister(this);
    this.#pool.dispose();
  }
}

/** Keeps each pool from being garbage-collected until its last worker has ended: workers read its block. */
const pools = new Set<WorkerPool>();

/** The workers, and the block of the team in linear memory, which they read until they end. */
class WorkerPool {
  readonly #host: Host;
  /** Weak: the pool must not keep the model alive. */
  readonly #network: WeakRef<Block>;
  readonly #block: Block;
  #running = 0;
  #isStopped = false;
  #isDisposed = false;
  #failure: { readonly cause: unknown } | undefined;

  constructor(host: Host, network: Block, workers: number) {
    const { exports } = host.core;
    this.#host = host;
    this.#network = new WeakRef(network);
    this.#block = new Block(host.heap, exports.team_size());
    exports.network_set_team(network.address, this.#block.address);
    pools.add(this);
    for (let i = 0; i < workers && !this.#failure; i++) this.#start(network.address);
  }

  requireRunning(): void {
    if (this.#failure) throw workerLost(this.#failure.cause);
  }

  /** Called when the model no longer needs the workers. */
  dispose(): void {
    this.#isDisposed = true;
    this.#stop();
    this.#release();
  }

  #start(network: Address): void {
    const { core, dtype } = this.#host;
    const { module, memory } = core;
    this.#running++;
    try {
      startWorker({ module, memory, network, team: this.#block.address, dtype }, (cause) => this.#end(cause));
    } catch (cause) {
      this.#end(cause);
    }
  }

  #end(cause: unknown): void {
    this.#running--;
    if (!this.#isStopped) this.#fail(cause);
    this.#release();
  }

  /** The worker may have joined the team: the caller would wait for it forever. So the caller works alone from now on. */
  #fail(cause: unknown): void {
    this.#failure = { cause };
    this.#stop();
    const network = this.#network.deref();
    if (network) this.#host.core.exports.network_set_team(network.address, 0);
  }

  #stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#host.core.exports.team_stop(this.#block.address);
  }

  /** Frees the block after the last worker has ended: a worker that starts late must read that the team was stopped. */
  #release(): void {
    if (!this.#isDisposed || this.#running > 0) return;
    if (pools.delete(this)) this.#block.dispose();
  }
}

function workerLost(cause: unknown): BackpropError {
  return new BackpropError(
    "coreUnavailable",
    `A worker of the network has failed: ${reasonOf(cause ?? "it ended unexpectedly")}. Create the network again. If ` +
      "it happens again, create the network without threads.",
    { cause },
  );
}
