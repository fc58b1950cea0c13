import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { silentLog } from "#core";
import { postgresPrograms, startPostgres } from "../../../test/kit/postgres.ts";
import { patience } from "../../../test/kit/units.ts";
import { openStore, type Store } from "./store.ts";

const read = ({ db }: Pick<Store, "db">) => db.selectFrom("audit_head").select("sequence").execute();

describe.skipIf(postgresPrograms === undefined)("a PostgreSQL that goes away", { timeout: 120_000 }, () => {
  test("between two statements of a transaction fails that, and not the process; back again, it is used again", async () => {
    await using postgres = await startPostgres();
    await using store = await openStore({ kind: "postgres", url: await postgres.database() }, silentLog);
    const broken = store.db.transaction().execute(async (db) => {
      await read({ db });
      await postgres.kill();
      // Its connection hears of it, while nothing is asked.
      await sleep(100);
      await read({ db });
    });
    await expect(broken).rejects.toMatchObject({ code: "STORE_UNREACHABLE" });
    await postgres.start();
    const limit = patience();
    while ((await read(store).catch(() => [])).length === 0) await sleep(50, undefined, { signal: limit });
  });
});
