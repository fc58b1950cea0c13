import { describe, expect, test } from "vitest";
import { silentLog } from "#core";
import { managedWorker, post, servicePassword, socketClient, streamClient } from "../../../test/kit/managed-worker.ts";
import { Access } from "./access.ts";
import type { AccessRules } from "./may-connect.ts";
import { Notices, noticingLog } from "./notices.ts";
import { PasswordSessions } from "./password-sessions.ts";
import { Visitor } from "./visitor.ts";

const remote = { legacyPassword: { remote: true, level: "monitor", acceptHashLocally: false } } as const;

describe("CAT-15: notices", () => {
  test("come to a stream that asked for their topic, and to no other", async () => {
    await using worker = await managedWorker({ api: "https", rules: remote });
    using local = await socketClient(worker.socket);
    await local.call("password.set", { password: servicePassword });
    using stream = await streamClient(worker);
    await stream.call("password.login", { password: servicePassword });
    await stream.call("notices.subscribe", { topics: ["switches"] });
    worker.management.notices.publish("log", () => expect.unreachable());
    const heard = stream.heard();
    await local.call("worker.switches.set", { workers: false });
    expect(await heard).toEqual({
      ...{ jsonrpc: "2.0", method: "notice.switches" },
      params: { watchers: true, monitors: true, workers: false },
    });
  });

  test("tell of every unit: made, changed, gone", async () => {
    await using worker = await managedWorker();
    const { units } = worker.node;
    using local = await socketClient(worker.socket);
    using client = await socketClient(worker.socket);
    await client.call("notices.subscribe", { topics: ["units"] });
    const { id } = units.allocate({ workType: "sh", params: {} });
    expect(await client.heard()).toMatchObject({
      ...{ jsonrpc: "2.0", method: "notice.units", params: { id, state: 0, workType: "sh" } },
    });
    await local.call("units.cancel", { unit: id });
    expect(await client.heard()).toMatchObject({ method: "notice.units", params: { id, state: 4 } });
    await local.call("units.release", { unit: id });
    expect(await client.heard()).toEqual({ jsonrpc: "2.0", method: "notice.units", params: { id, gone: true } });
  });

  test("come to nobody who asks by a single request, and to no stranger", async () => {
    await using worker = await managedWorker({ api: "https", rules: remote });
    using local = await socketClient(worker.socket);
    await local.call("password.set", { password: servicePassword });
    const { reply } = await post(worker, "password.login", { password: servicePassword });
    const headers = { Authorization: `Bearer ${(reply.result as { token: string }).token}` };
    const asked = await post(worker, "notices.subscribe", { topics: ["log"] }, headers);
    expect(asked.reply.error?.data.code).toBe("REQUEST_UNFIT");
    using stranger = await streamClient(worker);
    expect(await stranger.call("notices.subscribe", { topics: ["log"] })).toHaveProperty("error.data.status", 401);
  });

  test("whoever is too far behind misses some and is told how many; who may hear no more hears no more", () => {
    const rules: AccessRules = {
      ...{ mode: "session", isRegistered: false, requirePasswordLocally: false, passwordSet: true, roles: {} },
      ...remote,
    };
    const sessions = new PasswordSessions({ now: () => 0, elapsed: () => 0 });
    const entitlement = { features: ["remote.monitor" as const], isOnlyWorker: false };
    const notices = new Notices(new Access({ rules: () => rules, entitlement: () => entitlement, sessions }));
    const visitor = new Visitor("https", "websocket", "192.0.2.1");
    const { session } = sessions.open("password");
    visitor.enter(session);
    const heard: unknown[] = [];
    let isSlow = false;
    notices.attach(visitor, {
      tell: (text) => {
        if (!isSlow) heard.push(JSON.parse(text));
        return !isSlow;
      },
    });
    notices.subscribe(visitor, ["log"]);
    const say = (n: number) => notices.publish("log", () => ({ n }));
    say(1);
    isSlow = true;
    say(2);
    say(3);
    isSlow = false;
    say(4);
    sessions.end(session);
    say(5);
    expect(heard).toMatchObject([
      { method: "notice.log", params: { n: 1 } },
      { method: "notice.lost", params: { count: 2 } },
      { method: "notice.log", params: { n: 4 } },
    ]);
  });

  test("noticingLog() keeps what it tells, and tells nothing of debug", () => {
    const kept: string[] = [];
    const told: unknown[] = [];
    const keep = (message: string) => void kept.push(message);
    const notices = { publish: (_topic: string, about: () => object) => void told.push(about()) } as unknown as Notices;
    const log = noticingLog({ ...silentLog, debug: keep, info: keep, error: keep }, () => notices);
    log.debug("d");
    log.info("i", { unit: "u" });
    log.error("e");
    expect(kept).toEqual(["d", "i", "e"]);
    expect(told).toEqual([
      { level: "info", message: "i", fields: { unit: "u" } },
      { level: "error", message: "e" },
    ]);
  });
});
