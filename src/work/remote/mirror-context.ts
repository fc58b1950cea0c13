import type { ControlClient, JsonObject } from "#control";
import type { Clock, Log } from "#core";
import { WorkError } from "../errors.ts";
import type { RequestToSign } from "../signature/facts.ts";
import { connectNode } from "./connect-node.ts";
import { MirrorOutput } from "./mirror-output.ts";
import { MirrorRecord } from "./mirror-record.ts";
import type { Lease, NodeConnections, Target } from "./node-connections.ts";
import type { Peers } from "./peers.ts";
import type { RemoteOptions } from "./remote-options.ts";
import type { Unit } from "../unit/unit.ts";
import { Backoff } from "./backoff.ts";

/** What all mirrors of a node share. */
export interface MirrorContext {
  readonly options: RemoteOptions;
  readonly clock: Clock;
  readonly log: Log;
  readonly peers: Peers;
  readonly connections: NodeConnections;
  /** Run what many units may want to do at the same moment: one after another. */
  readonly inTurn: (run: () => Promise<void>) => Promise<void>;
  /** Delete a unit and forget it. */
  readonly remove: (unit: Unit, force: boolean) => Promise<void>;
}

/** What both protocols need to look after the twin of one unit. */
export class TwinLink {
  readonly record: MirrorRecord;
  readonly context: MirrorContext;
  #output: Promise<MirrorOutput> | undefined;

  constructor(unit: Unit, context: MirrorContext) {
    this.context = context;
    this.record = new MirrorRecord(unit, context.clock, context.log);
  }

  get unit(): Unit {
    return this.record.unit;
  }

  get clock(): Clock {
    return this.context.clock;
  }

  /** See {@link connectNode}. A node that no way leads to is not waited for: it is tried again when there is one. */
  async connect(signal: AbortSignal): Promise<ControlClient> {
    return await connectNode(this.context.options, this.#target(), signal);
  }

  /** See {@link NodeConnections.lease}; where no way leads, as {@link connect}. */
  async lease(signal: AbortSignal, options: { readonly fresh: boolean }): Promise<Lease> {
    return await this.context.connections.lease(this.#target(), signal, options);
  }

  #target(): Target {
    const { RemoteNode: node, TLSClient: tls } = this.record.data;
    if (this.context.options.hasRoute?.(node) === false)
      throw new WorkError("NODE_UNREACHABLE", `no route to node ${node}`);
    return { node, tls };
  }

  backoff(): Backoff {
    const { RemoteNode: node } = this.record.data;
    return new Backoff(this.clock, () => this.context.options.hasRoute?.(node));
  }

  /** `signature` of a request, when the unit's work is signed: a new one each time. */
  async signature(request: RequestToSign, peer: "farhand" | "receptor"): Promise<JsonObject> {
    const { RemoteNode: node, SignWork } = this.record.data;
    if (!SignWork) return {};
    const { signatures } = this.context.options;
    if (!signatures) throw new WorkError("SIGNING_KEY_UNUSABLE", "cannot sign work: signing key is empty");
    return { signature: await signatures.signFor(node, request, peer) };
  }

  /** Kept open from one connection to the next: it knows the hash of what is there. */
  output(): Promise<MirrorOutput> {
    this.#output ??= MirrorOutput.open(this.unit.folder.stdout);
    return this.#output;
  }

  /** After a fault of the disk, and when no more is to come. */
  async closeOutput(): Promise<void> {
    const output = this.#output;
    this.#output = undefined;
    await output?.then((open) => open.close()).catch(() => undefined);
  }
}
