import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { programs } from "../../kit/daemon.ts";
import { freePort } from "../../kit/free-port.ts";
import { processMark } from "../../kit/marked-processes.ts";
import { type ProgramClock, programClock } from "../../kit/program-clock.ts";
import type { Cable, Rabbitmq } from "../../kit/rabbitmq.ts";
import { embeddedDatabase, type FaultyDatabase, postgresDatabase } from "./databases.ts";
import type { Ground } from "./ground.ts";
import { Supervised } from "./supervised.ts";

export type DatabaseKind = "sqlite" | "postgres";

/** Ways by which a worker reaches the server itself. */
export type RoadKind = "ws" | "tcp" | "http";

/** A server as its machine has it: a program that is kept running, its database, its ports. */
export interface ServerPlace {
  readonly program: Supervised;
  readonly clock: ProgramClock;
  readonly database: FaultyDatabase;
  /** Its way to the broker. */
  readonly cable: Cable;
  readonly ports: Readonly<Record<RoadKind, number>>;
  readonly dataDir: string;
  /** Certificate of its authority, PEM. */
  readonly authority: string;
  /** The first admin, the password in a file. */
  readonly admin: { readonly user: string; readonly passwordFile: string };
}

const authorityAgeMs = 3 * 24 * 60 * 60_000;

/** `farhand server` on a disk of its own. */
export async function openServerPlace(ground: Ground, kind: DatabaseKind, broker: Rabbitmq): Promise<ServerPlace> {
  const { root } = ground;
  const dataDir = join(await ground.disk("server"), "server");
  const database = ground.keep(
    kind === "sqlite" ? embeddedDatabase(dataDir) : await postgresDatabase(join(root, "database")),
  );
  const { cable, file } = await ground.wayToBroker(broker, "server.amqp");
  const ports = { ws: await freePort(), tcp: await freePort(), http: await freePort() };
  const clock = programClock(join(root, "server.clock"));
  const road = (kindOfRoad: RoadKind): string[] => ["--road", `${kindOfRoad}=127.0.0.1:${ports[kindOfRoad]}`];
  const listen = ["--data-dir", dataDir, "--listen", `127.0.0.1:${ports.ws}`];
  const program = new Supervised({
    name: "server",
    env: { ...clock.env, ...processMark(root), FARHAND_DATABASE_URL: undefined },
    ready: /^The server listens on/,
    words: [
      ...([process.execPath, programs.farhand, "server"] as const),
      ...[...listen, ...database.words, ...road("tcp"), ...road("http"), "--road", `amqp=${file}`],
    ],
  });
  ground.closers.add({ close: () => program.stop("SIGKILL") });
  // Its authority is some days old, as on any server: before its beginning no clock can be set.
  clock.turn(-authorityAgeMs);
  await program.start();
  clock.turn(0);
  const passwordFile = join(root, "password");
  writeFileSync(passwordFile, await firstPassword(program), { mode: 0o600 });
  const authority = readFileSync(join(dataDir, "authority.crt"), "utf8");
  const admin = { user: "admin", passwordFile };
  return { program, clock, database, cable, ports, dataDir, authority, admin };
}

async function firstPassword(program: Supervised): Promise<string> {
  const line = await program.line(/^First login/);
  return /password (\S+)$/.exec(line)?.[1] ?? "";
}
