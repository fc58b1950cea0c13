import { errorText, type Log } from "#core";
import type { Session } from "../backend/backend.ts";
import type { FarhandHello } from "../packet/farhand-hello.ts";
import { messageType, rejectMessage } from "../packet/message-types.ts";
import { peekUpdate, type ReceivedUpdate } from "../packet/written-updates.ts";
import { receiveRoutingUpdate, type RoutingUpdate } from "../packet/routing-update.ts";
import { Allowance } from "./allowance.ts";
import type { Cancel, Environment } from "./environment.ts";
import type { LinkNews } from "./link-news.ts";
import { decodeProbe, encodeProbe, neighbourMessageType } from "./neighbour-messages.ts";
import type { NeighbourProgress } from "./synchronizer.ts";

const greetEveryMs = 1_000;
const greetings = 11;
/** A neighbour may send this many routing messages at once, and this many a second for long. */
const routingBurst = 20_000;
const routingPerSecond = 2_000;
/** What is kept of a neighbour that has to wait until it is let in, bytes. The rest it says again. */
const maxHeldBytes = 256 * 1024;

/** Receptor's message has no reason in it. */
const turnedAway =
  "the neighbour turned us away: this node is not among its allowedpeers, its certificate is for another, the cost of " +
  "the link is another there, or a node of this id is connected already; its log says which";

/** What a link may cost and who may use it; from the section of its backend (spec §5.4). */
export interface LinkTerms {
  /** Cost of the link, above 0. Both ends must say the same. */
  readonly cost: number;
  /** Another cost for some nodes, by id. */
  readonly nodeCosts?: Readonly<Record<string, number>> | undefined;
  /** Who may connect; absent: everybody. An empty list is nobody. */
  readonly allowedPeers?: readonly string[] | undefined;
  /** Only who shows a certificate that names the id it gives, whatever kind of node it is. */
  readonly mustProveId?: boolean | undefined;
  /** Why a node may not connect now, for the log; undefined: it may. Asked when it has said, and proven, who it is. */
  readonly refuses?: ((node: string) => string | undefined) | undefined;
}

/** What a link needs of a session. */
export type Road = Pick<
  Session,
  "description" | "isReliable" | "maxMessageBytes" | "queuedBytes" | "provenNodeIds" | "send" | "close"
>;

/** The node a link belongs to. */
export interface LinkOwner {
  readonly ownId: string;
  readonly environment: Environment;
  readonly log: Log;
  readonly news: LinkNews;
  /** An update of ours for somebody who does not know us yet. */
  greeting(): Uint8Array;
  /**
   * The neighbour is who it says. @returns why it is turned away, or undefined: the link is up, or will be told later, by
   * {@link Link.enter} or {@link Link.reject}.
   */
  admit(link: Link): string | undefined;
  /** An update of a third node that need not be looked at again. */
  isOld(nodeId: string, updateId: string): boolean;
  update(link: Link, update: RoutingUpdate): void;
  /** Any message of a link that is up but routing updates and rejects. */
  message(link: Link, message: Uint8Array): void;
  /** The link is over. @param wasUp it had been admitted. */
  ended(link: Link, wasUp: boolean): void;
}

/** One connection to a neighbour, from the first word to the last (spec §3.4). */
export class Link {
  readonly road: Road;
  /** The neighbour was told what we knew when the link came up. */
  isIntroduced = false;
  /** The synchronizer's. */
  progress: NeighbourProgress | undefined;
  readonly #owner: LinkOwner;
  readonly #terms: LinkTerms;
  #state: "greeting" | "up" | "over" = "greeting";
  #peer = "";
  #cost: number;
  #farhand: FarhandHello | undefined;
  #isToStub = false;
  #isListed = false;
  #heardAt: number;
  #greetingsSent = 0;
  #cancelGreeting: Cancel = () => {};
  /** It may be let in later: what it says until then. */
  #held: { readonly messages: Uint8Array[]; bytes: number } | undefined;
  readonly #routing: Allowance;

  constructor(owner: LinkOwner, road: Road, terms: LinkTerms) {
    this.#owner = owner;
    this.road = road;
    this.#terms = terms;
    this.#cost = terms.cost;
    this.#heardAt = owner.environment.elapsed();
    this.#routing = new Allowance(routingBurst, routingPerSecond, this.#heardAt);
  }

  /** Id of the neighbour; empty until it has said it. */
  get peer(): string {
    return this.#peer;
  }

  get cost(): number {
    return this.#cost;
  }

  get isUp(): boolean {
    return this.#state === "up";
  }

  /** What the neighbour says of itself as a Farhand node; undefined when it is none. */
  get farhand(): FarhandHello | undefined {
    return this.#farhand;
  }

  /** The neighbour is a stub, for as long as the link is up. */
  get isToStub(): boolean {
    return this.#isToStub;
  }

  /** {@link Environment.elapsed} when anything came last. */
  get heardAt(): number {
    return this.#heardAt;
  }

  /** Say who we are until the neighbour does, or for so long that it never will. */
  greet(): void {
    if (this.#state !== "greeting") return;
    if (this.#greetingsSent === greetings) return this.drop("the neighbour does not answer");
    this.#greetingsSent++;
    this.#cancelGreeting = this.#owner.environment.after(greetEveryMs, () => this.greet());
    this.send(this.#owner.greeting());
  }

  send(message: Uint8Array): void {
    if (message.length <= this.road.maxMessageBytes) this.road.send(message);
    else this.#owner.log.warn(`a message of ${message.length} bytes is too long for ${this.road.description}`);
  }

  receive(message: Uint8Array): void {
    if (this.#state === "over") return;
    this.#heardAt = this.#owner.environment.elapsed();
    const type = message[0];
    if (type === messageType.reject) return this.#end(turnedAway, true);
    if (this.#held) return this.#hold(message, this.#held);
    if (type === messageType.data || type === messageType.direct) {
      if (this.#state === "up") this.#owner.message(this, message);
      return;
    }
    // So that one neighbour cannot keep us from all others. A sign of life costs no more than to ignore it.
    if (type !== neighbourMessageType.alive && !this.#routing.take(1, this.#heardAt)) return;
    if (type === messageType.routing) this.#readUpdate(message);
    else if (this.#state === "up") this.#owner.message(this, message);
  }

  /** We are here, if that was the question. */
  answer(message: Uint8Array): void {
    if (this.#farhand && decodeProbe(message) === "question") this.send(encodeProbe("answer"));
  }

  /** Tell the neighbour that it is not wanted, and hang up. */
  reject(why: string): void {
    if (this.#state === "over") return;
    this.road.send(rejectMessage);
    this.#end(why, true);
  }

  /** End the link. @param why for the log. */
  drop(why: string): void {
    this.#end(why, false);
  }

  #end(why: string, isRefusal: boolean): void {
    if (this.#state === "over") return;
    this.#cancelGreeting();
    this.#held = undefined;
    const wasUp = this.#state === "up";
    this.#state = "over";
    this.road.close();
    this.#owner.news.ended(this, { why, wasUp, isRefusal });
    this.#owner.ended(this, wasUp);
  }

  #readUpdate(message: Uint8Array): void {
    const head = this.#state === "up" ? peekUpdate(message) : undefined;
    // In a flood most updates come over several links; what the neighbour says of itself is always looked at.
    if (head && head.nodeId !== this.#peer && this.#owner.isOld(head.nodeId, head.updateId)) return;
    let received: ReceivedUpdate;
    try {
      received = receiveRoutingUpdate(message, head);
    } catch (error) {
      this.#owner.log.debug(`a routing update of ${this.road.description} is ignored: ${errorText(error)}`);
      return;
    }
    if (this.#state === "greeting") this.#meet(received);
    else this.#hear(received);
  }

  /** The first update says who is there; the rest of it is not looked at (spec §3.4, step 2). */
  #meet({ update, forwardingNode: peer }: ReceivedUpdate): void {
    if (peer === "") return;
    this.#cost = this.#costFor(peer);
    this.#peer = peer;
    if (update.nodeId === peer) this.#farhand = update.farhand;
    this.#isToStub = this.#farhand?.stub === true;
    const refusal = this.#refusal(peer);
    if (refusal !== undefined) return this.reject(refusal);
    this.enter();
  }

  /** Come in, if the owner lets us. It calls this again when it did not know at first. */
  enter(): void {
    if (this.#state !== "greeting") return;
    const refusal = this.#owner.admit(this);
    if (refusal !== undefined) return this.reject(refusal);
    if (!this.isUp) {
      this.#held ??= { messages: [], bytes: 0 };
      return;
    }
    this.#cancelGreeting();
    const { messages = [] } = this.#held ?? {};
    this.#held = undefined;
    for (const message of messages) this.receive(message);
  }

  #hold(message: Uint8Array, held: { readonly messages: Uint8Array[]; bytes: number }): void {
    // Its side may be in the same doubt about this link.
    if (message[0] === neighbourMessageType.probe) return this.answer(message);
    // Empty ones must not be many either.
    const bytes = message.length + 64;
    if (held.bytes + bytes > maxHeldBytes) return;
    held.bytes += bytes;
    held.messages.push(Uint8Array.from(message));
  }

  /** The neighbour chooses its id, and it may be `constructor`. */
  #costFor(peer: string): number {
    const { nodeCosts, cost } = this.#terms;
    return nodeCosts && Object.hasOwn(nodeCosts, peer) ? (nodeCosts[peer] ?? cost) : cost;
  }

  /**
   * A Farhand node whose greeting was lost, so that the first we saw of it was somebody else's update. What a link is to
   * its node (a stub's, a hub's) is settled when it comes up and stays.
   */
  recognize(hello: FarhandHello | undefined): void {
    if (hello && !hello.stub) this.#farhand ??= hello;
  }

  /** Called by the owner when it admits the link, so that what it does then finds it up. */
  setUp(): void {
    this.#state = "up";
  }

  #refusal(peer: string): string | undefined {
    const { allowedPeers } = this.#terms;
    if (peer === this.#owner.ownId) return "tried to connect using our own node ID";
    if (allowedPeers && !allowedPeers.includes(peer)) return `node ${peer} is not one of the allowed peers`;
    return this.#idFault(peer) ?? this.#terms.refuses?.(peer);
  }

  #idFault(peer: string): string | undefined {
    const { provenNodeIds: proven = [] } = this.road;
    // Receptor's own certificates need not name the node here, only those of streams (spec §4.5).
    if (proven.includes(peer) || !(this.#terms.mustProveId || (this.#farhand && proven.length > 0))) return undefined;
    if (proven.length === 0) return `it shows no certificate with a node id, and it says it is ${peer}`;
    return `its certificate is for node ${proven.join(", ")} and not for ${peer}`;
  }

  /** Checks of spec §3.4, step 3. */
  #hear({ update, forwardingNode }: ReceivedUpdate): void {
    if (forwardingNode !== this.#peer) return this.reject("remote node ID changed unexpectedly");
    if (update.nodeId === this.#peer) {
      this.recognize(update.farhand);
      const cost = update.connections.get(this.#owner.ownId);
      if (cost === undefined) {
        if (this.#isListed) return this.reject("remote node no longer lists us as a connection");
        // A greeting that is late: it was written before the link was up.
        return;
      }
      this.#isListed = true;
      if (cost !== this.#cost)
        return this.reject(`we disagree about the connection cost: ${this.#cost} here, ${cost} at ${this.#peer}`);
    }
    this.#owner.update(this, update);
  }
}
