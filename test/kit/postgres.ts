import { existsSync, readdirSync } from "node:fs";
import { chown, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "./free-port.ts";
import { runProcess, type StartedProcess, startProcess } from "./processes.ts";
import { tempFolder } from "./temp-folder.ts";

const debianFolder = "/usr/lib/postgresql";

/** Folder of PostgreSQL's programs, the newest version's. Undefined where it is not installed. */
export const postgresPrograms = programs();

function programs(): string | undefined {
  if (!existsSync(debianFolder)) return undefined;
  const versions = readdirSync(debianFolder).sort((a, b) => Number(a) - Number(b));
  return versions
    .map((version) => join(debianFolder, version, "bin"))
    .findLast((bin) => existsSync(join(bin, "initdb")));
}

/** A PostgreSQL of this test alone, on loopback. At the end of its scope it and its data are gone. */
export interface Postgres extends AsyncDisposable {
  /** URL of a new database: an empty one, or a copy of the `model` at that URL, which nobody may be using. */
  database(model?: string): Promise<string>;
  /** End it as when its machine loses power. */
  kill(): Promise<void>;
  /** Start it again with what it kept on disk. */
  start(): Promise<void>;
  /** Of the process whose children do the work; undefined while it is ended. */
  pid(): number | undefined;
}

/** Start a server of its own in a private folder. Nothing installed is touched. */
export async function startPostgres(): Promise<Postgres> {
  if (postgresPrograms === undefined) throw new Error("PostgreSQL is not installed");
  const bin = postgresPrograms;
  const folder = await tempFolder();
  const data = folder.file("data");
  // It refuses to run as root.
  const identity = process.getuid?.() === 0 ? await nobody() : undefined;
  if (identity) await chown(folder.path, identity.uid, identity.gid);
  const as = (words: string[]): [string, ...string[]] =>
    identity
      ? ["setpriv", `--reuid=${identity.uid}`, `--regid=${identity.gid}`, "--clear-groups", ...words]
      : (words as [string]);
  await makeData(data, (path) =>
    as([join(bin, "initdb"), "-D", path, "-U", "farhand", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]),
  );
  const port = await freePort();
  const url = (name: string): string => `postgres://farhand@127.0.0.1:${port}/${name}`;
  let server: StartedProcess | undefined;
  let databases = 0;
  const start = async (): Promise<void> => {
    const [program, ...words] = as([
      join(bin, "postgres"),
      "-D",
      data,
      "-p",
      String(port),
      "-k",
      folder.path,
      "-c",
      "listen_addresses=127.0.0.1",
      "-c",
      "shared_buffers=16MB",
      "-c",
      "max_connections=60",
      // Its processes are killed, the machine's power is never cut.
      "-c",
      "fsync=off",
    ]);
    server = await startProcess(program, words, { cwd: folder.path });
    await server.line(/ready to accept connections/, AbortSignal.timeout(60_000));
  };
  const kill = async (): Promise<void> => {
    // SIGQUIT: at once, without a checkpoint, but with its children.
    await server?.stop("SIGQUIT");
    server = undefined;
  };
  await start();
  return {
    start,
    kill,
    pid: () => server?.pid,
    database: async (model) => {
      const name = `test${++databases}`;
      const template = model === undefined ? [] : ["-T", new URL(model).pathname.slice(1)];
      const { code, stderr } = await run([
        join(bin, "createdb"),
        "-h",
        "127.0.0.1",
        "-p",
        String(port),
        "-U",
        "farhand",
        ...template,
        name,
      ]);
      if (code !== 0) throw new Error(stderr);
      return url(name);
    },
    [Symbol.asyncDispose]: async () => {
      await kill();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/**
 * An empty cluster in the folder `data`. The first test of a run makes one and keeps it as the model for all others:
 * copying takes a tenth of a second, making one two seconds of a processor.
 */
async function makeData(data: string, initdb: (path: string) => [string, ...string[]]): Promise<void> {
  const model = process.env.FARHAND_TEST_TEMP && join(process.env.FARHAND_TEST_TEMP, "postgres-model");
  if (model === undefined || !existsSync(model)) {
    const made = await run(initdb(data));
    if (made.code !== 0) throw new Error(made.stderr);
    if (model !== undefined) await keepModel(data, model);
    return;
  }
  const copied = await run(["cp", "-a", model, data]);
  if (copied.code !== 0) throw new Error(copied.stderr);
}

/** By rename, so that nobody copies half of it. Who was second lets the first one's be. */
async function keepModel(data: string, model: string): Promise<void> {
  const fresh = `${model}.${process.pid}.${performance.now()}`;
  const copied = await run(["cp", "-a", data, fresh]);
  if (copied.code !== 0) throw new Error(copied.stderr);
  await rename(fresh, model).catch(() => rm(fresh, { recursive: true, force: true }));
}

function run([program, ...words]: [string, ...string[]]): Promise<{ code: number | null; stderr: string }> {
  return runProcess(program, words);
}

async function nobody(): Promise<{ uid: number; gid: number }> {
  const id = async (flag: string): Promise<number> => Number((await runProcess("id", [flag, "nobody"])).stdout);
  return { uid: await id("-u"), gid: await id("-g") };
}
