import { expect, test } from "vitest";
import { testServer } from "../../../test/kit/server.ts";
import type { Asker } from "../line/worker-lines.ts";

test("CAT-100: the worker looks a second time at what the server's policy includes", async () => {
  await using server = await testServer();
  await server.worker("w1", []);
  const [worker] = await server.core.registry.list();
  if (!worker) throw new Error("no worker has joined");
  const cancel = async (entitled?: readonly string[]): Promise<unknown> => {
    const asker: Asker = { ...admin, ...(entitled && { entitled }) };
    const request = { method: "units.cancel", params: { unit: "AbCd1234" } };
    const asked = server.core.lines.call(worker.id, request, asker, AbortSignal.timeout(30_000));
    return await asked.then(
      () => "done",
      (error: { code: string }) => error.code,
    );
  };
  expect(await cancel(["remote.monitor"])).toBe("LEVEL_TOO_LOW");
  // It is let through to the unit, and there is none.
  expect(await cancel(["remote.monitor", "remote.operate"])).toBe("UNIT_NOT_FOUND");
  expect(await cancel()).toBe("UNIT_NOT_FOUND");
});

const admin: Asker = {
  userId: "u1",
  name: "Anna",
  roles: ["admin"],
  level: "admin",
  methods: ["pwd"],
  loggedInAt: 1,
  session: "s1",
};
