import type { ControlClient } from "#control";
import type { Clock } from "#core";
import { connectNode } from "./connect-node.ts";
import type { RemoteOptions } from "./remote-options.ts";

/** A connection nobody has used for so long is hung up. */
const idleMs = 5_000;
/** One this old is not used again: certificates and rules are looked at when a connection is made. */
const longestMs = 60_000;
/** Connections that wait for their next use, to one node. */
const mostIdle = 64;

/** Where a connection leads. */
export interface Target {
  readonly node: string;
  /** Name of a tls-client profile, or empty. */
  readonly tls: string;
}

/** A connection that is one unit's for now. It is hung up when the signal it was leased with fires. */
export interface Lease {
  readonly control: ControlClient;
  /** Others had it before, so it may have died unnoticed. */
  readonly isUsed: boolean;
  /** Nothing of the conversation is left, on either side: the next unit may go on with it. */
  giveBack(): void;
  /** Hang up. */
  close(): void;
}

interface Connection {
  readonly control: ControlClient;
  readonly life: AbortController;
  readonly key: string;
  readonly bornAt: number;
}

/**
 * Connections to the control services of other nodes, kept for a short while after use: making one is a QUIC handshake with
 * two certificates, which costs more than all that is said over it about a short unit.
 */
export class NodeConnections {
  readonly #options: Pick<RemoteOptions, "dial">;
  readonly #clock: Pick<Clock, "elapsed">;
  readonly #idle = new Map<string, Map<Connection, NodeJS.Timeout>>();
  #isClosed = false;

  constructor(options: Pick<RemoteOptions, "dial">, clock: Pick<Clock, "elapsed">) {
    this.#options = options;
    this.#clock = clock;
  }

  /**
   * A connection to the node: one that is left over, unless it is to be a fresh one, or a new one.
   *
   * @throws see {@link connectNode}.
   */
  async lease(target: Target, signal: AbortSignal, { fresh = false } = {}): Promise<Lease> {
    signal.throwIfAborted();
    const left = fresh ? undefined : this.#takeIdle(keyOf(target));
    const life = left?.life ?? new AbortController();
    const stop = (): void => life.abort(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    const release = (): void => signal.removeEventListener("abort", stop);
    try {
      const connection = left ?? (await this.#connect(target, life));
      return this.#leased(connection, left !== undefined, release);
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Hang up on those that wait; those that are leased are hung up on by their units. */
  close(): void {
    this.#isClosed = true;
    for (const waiting of this.#idle.values()) for (const connection of waiting.keys()) this.#drop(connection);
  }

  async #connect(target: Target, life: AbortController): Promise<Connection> {
    const control = await connectNode(this.#options, target, life.signal);
    return { control, life, key: keyOf(target), bornAt: this.#clock.elapsed() };
  }

  #leased(connection: Connection, isUsed: boolean, release: () => void): Lease {
    const { control } = connection;
    return {
      control,
      isUsed,
      giveBack: () => {
        release();
        this.#keep(connection);
      },
      close: () => {
        release();
        control.close();
      },
    };
  }

  #keep(connection: Connection): void {
    const { control, key, bornAt } = connection;
    const waiting = this.#idle.get(key) ?? new Map<Connection, NodeJS.Timeout>();
    const isOld = this.#clock.elapsed() - bornAt >= longestMs;
    if (this.#isClosed || isOld || waiting.size >= mostIdle) return control.close();
    waiting.set(connection, setTimeout(() => this.#drop(connection), idleMs).unref());
    this.#idle.set(key, waiting);
    // The far end may hang up while nobody uses it.
    void control.closed.then(() => this.#forget(connection));
  }

  /** The one that was used last is the likeliest to live. */
  #takeIdle(key: string): Connection | undefined {
    const connection = [...(this.#idle.get(key)?.keys() ?? [])].at(-1);
    if (connection) this.#forget(connection);
    return connection;
  }

  #drop(connection: Connection): void {
    this.#forget(connection);
    connection.control.close();
  }

  #forget(connection: Connection): void {
    const waiting = this.#idle.get(connection.key);
    clearTimeout(waiting?.get(connection));
    waiting?.delete(connection);
    if (waiting?.size === 0) this.#idle.delete(connection.key);
  }
}

function keyOf({ node, tls }: Target): string {
  return JSON.stringify([node, tls]);
}
