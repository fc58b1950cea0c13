import { errorText, type Log } from "#core";
import type { Backend, OpenBackend, Session } from "./backend/backend.ts";
import type { TlsProfiles } from "./certificate/profiles.ts";
import { DatagramSwitch } from "./datagram/datagram-switch.ts";
import { decodeIntroduction, introductionType } from "./datagram/introductions.ts";
import { ping, type PingOptions, type PingReply, traceroute } from "./datagram/ping.ts";
import { MeshError } from "./errors.ts";
import { parseFirewallRules } from "./packet/firewall.ts";
import type { WorkCommand } from "./packet/advertisement.ts";
import { messageType } from "./packet/message-types.ts";
import { nodeHash } from "./packet/node-hash.ts";
import { NodeNames } from "./packet/node-names.ts";
import { AdvertisementBoard, type OwnService } from "./routing/advertisements.ts";
import { type Environment, systemEnvironment } from "./routing/environment.ts";
import type { Link, LinkTerms } from "./routing/link.ts";
import { Router } from "./routing/router.ts";
import type { DatagramEvents, DatagramSocket } from "./stream/datagrams.ts";
import type { QuicEngine } from "./stream/quic/engine.ts";
import { Streams } from "./stream/streams.ts";
import type { DialOptions, ListenOptions, MeshStream } from "./stream/stream.ts";
import { type ConnType, connType, type MeshStatus } from "./wire.ts";

/** Receptor's limit, which its settings may only raise (spec §5.4). */
const defaultMaxIdleMs = 21_000;

export interface MeshOptions {
  readonly nodeId: string;
  readonly log: Log;
  /** Rules as they stand in the settings (spec §3.10). */
  readonly firewallRules?: readonly Readonly<Record<string, unknown>>[] | undefined;
  /** A link over which nothing came for longer is dropped, milliseconds. */
  readonly maxIdleMs?: number | undefined;
  /** Profiles that streams name. */
  readonly tls: TlsProfiles;
  /** Work types of this node, for its advertisements. */
  readonly workCommands?: (() => readonly WorkCommand[]) | undefined;
  /** Hang off one hub and take no part in flooding (design §4.2). */
  readonly isStub?: boolean | undefined;
  /** Stubs of this hub that other nodes are told of at most. */
  readonly maxAnnouncedStubs?: number | undefined;
  /** {@link Mesh.epoch} of an earlier start: others believe this one only if it is newer (spec §3.6). */
  readonly lastEpoch?: bigint | undefined;
  readonly environment?: Environment | undefined;
  /** Finds the QUIC engine; default: the one there is. Where it fails, streams are direct ones. */
  readonly loadEngine?: (() => Promise<QuicEngine>) | undefined;
}

/** What a service of this node tells others of itself. */
export interface Advertised {
  readonly tags: Readonly<Record<string, string>>;
}

/** A service that takes streams or datagrams. */
export interface OpenService {
  close(): Promise<void>;
}

/**
 * One node of a mesh: its links, what it knows of others, and the ways to talk to them.
 *
 * @throws {MeshError} `RULE_INVALID`.
 */
export function openMesh(options: MeshOptions): Mesh {
  return new Mesh(options);
}

/** Use {@link openMesh}. */
export class Mesh {
  readonly nodeId: string;
  /** Resolves when the mesh is closed: with an error when it shut itself down (spec §3.6, step 2). */
  readonly closed: Promise<MeshError | undefined>;
  readonly #log: Log;
  readonly #environment: Environment;
  readonly #names = new NodeNames();
  readonly #router: Router;
  readonly #datagrams: DatagramSwitch;
  readonly #board: AdvertisementBoard;
  readonly #streams: Streams;
  readonly #hello: { version: number; stub: boolean; hub: boolean; direct: boolean; quic: boolean };
  readonly #backends = new Set<OpenBackend>();
  readonly #linkListeners = new Set<(node: string) => void>();
  readonly #changeListeners = new Set<() => void>();
  #setClosed: (error: MeshError | undefined) => void = () => {};
  #closing: Promise<void> | undefined;

  constructor(options: MeshOptions) {
    const { nodeId, log, environment = systemEnvironment } = options;
    this.nodeId = nodeId;
    this.closed = new Promise((resolve) => {
      this.#setClosed = resolve;
    });
    this.#log = log;
    this.#environment = environment;
    this.#names.learn(nodeId);
    const isStub = options.isStub ?? false;
    this.#hello = { version: 1, stub: isStub, hub: !isStub, direct: true, quic: false };
    const rules = parseFirewallRules(options.firewallRules ?? []);
    this.#router = new Router(
      {
        nodeId,
        environment,
        log,
        hashOf: nodeHash,
        hello: this.#hello,
        maxIdleMs: options.maxIdleMs ?? defaultMaxIdleMs,
        maxNodes: 20_000,
        maxAnnouncedStubs: options.maxAnnouncedStubs ?? 500,
        forgetMs: 60 * 60_000,
        lastEpoch: options.lastEpoch,
      },
      {
        message: (link, message) => this.#message(link, message),
        linkUp: (link) => this.#linkUp(link),
        linkDown: (link) => {
          this.#streams.linkDown(link);
          this.#changed();
        },
        nodeKnown: (node) => void this.#names.learn(node),
        nodeRestarted: (node) => this.#streams.nodeRestarted(node),
        waysMayDiffer: () => {
          this.#streams.waysMayDiffer();
          this.#changed();
        },
        nodeForgotten: (node) => {
          this.#names.forget(node);
          this.#board.forget(node);
          this.#changed();
        },
        duplicate: () =>
          void this.#shutDown(new MeshError("DUPLICATE_NODE", "We are a duplicate node")).catch(() => {}),
      },
    );
    this.#datagrams = new DatagramSwitch({
      ownId: nodeId,
      names: this.#names,
      rules,
      environment,
      log,
      nextHop: (node) => this.#router.ways.nextHop(node)?.road,
      isStubHere: (node) => this.#router.isStubHere(node),
      // A stub takes datagrams itself; what came back to a socket it dialled with is no service at all.
      host: (node, service) =>
        takesStreams(this.#board.connTypeOf(node, service)) && this.#streams.hostStub(node, service),
    });
    this.#board = new AdvertisementBoard({
      ownId: nodeId,
      environment,
      log,
      since: Number(this.#router.epoch >> 24n) * 1000,
      workCommands: options.workCommands ?? (() => []),
      flood: (message, except) => this.#router.flood(message, except),
    });
    this.#streams = new Streams({
      nodeId,
      log,
      environment,
      tls: options.tls,
      datagrams: this.#datagrams,
      nextHop: (node) => this.#router.ways.nextHop(node),
      wayTo: (node) => this.#router.ways.wayTo(node),
      helloOf: (node) => this.#router.ways.helloOf(node),
      isSteady: (node) => this.#router.ways.isSteady(node),
      isStub,
      loadEngine: options.loadEngine,
    });
  }

  /**
   * Open a road. Closing what is returned ends its links.
   *
   * @throws {MeshError} `LISTEN_FAILED`, `MESH_CLOSED`; TlsProfileError.
   */
  async addBackend(backend: Backend, terms: LinkTerms): Promise<OpenBackend> {
    this.#hello.quic = await this.#streams.findEngine();
    const open = await backend.start((session) => this.#attach(session, terms));
    this.#backends.add(open);
    const close = async (): Promise<void> => {
      this.#backends.delete(open);
      await open.close();
    };
    if (this.#closing) {
      await close();
      throw new MeshError("MESH_CLOSED", "this node is shutting down");
    }
    return {
      addresses: open.addresses,
      get problem() {
        return open.problem;
      },
      close,
    };
  }

  /** Open a byte stream to a service of any node. @throws {MeshError} see {@link StreamEngine.dial}. */
  dial(node: string, service: string, options: DialOptions = {}): Promise<MeshStream> {
    return this.#streams.dial(node, service, options);
  }

  /** Offer a service that takes byte streams. @throws {MeshError} see {@link StreamEngine.listen}. */
  listen(service: string, options: ListenOptions & Partial<Advertised>): OpenService {
    const listener = this.#streams.listen(service, options);
    return this.#advertised(service, { connType: options.tls ? 2 : 1, tags: tagsOf(options.tags) }, listener);
  }

  /** A socket for datagrams: a service that is advertised when it has tags, or an ephemeral one. */
  openDatagrams(service: string | undefined, events: DatagramEvents, advertised?: Advertised): DatagramSocket {
    const socket = this.#datagrams.open(service, events);
    if (!advertised) return socket;
    this.#board.advertise(socket.service, { connType: 0, tags: tagsOf(advertised.tags) });
    const close = (): void => {
      this.#board.withdraw(socket.service);
      socket.close();
    };
    return { service: socket.service, send: socket.send, close };
  }

  /** Tell others this of a service of this node that is open, in place of what they were told. */
  tag(service: string, tags: Readonly<Record<string, string>>): void {
    this.#board.tag(service, tagsOf(tags));
  }

  /** The work types of this node changed: tell others soon. */
  announce(): void {
    this.#board.announceSoon();
  }

  ping(node: string, options: PingOptions = {}): Promise<PingReply> {
    return ping(this.#datagrams, this.#environment, this.nodeId, node, options);
  }

  /** The nodes on the way to a node, this one first (spec §1.4). */
  traceroute(node: string, signal?: AbortSignal): AsyncGenerator<PingReply, void, undefined> {
    return traceroute((hops) => this.ping(node, { hops, signal }));
  }

  /** Tells this start from earlier ones and later ones. */
  get epoch(): bigint {
    return this.#router.epoch;
  }

  /** Does a way lead to the node now, as far as this node knows? */
  hasRoute(node: string): boolean {
    return node === this.nodeId || node.toLowerCase() === "localhost" || this.#router.ways.nextHop(node) !== undefined;
  }

  /** Be told of each neighbour that is connected from now on. @returns to be told no more. */
  onLinkUp(listener: (node: string) => void): () => void {
    this.#linkListeners.add(listener);
    return () => void this.#linkListeners.delete(listener);
  }

  /** Be told each time when nodes and links in {@link status} may be others. @returns to be told no more. */
  onChange(listener: () => void): () => void {
    this.#changeListeners.add(listener);
    return () => void this.#changeListeners.delete(listener);
  }

  /** Over what a neighbour is connected now (`ws 10.0.0.7:51234`); undefined: it is no neighbour. */
  roadTo(node: string): string | undefined {
    return this.#router.links.get(node)?.road.description;
  }

  /** Whether a neighbour is a stub: it hangs off this node and takes no part in routing. */
  isStub(node: string): boolean {
    return this.#router.links.get(node)?.farhand?.stub === true;
  }

  /** Tell a neighbour that it is not wanted, and hang up. It may try again: {@link LinkTerms.refuses} decides. */
  rejectNeighbour(node: string, why: string): void {
    this.#router.links.get(node)?.reject(why);
  }

  /** The mesh as this node sees it (spec §1.5). */
  status(): MeshStatus {
    const links = [...this.#router.links.values()];
    const routes = [...this.#router.ways.routes()].map(([node, { nextHop }]) => [node, nextHop] as const);
    const stubs = links.filter(({ farhand }) => farhand?.stub).map(({ peer }) => [peer, peer] as const);
    return {
      Connections: links.map(({ peer, cost }) => ({ NodeID: peer, Cost: cost })),
      RoutingTable: Object.fromEntries([...routes, ...stubs]),
      Advertisements: this.#board.list().map((ad) => ({
        NodeID: ad.nodeId,
        Service: ad.service,
        Time: ad.time.text,
        ConnType: ad.connType,
        Tags: ad.tags && Object.fromEntries(ad.tags),
        WorkCommands: ad.workCommands?.map(({ workType, secure }) => ({ WorkType: workType, Secure: secure })) ?? null,
      })),
      KnownConnectionCosts: this.#router.topology.knownCosts(),
    };
  }

  /** Datagrams that passed through here, for metrics. */
  get counts() {
    return this.#datagrams.counts;
  }

  /** End every link and stream. */
  close(): Promise<void> {
    return this.#shutDown(undefined);
  }

  #shutDown(error: MeshError | undefined): Promise<void> {
    this.#closing ??= this.#closeAll().finally(() => this.#setClosed(error));
    return this.#closing;
  }

  async #closeAll(): Promise<void> {
    await this.#streams.close();
    this.#board.close();
    this.#router.close();
    await Promise.all([...this.#backends].map((backend) => backend.close()));
  }

  #attach(session: Session, terms: LinkTerms): void {
    const link = this.#router.addRoad(session, terms);
    session.start({ message: (message) => link.receive(message), drained: () => this.#streams.drained(link) });
    void session.closed.then((error) => link.drop(error ? errorText(error) : "the connection was closed"));
  }

  #linkUp(link: Link): void {
    this.#streams.linkUp(link);
    if (!link.farhand?.stub) this.#board.introduce(link);
    for (const tell of this.#linkListeners) tell(link.peer);
    this.#changed();
  }

  #changed(): void {
    for (const tell of this.#changeListeners) tell();
  }

  #message(link: Link, message: Uint8Array): void {
    const speaker = link.farhand?.stub ? link.peer : undefined;
    if (message[0] === messageType.data) this.#datagrams.receive(message, speaker);
    else if (message[0] === messageType.direct) this.#streams.frame(link, message);
    else if (message[0] === messageType.advertisement) this.#board.receive(link, message);
    else if (message[0] === introductionType && this.#hello.stub) this.#meet(message);
    else this.#log.debug(`a message of unknown type ${message[0]} from ${link.peer} is ignored`);
  }

  /** Our hub says who is about to send us something. */
  #meet(message: Uint8Array): void {
    const name = decodeIntroduction(message);
    if (name !== undefined) this.#names.learnForNow(name);
  }

  #advertised(service: string, own: OwnService, listener: OpenService): OpenService {
    this.#board.advertise(service, own);
    return {
      close: async () => {
        this.#board.withdraw(service);
        await listener.close();
      },
    };
  }
}

/** Also with TLS, which a hub can only refuse for its stub: better than no answer. */
function takesStreams(kind: ConnType | undefined): boolean {
  return kind === connType.stream || kind === connType.streamTls;
}

function tagsOf(tags: Readonly<Record<string, string>> | undefined): ReadonlyMap<string, string> | null {
  return tags ? new Map(Object.entries(tags)) : null;
}
