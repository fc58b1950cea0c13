import { beforeAll, expect, test } from "vitest";
import { silentLog } from "#core";
import type { Asker } from "../../../src/server/line/worker-lines.ts";
import { joinServer } from "../../../src/worker/service/join-server.ts";
import { startService } from "../../../src/worker/service/service.ts";
import { unbase32 } from "../../kit/access.ts";
import { eventually } from "../../kit/api.ts";
import { socketClient } from "../../kit/managed-worker.ts";
import { tempFolder } from "../../kit/temp-folder.ts";
import { totpCode } from "../../kit/totp.ts";
import { builtHelpers, patience } from "../../kit/units.ts";
import { wholeServer } from "../../kit/whole-server.ts";

beforeAll(builtHelpers);

/** Whoever has the server has its keys, and says of itself what it likes. */
const forged = (session: string): Asker => ({
  ...{ userId: "u1", name: "ada", roles: ["admin"], level: "admin", methods: ["pwd", "otp"], loggedInAt: Date.now() },
  ...{ session, entitled: ["remote.monitor", "remote.operate", "remote.configure"] },
});

test("whoever has taken the server over looks at a hardened worker, and configures nothing (CAT-70)", async () => {
  await using server = await wholeServer();
  await using folder = await tempFolder();
  const env = {
    ...{ XDG_CONFIG_HOME: folder.file("c"), XDG_STATE_HOME: folder.file("s"), XDG_RUNTIME_DIR: folder.file("r") },
    HOME: folder.path,
  };
  const { core } = server.running;
  const { token } = await core.enrolments.make({ name: "shed" }, "u1");
  const worker = { mode: "session", env, log: silentLog } as const;
  await joinServer({ ...worker, serverUrl: server.url, token, workTypes: [], signal: patience() });
  const service = await startService(worker);
  try {
    const id = service.setup.identity.membership()?.workerId ?? "";
    const ask = (session: string, method: string, params: object = {}) =>
      core.lines.call(id, { method, params: params as Record<string, never> }, forged(session), patience());
    await eventually(() =>
      ask("s1", "worker.status").then(
        () => "there",
        () => "away",
      ),
    ).toBe("there");
    const put = async (session: string) => {
      const { document, version } = (await ask(session, "config.get")) as { document: object; version: number };
      return await ask(session, "config.put", { document, ifMatch: version });
    };
    // Not hardened yet: an admin of the server is one here.
    await put("s1");

    using local = await socketClient(service.setup.places.socket);
    for (const method of ["factor.begin", "factor.clear"])
      await expect(ask("s1", method)).rejects.toMatchObject({ code: "LOCAL_ONLY" });
    const { secret } = (await local.call("factor.begin")).result as { secret: string };
    const code = (steps: number) => totpCode(unbase32(secret), Date.now() + steps * 30_000);
    expect((await local.call("factor.confirm", { code: code(-1) })).error).toBeUndefined();

    // A perfect assertion by the server's own keys.
    expect(await ask("s1", "worker.status")).toMatchObject({ hardened: true });
    expect(await ask("s1", "units.list")).toBeDefined();
    const needed = { code: "WORKER_FACTOR_NEEDED", message: expect.stringContaining("CAT-70") as string };
    for (const [method, params] of [
      ["config.put", { document: {}, ifMatch: 1 }],
      ["config.rollback", { version: 1, ifMatch: 1 }],
      ["worker.restart", {}],
      ["worker.stop", {}],
      ["password.set", { password: "a horse in the corridor" }],
      ["factor.clear", {}],
    ] as const)
      await expect(ask("s1", method, params), method).rejects.toMatchObject(needed);
    for (const guess of ["000000", "123456"])
      await expect(ask("s1", "factor.show", { code: guess })).rejects.toMatchObject({ code: "WORKER_FACTOR_REFUSED" });

    // Nor is there a way past its questions: nothing else of it is on the mesh.
    const node = service.setup.identity.membership()?.node ?? "";
    expect(node).not.toBe("");
    await expect(core.mesh.dial(node, "control", { signal: patience() })).rejects.toMatchObject({
      code: "SERVICE_UNKNOWN",
    });

    // With the worker's own code this one session may; with the same code again nobody may.
    const shown = code(0);
    await ask("s1", "factor.show", { code: shown });
    await put("s1");
    await expect(put("s2")).rejects.toMatchObject(needed);
    await expect(ask("s2", "factor.show", { code: shown })).rejects.toMatchObject({ code: "WORKER_FACTOR_REFUSED" });
    await expect(ask("s1", "factor.clear")).rejects.toMatchObject({ code: "LOCAL_ONLY" });
    core.lines.cut("s1", "logout");
    await eventually(() =>
      put("s1").then(
        () => "done",
        ({ code: why }: { code: string }) => why,
      ),
    ).toBe(needed.code);

    // Who sits at the machine needs none, and takes it away.
    expect((await local.call("config.get")).error).toBeUndefined();
    expect((await local.call("factor.clear")).error).toBeUndefined();
    await put("s2");
  } finally {
    await service.close("stopped");
  }
});
