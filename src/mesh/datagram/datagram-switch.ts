import { type Log, errorText } from "#core";
import { fullBytes } from "../backend/backend.ts";
import { MeshError, type MeshErrorCode } from "../errors.ts";
import {
  dataHeaderBytes,
  dataOffset,
  decodeData,
  decrementHops,
  encodeData,
  firstHops,
  isData,
} from "../packet/data-message.ts";
import { DataPassage, decide, type FirewallRules } from "../packet/firewall.ts";
import { nodeHash } from "../packet/node-hash.ts";
import type { NodeNames } from "../packet/node-names.ts";
import { checkServiceName, readServiceName } from "../packet/service-name.ts";
import { decodeUnreachable, encodeUnreachable, problem } from "../packet/unreachable.ts";
import { type Environment, randomName } from "../routing/environment.ts";
import type { Road } from "../routing/link.ts";
import type { DatagramEvents, DatagramSocket } from "../stream/datagrams.ts";
import { Introductions } from "./introductions.ts";

const pingService = "ping";
const unreachableService = "unreach";

/** What the switch needs of its node. */
export interface SwitchOptions {
  readonly ownId: string;
  readonly names: NodeNames;
  readonly rules: FirewallRules;
  readonly environment: Environment;
  readonly log: Log;
  /** The road to the neighbour that leads to a node, or undefined. */
  readonly nextHop: (node: string) => Road | undefined;
  /** A stub that has its link here. */
  readonly isStubHere: (node: string) => boolean;
  /** Begin to answer for a service of a stub. False: its datagrams are passed on to the stub itself. */
  readonly host: (node: string, service: string) => boolean;
}

/** What `status` and metrics show of the traffic. */
export interface SwitchCounts {
  forwarded: number;
  delivered: number;
  /** By a full road, an unknown hash, no route, or a firewall rule. */
  dropped: number;
}

interface OpenSocket {
  readonly node: string;
  readonly events: DatagramEvents;
}

/**
 * Passes datagrams on: to a service of this node, or to the neighbour that leads to theirs (spec §3.5, §3.8). Nothing
 * waits in it: what a road cannot take is dropped, as on any network.
 */
export class DatagramSwitch {
  readonly counts: SwitchCounts = { forwarded: 0, delivered: 0, dropped: 0 };
  readonly #options: SwitchOptions;
  readonly #sockets = new Map<string, OpenSocket>();
  /** Services of nodes that this one answers for (stubs without a stream engine of their own), by node. */
  readonly #hosted = new Map<string, Map<string, OpenSocket>>();

  readonly #introductions: Introductions;

  constructor(options: SwitchOptions) {
    this.#options = options;
    this.#introductions = new Introductions(options.environment);
  }

  /**
   * A socket for a service, or for a fresh ephemeral one.
   *
   * @throws {MeshError} `SERVICE_NAME_INVALID`, `SERVICE_TAKEN`.
   */
  open(service: string | undefined, events: DatagramEvents): DatagramSocket {
    return this.#open(this.#sockets, this.#options.ownId, service, events);
  }

  /** A socket that receives and sends for another node, whose datagrams pass through here. */
  openFor(node: string, service: string | undefined, events: DatagramEvents): DatagramSocket {
    let sockets = this.#hosted.get(node);
    if (!sockets) this.#hosted.set(node, (sockets = new Map()));
    return this.#open(sockets, node, service, events);
  }

  /** Stop answering for a node. */
  stopHosting(node: string): void {
    this.#hosted.delete(node);
  }

  /** Ask the firewall about a stream that does not go by datagrams. @throws {MeshError} `BLOCKED`. */
  refuse(fromNode: string, toNode: string, toService: string): void {
    const { rules } = this.#options;
    if (decide(rules, { fromNode, toNode, fromService: "", toService }) !== "accept")
      throw new MeshError("BLOCKED", problem.blockedByFirewall);
  }

  /**
   * A message from a neighbour. Its memory is ours.
   *
   * @param speaker the only node it may be from: a stub sends nothing for others. Absent: any node.
   */
  receive(message: Uint8Array, speaker?: string): void {
    if (!isData(message)) return;
    const { names, ownId } = this.#options;
    const toNode = names.nameAt(message, dataOffset.toHash);
    const fromNode = names.nameAt(message, dataOffset.fromHash);
    if (toNode === undefined || fromNode === undefined) return this.#drop();
    if (speaker !== undefined && fromNode !== speaker) return this.#drop();
    const verdict = this.#judge(message, fromNode, toNode);
    if (verdict === "reject") this.#report(message, fromNode, toNode, problem.blockedByFirewall);
    if (verdict !== "accept") return this.#drop();
    if (toNode === ownId) return this.#deliver(message, fromNode, toNode);
    const isStub = this.#options.isStubHere(toNode);
    if (isStub && this.#isHosted(toNode, message)) return this.#deliver(message, fromNode, toNode);
    const road = this.#options.nextHop(toNode);
    if (message[dataOffset.hops] === 0) return this.#report(message, fromNode, toNode, problem.messageExpired);
    if (!road || road.queuedBytes > fullBytes || message.length > road.maxMessageBytes) return this.#drop();
    if (isStub) this.#introductions.introduce(road, fromNode);
    decrementHops(message);
    this.counts.forwarded++;
    road.send(message);
  }

  /**
   * Send a datagram of ours.
   *
   * @param hops nodes it may pass; the normal limit when absent.
   * @throws {MeshError} see {@link DatagramSocket.send}.
   */
  send(
    fromNode: string,
    fromService: string,
    toNode: string,
    toService: string,
    payload: Uint8Array,
    hops = firstHops,
  ): void {
    const { ownId, names, nextHop } = this.#options;
    const target = toNode.toLowerCase() === "localhost" ? ownId : toNode;
    names.learnForNow(target);
    const [fromHash, toHash] = [nodeHash(fromNode), nodeHash(target)];
    const message = encodeData({ hops, fromHash, toHash, fromService, toService, payload });
    if (this.#judge(message, fromNode, target) !== "accept") throw new MeshError("BLOCKED", problem.blockedByFirewall);
    if (target === ownId) return this.#sendHere(message, fromNode, toService);
    if (hops === 0) throw new MeshError("EXPIRED", problem.messageExpired);
    const road = nextHop(target);
    if (!road) throw new MeshError("NO_ROUTE", "no route to node");
    if (message.length > road.maxMessageBytes)
      throw new MeshError(
        "MESSAGE_TOO_LONG",
        `a datagram has at most ${road.maxMessageBytes - dataHeaderBytes} bytes here`,
      );
    if (road.queuedBytes > fullBytes) return this.#drop();
    if (fromNode !== ownId && this.#options.isStubHere(target)) this.#introductions.introduce(road, fromNode);
    decrementHops(message);
    road.send(message);
  }

  /** What we do in the name of a stub ends here; its pings and other datagrams it answers itself. */
  #isHosted(toNode: string, message: Uint8Array): boolean {
    const hosted = this.#hosted.get(toNode);
    const service = readServiceName(message, dataOffset.toService);
    if (service === pingService) return false;
    if (service === unreachableService) return hosted?.has(this.#reportedService(message) ?? "") === true;
    return hosted?.has(service) === true || this.#options.host(toNode, service);
  }

  /** The service whose datagram did not arrive, as an unreachable message tells. */
  #reportedService(message: Uint8Array): string | undefined {
    return this.#quietly(() => decodeUnreachable(message.subarray(dataHeaderBytes)))?.fromService;
  }

  #open(
    sockets: Map<string, OpenSocket>,
    node: string,
    wanted: string | undefined,
    events: DatagramEvents,
  ): DatagramSocket {
    if (wanted !== undefined) checkServiceName(wanted);
    const service = wanted ?? this.#freeName(sockets);
    if (sockets.has(service)) throw new MeshError("SERVICE_TAKEN", `service ${service} is already listening`);
    const socket = { node, events };
    sockets.set(service, socket);
    return {
      service,
      send: (toNode, toService, payload, hops) => this.send(node, service, toNode, toService, payload, hops),
      close: () => {
        if (sockets.get(service) === socket) sockets.delete(service);
      },
    };
  }

  #freeName(sockets: ReadonlyMap<string, OpenSocket>): string {
    for (;;) {
      const name = randomName(this.#options.environment);
      if (!sockets.has(name)) return name;
    }
  }

  #judge(message: Uint8Array, fromNode: string, toNode: string): "accept" | "reject" | "drop" {
    const data = decodeData(message);
    return data ? decide(this.#options.rules, new DataPassage(fromNode, toNode, data)) : "drop";
  }

  /** Later, so that nobody is called back while it sends. */
  #sendHere(message: Uint8Array, fromNode: string, toService: string): void {
    if (toService !== pingService && toService !== unreachableService && !this.#sockets.has(toService))
      throw new MeshError("SERVICE_UNKNOWN", problem.serviceUnknown);
    queueMicrotask(() => this.#deliver(message, fromNode, this.#options.ownId));
  }

  #deliver(message: Uint8Array, fromNode: string, toNode: string): void {
    const toService = readServiceName(message, dataOffset.toService);
    const fromService = readServiceName(message, dataOffset.fromService);
    const sockets = toNode === this.#options.ownId ? this.#sockets : this.#hosted.get(toNode);
    if (toService === pingService) return this.#answerPing(toNode, fromNode, fromService);
    if (toService === unreachableService) return this.#hearUnreachable(message, fromNode);
    const socket = sockets?.get(toService);
    if (!socket) return this.#report(message, fromNode, toNode, problem.serviceUnknown);
    this.counts.delivered++;
    socket.events.received(message.subarray(dataHeaderBytes), fromNode, fromService);
  }

  /** Two that answer each other's answers never stop, and so does a node that believes it pinged itself. */
  #answerPing(ownName: string, toNode: string, toService: string): void {
    if (toService === pingService || toService === unreachableService) return this.#drop();
    this.#quietly(() => this.send(ownName, pingService, toNode, toService, nothing));
  }

  /** Tell the sender that its datagram did not arrive; never about a message that itself tells such (spec §3.8). */
  #report(message: Uint8Array, fromNode: string, toNode: string, what: string): void {
    const fromService = readServiceName(message, dataOffset.fromService);
    if (fromService === unreachableService) return;
    const toService = readServiceName(message, dataOffset.toService);
    const report = encodeUnreachable({ fromNode, toNode, fromService, toService, problem: what });
    const { ownId } = this.#options;
    this.#quietly(() => this.send(ownId, unreachableService, fromNode, unreachableService, report));
  }

  #hearUnreachable(message: Uint8Array, reporter: string): void {
    const report = this.#quietly(() => decodeUnreachable(message.subarray(dataHeaderBytes)));
    if (!report) return;
    const { fromNode, fromService, toNode, toService } = report;
    const sockets = fromNode === this.#options.ownId ? this.#sockets : this.#hosted.get(fromNode);
    sockets?.get(fromService)?.events.unreachable({ reporter, toNode, toService, problem: report.problem });
  }

  /** What nobody waits for may fail. */
  #quietly<T>(run: () => T): T | undefined {
    try {
      return run();
    } catch (error) {
      this.#drop();
      this.#options.log.debug(`a message was dropped: ${errorText(error)}`);
      return undefined;
    }
  }

  #drop(): void {
    this.counts.dropped++;
  }
}

const nothing = new Uint8Array(0);

/** The code of each problem text of the protocol; the text comes from a peer and may be any. */
export const problemCodes: ReadonlyMap<string, MeshErrorCode> = new Map([
  [problem.serviceUnknown, "SERVICE_UNKNOWN"],
  [problem.messageExpired, "EXPIRED"],
  [problem.blockedByFirewall, "BLOCKED"],
]);
