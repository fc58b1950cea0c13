import type { Log } from "#core";
import type { FarhandHello } from "../packet/farhand-hello.ts";
import { encodeRoutingUpdate, type RoutingUpdate } from "../packet/routing-update.ts";
import { Contests } from "./contest.ts";
import { Duplicates } from "./duplicates.ts";
import { type Cancel, type Environment, newEpoch, randomName } from "./environment.ts";
import { HoldDown } from "./hold-down.ts";
import { KnownNodes } from "./known-nodes.ts";
import { Link, type LinkOwner, type LinkTerms, type Road } from "./link.ts";
import { LinkNews } from "./link-news.ts";
import { LinkState } from "./link-state.ts";
import { decodeAlive, decodeSummary, neighbourMessageType } from "./neighbour-messages.ts";
import type { RouterEvents, RouterOptions } from "./router-options.ts";
import { SeenUpdates } from "./seen-updates.ts";
import { type PromotedStub, StubLinks } from "./stub-links.ts";
import { StubSigns } from "./stub-signs.ts";
import { Synchronizer } from "./synchronizer.ts";
import { Topology } from "./topology.ts";
import { Ways } from "./ways.ts";

/** Periods of Receptor (spec §10), in milliseconds. */
const idleCheckMs = 5_000;
const updatePeriodMs = 10_000;
const sweepMs = 10 * 60_000;
/** How often own updates are flooded for Receptor nodes that are no neighbours of ours, in update periods. */
const strangerPeriods = 6;

/** Who can be reached, and over which neighbour (spec §3.4 to §3.7). It knows time only through its environment. */
export class Router implements LinkOwner {
  readonly ownId: string;
  readonly environment: Environment;
  readonly log: Log;
  readonly news: LinkNews;
  readonly epoch: bigint;
  readonly topology: Topology;
  readonly ways: Ways;
  /** Nobody further away knows us; what we do not know ourselves our hub does. */
  readonly isStub: boolean;
  readonly #options: RouterOptions;
  readonly #events: RouterEvents;
  readonly #state: LinkState;
  readonly #known: KnownNodes;
  readonly #synchronizer: Synchronizer;
  readonly #seen = new SeenUpdates();
  /** Every link, also those that have not met yet. */
  readonly #links = new Set<Link>();
  readonly #up = new Map<string, Link>();
  readonly #stubs: StubLinks;
  readonly #stubSigns: StubSigns;
  readonly #duplicates: Duplicates;
  readonly #contests: Contests;
  readonly #holdDown = new HoldDown();
  #sequence = 0n;
  #floodsDue = false;
  #ticks = 0;
  #stopTicking: Cancel = () => {};
  #stopSweeping: Cancel = () => {};
  #isClosed = false;

  constructor(options: RouterOptions, events: RouterEvents) {
    this.#options = options;
    this.#events = events;
    this.ownId = options.nodeId;
    this.isStub = options.hello.stub;
    this.environment = options.environment;
    this.log = options.log;
    this.news = new LinkNews(options.log, options.environment);
    this.epoch = newEpoch(options.environment, options.lastEpoch);
    this.topology = new Topology(options.nodeId);
    this.#stubs = new StubLinks(options.maxAnnouncedStubs);
    this.#state = new LinkState(options.hashOf, options.maxNodes);
    const { ownId, isStub, environment, topology } = this;
    this.ways = new Ways({ ownId, isStub, environment, topology, state: this.#state, up: this.#up });
    this.#known = this.#knownNodes(options.forgetMs);
    this.#contests = new Contests(options.environment, {
      won: (newcomer) => newcomer.enter(),
      lost: (newcomer) => newcomer.reject(isConnected(newcomer.peer)),
    });
    this.#duplicates = new Duplicates({
      ownId: options.nodeId,
      epoch: this.epoch,
      environment: options.environment,
      log: options.log,
      warn: (epoch) => this.#warnDuplicate(epoch),
      isDuplicate: () => events.duplicate(),
    });
    this.#synchronizer = new Synchronizer(options.nodeId, this.#state, options.environment, (node, record) =>
      this.#known.isTellable(node, record),
    );
    this.#stubSigns = new StubSigns(options.environment, (link) => this.#synchronizer.sign(link));
    this.#state.put(this.#ownUpdate(), this.environment.elapsed());
    // Nodes that start together must not all speak at once for ever.
    const firstTickMs = idleCheckMs * (0.5 + 0.5 * this.environment.random());
    this.#stopTicking = this.environment.every(idleCheckMs, firstTickMs, () => this.#tick());
    this.#sweepLater();
  }

  /** Neighbours whose link is up, by id. */
  get links(): ReadonlyMap<string, Link> {
    return this.#up;
  }

  /** One number over all we know; equal at all nodes of a mesh that has settled. */
  get digest(): number {
    this.#known.noteLost();
    return this.#state.digest;
  }

  /** Nodes remembered, ourselves included. */
  get knownNodes(): number {
    return this.#state.size;
  }

  /** Begin a link. Its messages are to be handed to {@link Link.receive}, its end to {@link Link.drop}. */
  addRoad(road: Road, terms: LinkTerms): Link {
    const link = new Link(this, road, terms);
    this.#links.add(link);
    if (this.#isClosed) link.drop("the node is shutting down");
    link.greet();
    return link;
  }

  /** Whether a stub that speaks no QUIC hangs off this node. */
  isStubHere(node: string): boolean {
    return this.#stubs.size > 0 && this.#up.get(node)?.isToStub === true;
  }

  close(): void {
    this.#isClosed = true;
    this.#stopTicking();
    this.#stopSweeping();
    for (const link of this.#links) link.drop("the node is shutting down");
    this.#links.clear();
  }

  // What links ask of their node.

  greeting(): Uint8Array {
    return encodeRoutingUpdate(this.#ownUpdate());
  }

  admit(link: Link): string | undefined {
    const { peer } = link;
    const before = this.#up.get(peer);
    if (before?.farhand) {
      this.#contests.begin(before, link);
      return undefined;
    }
    if (before) {
      // A link whose other end has restarted unnoticed breaks as soon as it is used. Nothing new is said on it: an
      // update that only some get would make neighbours compare what they know.
      const own = this.#state.get(this.ownId);
      if (own) before.send(encodeRoutingUpdate(own.update));
      return isConnected(peer);
    }
    this.#up.set(peer, link);
    link.setUp();
    if (link.isToStub) this.#addStub(link);
    else this.topology.addLink(peer, link.cost);
    this.ways.linksChanged();
    this.#known.linksChanged();
    this.news.came(link);
    this.#events.nodeKnown(peer);
    this.#events.linkUp(link);
    this.#introduce(link);
    if (!this.#isSecret(link)) this.floodSoon();
    return undefined;
  }

  ended(link: Link, wasUp: boolean): void {
    this.#links.delete(link);
    if (!wasUp) return;
    const isSecret = this.#isSecret(link);
    this.#up.delete(link.peer);
    this.topology.removeLink(link.peer);
    const promoted = link.isToStub ? this.#removeStub(link) : undefined;
    this.ways.linksChanged();
    this.#known.linksChanged();
    this.#events.linkDown(link);
    // What all nodes know of it they forget at about the same time; this is for whom we alone have known.
    if (!this.#state.get(link.peer)) this.#events.nodeForgotten(link.peer);
    if (!isSecret) this.floodSoon();
    if (promoted) this.#announceStub(promoted);
  }

  message(link: Link, message: Uint8Array): void {
    const type = message[0];
    if (type === neighbourMessageType.alive || type === neighbourMessageType.summary) this.#recognize(link);
    if (type === neighbourMessageType.alive) {
      const digest = decodeAlive(message);
      if (digest !== undefined && !this.#isAside(link)) this.#synchronizer.hearAlive(link, digest);
    } else if (type === neighbourMessageType.summary) {
      const summary = decodeSummary(message);
      if (summary && !this.#isAside(link)) this.#synchronizer.hearSummary(link, summary);
    } else if (type === neighbourMessageType.probe) {
      link.answer(message);
    } else this.#events.message(link, message);
  }

  isOld(nodeId: string, updateId: string): boolean {
    const known = this.#state.get(nodeId);
    return known !== undefined && (known.update.updateId === updateId || this.#seen.has(updateId));
  }

  update(link: Link, update: RoutingUpdate): void {
    const { nodeId } = update;
    if (nodeId === "") return;
    if (link.isToStub && nodeId !== link.peer) return;
    if (this.#isSecret(link)) return this.#stubs.hear(nodeId, update);
    if (nodeId === this.ownId) return this.#duplicates.hearOfUs(update);
    if (nodeId === link.peer) this.#introduce(link);
    if (update.suspectedDuplicate !== 0n) return this.#hearOfDuplicate(link, update);
    const freshness = this.#state.freshness(update);
    if (freshness === "known") return;
    // An update that came already and is newer than what is known: its sender was found to be a duplicate since.
    const isSeen = !this.#seen.add(update.updateId, this.environment.elapsed());
    if ((isSeen && freshness === "newer") || !this.#known.makeRoom(update)) return;
    const known = this.#state.get(nodeId);
    if (known && update.updateEpoch > known.epoch) this.#events.nodeRestarted(nodeId);
    if (!known) {
      this.#events.nodeKnown(nodeId);
      // Farhand nodes tell a newcomer what they know; a Receptor node learns of us only from ourselves.
      if (!update.farhand) this.floodSoon();
    }
    this.#state.put(update, this.environment.elapsed());
    const { version } = this.topology;
    this.topology.set(nodeId, update.connections, update.farhand?.stub);
    if (this.topology.version !== version) this.#events.waysMayDiffer();
    this.#reflood(link, update);
  }

  /** Flood an update of ours within 100 ms; later while changes keep coming. */
  floodSoon(): void {
    if (this.#floodsDue || this.#isClosed) return;
    this.#floodsDue = true;
    this.environment.after(this.#holdDown.next(this.environment.elapsed()), () => {
      this.#floodsDue = false;
      if (!this.#isClosed) this.#floodOwn();
    });
  }

  /** Send to every neighbour that takes part in flooding. What a stub says that nobody was told of stays here. */
  flood(message: Uint8Array, except?: Link): void {
    if (except && this.#isSecret(except)) return;
    for (const link of this.#up.values()) if (link !== except && !link.isToStub) link.send(message);
  }

  #ownUpdate(suspectedDuplicate = 0n): RoutingUpdate {
    const connections = new Map<string, number>();
    for (const [peer, link] of this.#up) if (!this.#isSecret(link)) connections.set(peer, link.cost);
    return {
      nodeId: this.ownId,
      updateId: randomName(this.environment),
      updateEpoch: this.epoch,
      updateSequence: ++this.#sequence,
      connections,
      forwardingNode: this.ownId,
      suspectedDuplicate,
      farhand: this.#hello(),
    };
  }

  #hello(): FarhandHello {
    const { hello } = this.#options;
    for (const { road } of this.#up.values()) if (!road.isReliable) return { ...hello, lossy: true };
    return hello;
  }

  #floodOwn(suspectedDuplicate = 0n): void {
    const update = this.#ownUpdate(suspectedDuplicate);
    // It comes back over every ring.
    this.#seen.add(update.updateId, this.environment.elapsed());
    if (suspectedDuplicate === 0n) this.#state.put(update, this.environment.elapsed());
    this.flood(encodeRoutingUpdate(update));
  }

  #reflood(from: Link, update: RoutingUpdate): void {
    if (this.isStub || this.#up.size < 2) return;
    this.flood(encodeRoutingUpdate(update, this.ownId), from);
  }

  /** A neighbour of the same kind compares what it knows with us; others get all there is. */
  #introduce(link: Link): void {
    if (this.#isAside(link)) return;
    if (link.farhand) return this.#synchronizer.begin(link);
    link.isIntroduced ||= this.#synchronizer.tellAll(link);
  }

  /** Only a Farhand node sends these. If what it said of itself was lost, others have told us of it. */
  #recognize(link: Link): void {
    if (link.farhand) return;
    link.recognize(this.#state.get(link.peer)?.update.farhand);
    this.#introduce(link);
  }

  /** Between a hub and its stub nothing is flooded. */
  #isAside(link: Link): boolean {
    return link.isToStub || (this.isStub && link.farhand?.hub === true);
  }

  #addStub(link: Link): void {
    this.#stubs.add(link.peer);
    this.#stubSigns.add(link);
  }

  #removeStub(link: Link): PromotedStub | undefined {
    this.#stubSigns.remove(link);
    return this.#stubs.remove(link.peer);
  }

  /** There is room for it now that another one has left. Its services follow when it next tells of them. */
  #announceStub({ peer, update }: PromotedStub): void {
    const link = this.#up.get(peer);
    if (link && update && !this.#isClosed) this.update(link, update);
  }

  /** A stub that no other node is told of. */
  #isSecret(link: Link): boolean {
    return link.isToStub && this.#stubs.isSecret(link.peer);
  }

  #warnDuplicate(epoch: bigint): void {
    if (this.#isClosed) return;
    this.#floodOwn(epoch);
    // What the other said of our connections is still believed: put it right.
    this.floodSoon();
  }

  /** Spec §3.6, step 4: the older of two nodes says which one shall not be believed. */
  #hearOfDuplicate(link: Link, update: RoutingUpdate): void {
    if (!this.#seen.add(update.updateId, this.environment.elapsed())) return;
    const known = this.#state.get(update.nodeId);
    if (known?.epoch === update.suspectedDuplicate)
      this.#state.put(
        { ...update, connections: known.update.connections, suspectedDuplicate: 0n },
        this.environment.elapsed(),
      );
    this.#reflood(link, update);
  }

  #knownNodes(forgetMs: number): KnownNodes {
    const { topology, environment } = this;
    return new KnownNodes({
      state: this.#state,
      topology,
      environment,
      forgetMs,
      isNeighbour: (node) => this.#up.has(node),
      hasRoute: (node) => this.ways.routes().has(node),
      forgotten: (node) => this.#events.nodeForgotten(node),
    });
  }

  #tick(): void {
    const { maxIdleMs } = this.#options;
    const isPeriodOver = ++this.#ticks % (updatePeriodMs / idleCheckMs) === 0;
    if (isPeriodOver) this.#known.noteLost();
    const elapsed = this.environment.elapsed();
    for (const link of this.#up.values()) {
      if (elapsed - link.heardAt > maxIdleMs) link.drop(`nothing came for ${maxIdleMs / 1000} s`);
      else if (link.isToStub) continue;
      else if (link.farhand && isPeriodOver) this.#synchronizer.alive(link);
      // On a road that loses, twice as many must be lost in a row before the neighbour takes us for dead.
      else if (link.farhand && !link.road.isReliable) this.#synchronizer.sign(link);
    }
    if (isPeriodOver) this.#endPeriod();
  }

  #endPeriod(): void {
    // Somewhere behind our neighbours nodes compare nothing, and one that missed our last word never asks for it.
    const isStrangersTurn = this.#ticks % ((strangerPeriods * updatePeriodMs) / idleCheckMs) === 0;
    let mustFlood = isStrangersTurn && this.#state.hasStrangers;
    for (const link of this.#up.values()) if (!link.farhand) mustFlood = true;
    if (mustFlood) this.#floodOwn();
  }

  #sweepLater(): void {
    this.#stopSweeping = this.environment.after(sweepMs, () => {
      this.#sweepLater();
      this.#known.sweep();
    });
  }
}

const isConnected = (peer: string): string => `${peer} connected using a node ID we are already connected to`;
