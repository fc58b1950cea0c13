import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { silentLog } from "#core";
import type { Asker, WorkerLines } from "../line/worker-lines.ts";
import type { AuditTrail } from "../audit/audit.ts";
import type { Store } from "../store/store.ts";
import { EntitledLines } from "./entitled-lines.ts";
import type { RemoteFeature } from "./policy.ts";

const asker: Asker = {
  ...{ userId: "u1", name: "Anna", roles: ["admin"], level: "admin" },
  ...{ methods: ["pwd"], loggedInAt: 1, session: "s1" },
};

test("CAT-97: a request of the worker's own pages that was begun with more than is included now ends, unanswered", async () => {
  const policy: { includes: RemoteFeature[] } = { includes: ["remote.monitor", "remote.operate"] };
  const opened: PassThrough[] = [];
  const open = async () => {
    const stream = new PassThrough();
    stream.on("error", () => {});
    opened.push(stream);
    return { stream, result: {} };
  };
  const lines = new EntitledLines({
    lines: { open } as unknown as WorkerLines,
    policy: { remoteFeatures: () => policy.includes, countsWorkers: false, asksEntitlement: () => false },
    store: {} as Store,
    audit: {} as AuditTrail,
    log: silentLog,
  });
  const { signal } = new AbortController();
  for (const method of ["http.management", "units.results"])
    await lines.open("w1", { method, params: {} }, asker, signal);
  await lines.recheck();
  expect(opened.map(({ destroyed }) => destroyed)).toEqual([false, false]);
  policy.includes = ["remote.monitor"];
  await lines.recheck();
  expect(opened.map(({ destroyed }) => destroyed)).toEqual([true, false]);
});
