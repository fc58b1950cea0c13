import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { ApiAddress } from "../../../src/cli/server/api-client.ts";
import { type Cable, type Rabbitmq, startRabbitmq } from "../../kit/rabbitmq.ts";
import type { SmallDisk } from "../../kit/small-disk.ts";
import { Ground } from "./ground.ts";
import { type DatabaseKind, openServerPlace, type RoadKind, type ServerPlace } from "./server-place.ts";
import { User } from "./user.ts";
import { openWorkerPlace, type WorkerPlace } from "./worker-place.ts";

/** A server, two workers and the roads between them, as real programs; and what can be taken away from them. */
export interface Site extends AsyncDisposable {
  readonly server: ServerPlace;
  readonly workers: readonly WorkerPlace[];
  readonly broker: Rabbitmq;
  /** By name: the roads of the workers, the ways to the broker, and that of the users. */
  readonly cables: Readonly<Record<string, Cable>>;
  /** By the name of the program whose it is. None where nobody may mount one. */
  readonly disks: Readonly<Record<string, SmallDisk>>;
  /** Where the command of all units writes down what it does. */
  readonly ledger: string;
  /** As users reach the server. */
  readonly address: ApiAddress;
  readonly root: string;
}

export interface SiteWish {
  readonly database: DatabaseKind;
  /** Of the worker that has two; the other worker comes by RabbitMQ. */
  readonly roads: readonly RoadKind[];
}

/** Bring all of it up: `await using site = await openSite(…)`. */
export async function openSite(wish: SiteWish): Promise<Site> {
  const ground = await Ground.open();
  try {
    return await openOn(ground, wish);
  } catch (error) {
    await ground.closers.close();
    throw error;
  }
}

async function openOn(ground: Ground, { database, roads }: SiteWish): Promise<Site> {
  const { root, disks, closers } = ground;
  const broker = ground.keep(await startRabbitmq());
  const server = await openServerPlace(ground, database, broker);
  const users = await ground.cable(server.ports.ws);
  const address: ApiAddress = {
    url: new URL(`https://127.0.0.1:${users.port}`),
    trust: { kind: "authority", pem: server.authority },
  };
  const cables: Record<string, Cable> = { users, "server to broker": server.cable };
  const ledger = join(root, "ledger");
  await mkdir(ledger);
  using admin = new User(address, server.admin);
  const worker = async (name: string, roadWords: readonly string[]): Promise<WorkerPlace> => {
    const [disk, token] = [await ground.disk(name), await admin.enrolmentToken()];
    const serverUrl = `https://127.0.0.1:${server.ports.ws}`;
    const place = await openWorkerPlace({ name, root, disk, serverUrl, token, ledger, roads: roadWords });
    closers.add({ close: () => place.program.stop("SIGKILL") });
    return place;
  };
  const words: string[] = [];
  for (const kind of roads) {
    const cable = await ground.cable(server.ports[kind]);
    cables[`${kind} road`] = cable;
    words.push(roadWord(kind, cable.port));
  }
  const byBroker = await ground.wayToBroker(broker, "worker.amqp");
  cables["worker to broker"] = byBroker.cable;
  const workers = [await worker("two-roads", words), await worker("by-broker", [`amqp=${byBroker.file}`])];
  const dispose = () => closers.close();
  return { server, workers, broker, cables, disks, ledger, address, root, [Symbol.asyncDispose]: dispose };
}

/** As `farhand worker join --road` takes it. */
function roadWord(kind: RoadKind, port: number): string {
  if (kind === "tcp") return `tcp=127.0.0.1:${port}`;
  return kind === "ws" ? `ws=wss://127.0.0.1:${port}/mesh` : `http=https://127.0.0.1:${port}/mesh`;
}
