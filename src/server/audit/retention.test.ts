import { join } from "node:path";
import { expect, test } from "vitest";
import { silentLog, systemClock } from "#core";
import { eventually } from "../../../test/kit/api.ts";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { openServerCore } from "../core.ts";
import { openStore } from "../store/store.ts";
import { Audit } from "./audit.ts";

const dayMs = 24 * 60 * 60_000;

test("a server forgets of its audit what is older than it was told to keep, and the rest is whole (CAT-121)", async () => {
  await using folder = await tempFolder();
  const settings = { kind: "sqlite", path: join(folder.path, "farhand.db") } as const;
  {
    await using store = await openStore(settings, silentLog);
    const days = { ago: 10 };
    const audit = new Audit(store, { now: () => Date.now() - days.ago * dayMs });
    // The last of today: a server that has been away for long takes its time before it believes the clock.
    for (; days.ago >= 0; days.ago--) await audit.record("u", "test", `${days.ago} days ago`);
  }
  const core = await openServerCore({
    ...{ dataDir: folder.path, store: settings, nodeId: "server", hosts: ["127.0.0.1"], version: "1", log: silentLog },
    // What is done each minute is done at once.
    clock: { ...systemClock, sleep: (ms, signal) => systemClock.sleep(ms / 100, signal) },
    auditKeptMs: 3.5 * dayMs,
  });
  const kept = async (): Promise<string[]> =>
    (await core.store.db.selectFrom("audit").select("subject").orderBy("sequence").execute()).map((row) => row.subject);
  try {
    await eventually(kept).toEqual(["3 days ago", "2 days ago", "1 days ago", "0 days ago", "audit"]);
    expect(await core.audit.verify()).toMatchObject({ ok: true, rows: 5 });
  } finally {
    await core.close();
  }
});
