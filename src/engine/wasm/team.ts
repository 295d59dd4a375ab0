// The threads of one model, which take their parts of the work that its caller does.

import type { Address } from "../../core.js";
import { BackpropError } from "../../errors.js";
import { startWorker } from "../../workers.js";
import { Block } from "./block.js";
import type { Host } from "./host.js";

/** Dismisses the crew of a team that was dropped without being disposed. */
const abandoned = new FinalizationRegistry<Crew>((crew) => crew.dismiss());

/** What a model has of its workers. */
export class Team {
  readonly #crew: Crew;

  /** Starts so many `workers` for the network in a block, and does not wait for them. */
  constructor(host: Host, network: Block, workers: number) {
    this.#crew = new Crew(host, network, workers);
    abandoned.register(this, this.#crew, this);
  }

  /** @throws BackpropError `coreUnavailable` if a worker could not be started, or has died: the model has none any more. */
  requireSound(): void {
    this.#crew.requireSound();
  }

  dispose(): void {
    abandoned.unregister(this);
    this.#crew.dismiss();
  }
}

/** Keeps the crews, and so their blocks, until their last worker has left. */
const crews = new Set<Crew>();

/**
 * The workers, and the block that they read until they have left: the team in which they are, and behind it a team of
 * nobody, which the network gets when one of them is lost.
 */
class Crew {
  readonly #host: Host;
  /** Weak, for a crew does not keep the model; where it is gone, so may be the network's memory. */
  readonly #network: WeakRef<Block>;
  readonly #block: Block;
  readonly #nobody: Address;
  #present = 0;
  #isStopped = false;
  #isDismissed = false;
  #loss: { readonly cause: unknown } | undefined;

  constructor(host: Host, network: Block, workers: number) {
    const { kernels, heap } = host;
    const size = kernels.teamSize(network.address, workers);
    this.#host = host;
    this.#network = new WeakRef(network);
    this.#block = new Block(heap, size + kernels.teamSize(network.address, 0));
    this.#nobody = this.#block.address + size;
    kernels.layTeam(network.address, this.#block.address, workers);
    crews.add(this);
    for (let i = 0; i < workers && !this.#loss; i++) this.#start(network.address);
  }

  requireSound(): void {
    if (this.#loss) throw lost(this.#loss.cause);
  }

  /** The model needs them no more. */
  dismiss(): void {
    this.#isDismissed = true;
    this.#stop();
    this.#release();
  }

  #start(network: Address): void {
    const { core, dtype } = this.#host;
    const { module, memory } = core;
    this.#present++;
    try {
      startWorker({ module, memory, network, team: this.#block.address, dtype }, (cause) => this.#end(cause));
    } catch (cause) {
      this.#end(cause);
    }
  }

  #end(cause: unknown): void {
    this.#present--;
    if (!this.#isStopped) this.#lose(cause);
    this.#release();
  }

  /** One that is lost may have joined, and the caller would wait for it: from now on the caller is alone. */
  #lose(cause: unknown): void {
    this.#loss = { cause };
    this.#stop();
    const network = this.#network.deref();
    if (network) this.#host.kernels.layTeam(network.address, this.#nobody, 0);
  }

  #stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#host.core.exports.team_stop(this.#block.address);
  }

  /** Not before the last has left: one that comes late still reads that the team was stopped. */
  #release(): void {
    if (!this.#isDismissed || this.#present > 0) return;
    if (crews.delete(this)) this.#block.dispose();
  }
}

function lost(cause: unknown): BackpropError {
  const reason = cause instanceof Error ? cause.message : String(cause ?? "it ended by itself");
  return new BackpropError(
    "coreUnavailable",
    `A thread of the network was lost: ${reason}. Serve dist/worker.js as it lies in the library, or create the ` +
      "network without threads.",
    { cause },
  );
}
