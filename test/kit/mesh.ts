import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { Closers } from "#core";
import { makeCertificates } from "./certificates.ts";
import { type Daemon, startDaemon } from "./daemon.ts";
import { freePort } from "./free-port.ts";
import { endMarkedProcesses, processMark } from "./marked-processes.ts";
import { type LaidRoad, type MeshPlan, type Program, type RoadPlan, receptorBin, settingsOf } from "./mesh-plan.ts";
import type { Output, StartedProcess } from "./processes.ts";
import { type Cable, layCable, startRabbitmq } from "./rabbitmq.ts";
import { receptorctl, startReceptorctl } from "./receptorctl.ts";
import { tempFolder } from "./temp-folder.ts";

/** What `status` tells of a node's place in the mesh. */
export interface MeshStatus {
  readonly NodeID: string;
  readonly Version: string;
  readonly Connections: readonly { readonly NodeID: string; readonly Cost: number }[];
  readonly RoutingTable: Readonly<Record<string, string>>;
  readonly Advertisements: readonly { readonly NodeID: string; readonly Service: string }[];
  readonly KnownConnectionCosts: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** A node with a folder of its own, where it is started, killed and started again. */
export interface ProcessNode {
  readonly id: string;
  readonly program: Program;
  /** Its folder: settings, socket and data. */
  readonly place: string;
  readonly socket: string;
  /** The path of a unit's folder, or of a file in it. */
  unitFile(unitId: string, name?: string): string;
  start(): Promise<void>;
  /** End the daemon and wait for its end. Units go on. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  readonly isRunning: boolean;
  /** Everything its daemons wrote, in order. */
  log(): string;
  /** The real client at its socket. */
  ctl(...args: string[]): Promise<Output>;
  /** The same to watch what it prints while it runs. */
  startCtl(...args: string[]): Promise<StartedProcess>;
  status(): Promise<MeshStatus>;
}

/** A mesh of real processes. At the end of its scope all are gone, with everything they started. */
export interface ProcessMesh extends AsyncDisposable {
  node(id: string): ProcessNode;
  /** The cable of the road that `from` dials. */
  cable(from: string): Cable;
  /** A folder of all nodes: `{shared}` in their settings. */
  readonly shared: string;
  /** Wait until every node that runs has a way to every other one that runs. */
  converged(limitMs?: number): Promise<void>;
}

export interface MeshOptions {
  /** Puts what the settings name into the shared folder, before any node starts. */
  readonly prepare?: (shared: string) => Promise<void>;
  /** Nodes that are not started with the rest. */
  readonly later?: readonly string[];
}

/** Start the nodes of a plan. They know one another's addresses; whether they have found each other, `converged()` waits for. */
export async function startMesh(plan: MeshPlan, options: MeshOptions = {}): Promise<ProcessMesh> {
  const folder = await tempFolder();
  const shared = folder.file("shared");
  mkdirSync(shared);
  const closers = new Closers();
  closers.add({ close: async () => await folder[Symbol.asyncDispose]() });
  closers.add({ close: async () => endMarkedProcesses(folder.path) });
  try {
    if (plan.roads.some(({ tls }) => tls)) await makeCertificates(shared);
    await options.prepare?.(shared);
    const cables = new Map<string, Cable>();
    const roads: LaidRoad[] = [];
    const broker = plan.roads.some(({ kind }) => kind === "amqp") ? await startRabbitmq() : undefined;
    closers.add({ close: async () => await broker?.[Symbol.asyncDispose]() });
    for (const road of plan.roads) {
      const listenPort = road.kind === "amqp" && broker ? broker.port : await freePort();
      roads.push(await layRoad(road, listenPort, cables, closers));
    }
    const nodes = new Map(
      Object.entries(plan.nodes).map(([id, { program = "ours", hasQuic = true, ...node }], index) => {
        const place = folder.file(`${index}`);
        mkdirSync(place);
        const text = settingsOf(id, node, roads).replaceAll("{place}", place).replaceAll("{shared}", shared);
        writeFileSync(join(place, "settings.yml"), text);
        const env = { ...processMark(folder.path), ...(!hasQuic && { NODE_OPTIONS: `--import=${withoutQuic.href}` }) };
        return [id, processNode(id, program, place, env)];
      }),
    );
    for (const [id, node] of nodes) if (!options.later?.includes(id)) await node.start();
    return {
      node: (id) => known(nodes.get(id), id),
      cable: (from) => known(cables.get(from), from),
      shared,
      converged: (limitMs = 60_000) => untilConverged([...nodes.values()], AbortSignal.timeout(limitMs)),
      [Symbol.asyncDispose]: () => closers.close(),
    };
  } catch (error) {
    await closers.close();
    throw error;
  }
}

const withoutQuic = pathToFileURL(join(import.meta.dirname, "without-quic.mjs"));

function known<T>(found: T | undefined, name: string): T {
  if (found === undefined) throw new TypeError(`the plan has no ${name}`);
  return found;
}

/** Through a cable where the road is a TCP connection. */
async function layRoad(
  road: RoadPlan,
  listenPort: number,
  cables: Map<string, Cable>,
  closers: Closers,
): Promise<LaidRoad> {
  if (road.kind === "udp") return { ...road, listenPort, dialPort: listenPort };
  const cable = await layCable(listenPort);
  closers.add({ close: async () => await cable[Symbol.asyncDispose]() });
  cables.set(road.from, cable);
  return { ...road, listenPort, dialPort: cable.port };
}

function processNode(id: string, program: Program, place: string, env: Readonly<Record<string, string>>): ProcessNode {
  const socket = join(place, "s");
  const written: (() => string)[] = [];
  let daemon: Daemon | undefined;
  const ctl = (...args: string[]) => receptorctl(socket, ...args);
  return {
    ...{ id, program, place, socket, ctl },
    unitFile: (unitId, name = "") => join(place, "data", id, unitId, name),
    start: async () => {
      const args = ["-c", join(place, "settings.yml")];
      const path = { path: receptorBin ?? "RECEPTOR_BIN is not set" };
      const started = await startDaemon({ args, socket, env, ...(program === "theirs" && { program: path }) });
      daemon = started;
      // A Receptor's control service answers before its listeners are open; a neighbour too early would come back late.
      await started.line(/Initialization complete/, AbortSignal.timeout(30_000));
      written.push(() => started.stdout() + started.stderr());
    },
    stop: async (signal) => {
      await daemon?.stop(signal);
      daemon = undefined;
    },
    get isRunning() {
      return daemon !== undefined;
    },
    log: () => written.map((text) => text()).join(""),
    startCtl: (...args) => startReceptorctl(socket, ...args),
    status: async () => JSON.parse((await ctl("status", "--json")).stdout) as MeshStatus,
  };
}

async function untilConverged(nodes: readonly ProcessNode[], signal: AbortSignal): Promise<void> {
  const running = nodes.filter(({ isRunning }) => isRunning);
  for (const node of running) {
    const others = running.filter((other) => other !== node);
    for (;;) {
      const { RoutingTable } = await node.status();
      if (others.every(({ id }) => id in RoutingTable)) break;
      if (signal.aborted)
        throw new Error(`${node.id} did not find all: ${JSON.stringify(RoutingTable)}\n${node.log()}`);
      await sleep(50);
    }
  }
}
