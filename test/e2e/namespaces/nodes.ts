import { createHash } from "node:crypto";
import { createReadStream, existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Closers } from "#core";
import { type ControlClient, connectControl, type JsonObject } from "#control";
import { isFinal, type UnitReport } from "#work/wire";
import { type Daemon, freshBuild, programs, startDaemon } from "../../kit/daemon.ts";
import { endMarkedProcesses, processMark } from "../../kit/marked-processes.ts";
import { type Cable, type Host, type Network, openNetwork } from "../../kit/namespaces.ts";
import { tempFolder } from "../../kit/temp-folder.ts";

/** Sections of a settings file beside the node's own, one object each. */
export type Sections = readonly JsonObject[];

/** Added to the environment of a daemon; undefined removes a variable. */
type Environment = Readonly<Record<string, string | undefined>>;

/** Networks, hosts and one daemon a host. At the end of its scope all are gone. */
export interface Lab extends AsyncDisposable {
  host(): Promise<Host>;
  cable(left: Host, right: Host): Promise<Cable>;
  /** Write the settings of a node. It is started by {@link LabNode.start}. */
  node(host: Host, id: string, sections: Sections, env?: Environment): LabNode;
}

export async function openLab(): Promise<Lab> {
  await freshBuild();
  const closers = new Closers();
  const folder = await tempFolder();
  closers.add({ close: async () => await folder[Symbol.asyncDispose]() });
  const network: Network = await openNetwork();
  closers.add({ close: async () => await network[Symbol.asyncDispose]() });
  closers.add({ close: async () => endMarkedProcesses(folder.path) });
  return {
    host: network.host,
    cable: network.cable,
    node: (host, id, sections, env = {}) => {
      const place = folder.file(id);
      mkdirSync(place);
      const own = [
        { node: { id, datadir: join(place, "data") } },
        { "control-service": { filename: join(place, "s") } },
      ];
      // A line of JSON is a line of YAML.
      const lines = [...own, ...sections].map((section) => `- ${JSON.stringify(section)}\n`);
      writeFileSync(join(place, "settings.yml"), lines.join(""));
      return new LabNode(host, id, place, { ...env, ...processMark(folder.path) });
    },
    [Symbol.asyncDispose]: () => closers.close(),
  };
}

/** A node and the place where it is started, killed and started again. */
export class LabNode {
  readonly id: string;
  readonly host: Host;
  readonly #place: string;
  readonly #env: Environment;
  #daemon: Daemon | undefined;

  constructor(host: Host, id: string, place: string, env: Environment) {
    this.host = host;
    this.id = id;
    this.#place = place;
    this.#env = env;
  }

  async start(): Promise<this> {
    const [path = "", ...words] = this.host.words;
    const args = [...words, process.execPath, programs.receptor, "-c", join(this.#place, "settings.yml")];
    this.#daemon = await startDaemon({ program: { path }, args, socket: join(this.#place, "s"), env: this.#env });
    return this;
  }

  async kill(): Promise<void> {
    await this.#daemon?.stop("SIGKILL");
  }

  /** One exchange on a connection of its own. */
  async talk<T>(exchange: (client: ControlClient) => Promise<T>): Promise<T> {
    const client = await connectControl({ kind: "unix", path: join(this.#place, "s") });
    try {
      return await exchange(client);
    } finally {
      client.close();
    }
  }

  /** Did the node answer? */
  async pings(node: string): Promise<boolean> {
    return (await this.talk((client) => client.call(`ping ${node}`)))["Success"] === true;
  }

  /** The nodes it knows a way to, by the neighbour that leads there. */
  async routes(): Promise<Readonly<Record<string, string>>> {
    return (await this.talk((client) => client.call("status")))["RoutingTable"] as Readonly<Record<string, string>>;
  }

  /** Wait until its routes are as wanted. @throws with the last ones when they never are. */
  async untilRoutes(areRight: (routes: Readonly<Record<string, string>>) => boolean, limitMs = 50_000): Promise<void> {
    for (const end = Date.now() + limitMs; ; await sleep(50)) {
      const routes = await this.routes();
      if (areRight(routes)) return;
      if (Date.now() > end)
        throw new Error(`routes of ${this.id}: ${JSON.stringify(routes)}\n${this.#daemon?.stdout() ?? ""}`);
    }
  }

  /** Wait until it knows a way to each of these. */
  async untilReaches(...nodes: readonly LabNode[]): Promise<void> {
    await this.untilRoutes((routes) => nodes.every(({ id }) => id === this.id || id in routes));
  }

  /** Give work without a payload to a node. Gives the id of the unit here. */
  async submit(node: string, worktype: string): Promise<string> {
    return await this.talk(async (client) => {
      const line = await client.callLine({ command: "work", subcommand: "submit", node, worktype });
      await client.sendPayload(nothing());
      await client.readJson();
      const id = /with ID (\w+)\./.exec(line)?.[1];
      if (id === undefined) throw new Error(line);
      return id;
    });
  }

  async unit(id: string): Promise<UnitReport> {
    return (await this.talk((client) => client.call(`work status ${id}`))) as unknown as UnitReport;
  }

  async untilFinal(id: string): Promise<UnitReport> {
    for (;;) {
      const unit = await this.unit(id);
      if (isFinal(unit.State)) return unit;
      await sleep(50);
    }
  }

  /** The id of the unit on the executor that a remote unit here stands for. */
  async remoteId(id: string): Promise<string> {
    for (;;) {
      const extra = (await this.unit(id)).ExtraData as { readonly RemoteUnitID?: string } | null;
      if (extra?.RemoteUnitID) return extra.RemoteUnitID;
      await sleep(20);
    }
  }

  /** Wait until so many bytes of a unit's output are on the disk here. */
  async untilOutput(id: string, bytes: number): Promise<void> {
    while (this.outputBytes(id) < bytes) await sleep(10);
  }

  outputBytes(id: string): number {
    const file = this.#output(id);
    return existsSync(file) ? statSync(file).size : 0;
  }

  /** SHA-256 of a unit's output as it is on the disk here. */
  async outputHash(id: string): Promise<string> {
    const hash = createHash("sha256");
    for await (const chunk of createReadStream(this.#output(id))) hash.update(chunk as Buffer);
    return hash.digest("hex");
  }

  #output(id: string): string {
    return join(this.#place, "data", this.id, id, "stdout");
  }
}

/** A work type `noise`: that many random bytes. */
export function noise(bytes: number): JsonObject {
  return { "work-command": { worktype: "noise", command: "head", params: `-c ${bytes} /dev/urandom` } };
}

// oxlint-disable-next-line require-yield
async function* nothing(): AsyncGenerator<Uint8Array> {}
