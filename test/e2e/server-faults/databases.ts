import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { silentLog } from "#core";
import { openStore } from "../../../src/server/store/store.ts";
import { descendants } from "../../kit/processes.ts";
import { startPostgres } from "../../kit/postgres.ts";

/** The database of a server under faults. */
export interface FaultyDatabase extends AsyncDisposable {
  /** Options of `farhand server` that name it. */
  readonly words: readonly string[];
  /** Nobody can write to it for so long. */
  restart(awayMs: number): Promise<void>;
  /** Its processes, for a freeze. */
  pids(): number[];
}

/** The embedded one, in the server's own process: what takes it away is another that holds its file. */
export function embeddedDatabase(dataDir: string): FaultyDatabase {
  return {
    words: [],
    restart: (awayMs) => holdFile(join(dataDir, "farhand.db"), awayMs),
    pids: () => [],
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function holdFile(path: string, ms: number): Promise<void> {
  const store = await openStore({ kind: "sqlite", path }, silentLog);
  try {
    await store.db.transaction().execute(async (db) => {
      // As it is, for the lock.
      await db.updateTable("audit_head").set({ id: 1 }).where("id", "=", 1).execute();
      await sleep(ms);
    });
  } finally {
    await store[Symbol.asyncDispose]();
  }
}

/** A PostgreSQL of its own, which loses power. @param file for its address. */
export async function postgresDatabase(file: string): Promise<FaultyDatabase> {
  const postgres = await startPostgres();
  writeFileSync(file, await postgres.database(), { mode: 0o600 });
  return {
    words: ["--database", file],
    restart: async (awayMs) => {
      await postgres.kill();
      await sleep(awayMs);
      await postgres.start();
    },
    pids: () => pidsUnder(postgres.pid()),
    [Symbol.asyncDispose]: () => postgres[Symbol.asyncDispose](),
  };
}

function pidsUnder(pid: number | undefined): number[] {
  return pid === undefined ? [] : [pid, ...descendants(pid).map((each) => each.pid)];
}
