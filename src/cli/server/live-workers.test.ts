import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "#core";
import { cuttingProxy } from "../../../test/kit/cutting-proxy.ts";
import { type TestServer, testServer } from "../../../test/kit/server.ts";
import { ApiClient } from "./api-client.ts";
import { type LiveView, liveWorkers } from "./live-workers.ts";
import { readFile } from "node:fs/promises";
import { objectIn, textIn } from "./shapes.ts";

let server: TestServer;

beforeAll(async () => {
  server = await testServer();
  await server.worker("attic", []);
});
afterAll(() => server?.[Symbol.asyncDispose]());

test("a view goes on after cuts with what changed meanwhile, and says since when it is old", async () => {
  await using proxy = await cuttingProxy(server.api.address.port);
  const url = new URL(`https://127.0.0.1:${proxy.port}`);
  const trust = { kind: "authority", pem: await readFile(server.ca, "utf8") } as const;
  const stranger = new ApiClient({ url, trust });
  const { name: user, password } = server.admin;
  const token = textIn(objectIn(await stranger.ask("POST", "/login", { body: { user, password } })), "token");
  stranger.close();
  const api = new ApiClient({ url, trust, token });
  const watching = new AbortController();
  const views: LiveView[] = [];
  const told = (async () => {
    for await (const view of liveWorkers(api, systemClock, watching.signal)) views.push(view);
  })();
  told.catch(() => {});
  const until = async (holds: (view: LiveView) => boolean): Promise<LiveView> => {
    for (;;) {
      const found = views.find(holds);
      if (found) return found;
      await systemClock.sleep(10, AbortSignal.timeout(30_000));
    }
  };
  await until(({ workers }) => workers.some(({ name, state }) => name === "attic" && state === "online"));
  proxy.cut();
  const cut = await until(({ cutOff }) => cutOff !== undefined);
  // What was known last is still there, and marked as old.
  expect(cut.workers.map(({ name }) => name)).toEqual(["attic"]);
  await server.worker("cellar", []);
  const back = await until(({ workers }) => workers.some(({ name }) => name === "cellar"));
  expect(back.cutOff).toBeUndefined();
  expect(back.workers.map(({ name }) => name)).toEqual(["attic", "cellar"]);
  watching.abort(new Error("enough"));
  await expect(told).rejects.toThrow("enough");
  api.close();
});
