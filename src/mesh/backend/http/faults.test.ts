import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { forwardProxy, type ProxyFaults, reverseProxy, type TestProxy } from "../../../../test/kit/http-proxy.ts";
import { checkTraffic } from "../../../../test/kit/road-traffic.ts";
import type { OpenBackend } from "../backend.ts";
import { eventually, type Link, Meeting } from "../../../../test/kit/backend/conformance-link.ts";
import { unusedPort } from "../../../../test/kit/backend/conformance-port.ts";

import { httpPeer } from "./dialer.ts";
import { httpListener } from "./listener.ts";

let meeting: Meeting;
let listening: OpenBackend;
const proxies: TestProxy[] = [];

beforeEach(() => {
  meeting = new Meeting();
});
afterEach(async () => {
  await meeting.close();
  for (const proxy of proxies.splice(0)) await proxy.stop();
});

/** Both ends of a session through a reverse proxy. */
async function meet(faults: ProxyFaults = {}, limits = {}): Promise<{ link: Link; proxy: TestProxy }> {
  const port = await unusedPort();
  const proxy = await reverseProxy(() => port, faults);
  proxies.push(proxy);
  listening = await meeting.listen(httpListener({ bindAddress: "127.0.0.1", port, limits }));
  const times = { firstMs: [10, 20], baseMs: 50, maxMs: 100 } as const;
  await meeting.dial(httpPeer({ url: proxy.url }, { times }));
  return { link: await meeting.link(), proxy };
}

test("a proxy that loses every third answer costs time, and no message is lost or doubled", async () => {
  const { link } = await meet({ loseEveryNth: 3 });
  await checkTraffic(link.near, link.far, 1000);
  await checkTraffic(link.far, link.near, 1000);
});

test("a proxy that refuses every third request costs time, and no message is lost or doubled", async () => {
  const { link } = await meet({ refuseEveryNth: 3 });
  await checkTraffic(link.near, link.far, 1000);
  await checkTraffic(link.far, link.near, 1000);
});

test("a session survives its reverse proxy being started again", async () => {
  const { link, proxy } = await meet();
  const restart = async (): Promise<void> => {
    await proxy.stop();
    await sleep(200);
    await proxy.start();
  };
  await checkTraffic(link.near, link.far, 1000, restart);
  await checkTraffic(link.far, link.near, 1000, restart);
});

test("a poll without messages is answered after the time it is held, and the next one follows", async () => {
  const { link, proxy } = await meet({}, { holdMs: 100 });
  const polls = (): number => proxy.asked.filter((line) => line.startsWith("GET")).length;
  await eventually(() => polls() > 5, "polls");
  await checkTraffic(link.far, link.near, 10);
});

test("a client that is not heard any more loses its session, and so does one that hears nothing", async () => {
  const { link, proxy } = await meet({}, { silenceMs: 500, holdMs: 200 });
  await proxy.stop();
  await eventually(() => link.far.endings.length > 0 && link.near.endings.length > 0, "both ends");
  expect(link.far.endings[0]).toMatchObject({ code: "NO_CONNECTION" });
  expect(link.near.endings[0]).toBeInstanceOf(Error);
});

test("a client whose listener was started again opens a new session", async () => {
  const { link } = await meet();
  const port = Number(listening.addresses[0]?.split(":").pop());
  await listening.close();
  await meeting.listen(httpListener({ bindAddress: "127.0.0.1", port }));
  expect((await meeting.link()).near).not.toBe(link.near);
});

test("addresses that proxies may log hold no session id", async () => {
  const { proxy } = await meet();
  expect(proxy.asked.filter((line) => /[0-9a-f]{32}/.test(line))).toEqual([]);
  expect(proxy.asked.some((line) => /^GET \/\?poll=\d+$/.test(line))).toBe(true);
});

test("the environment's proxy is asked in the ordinary way, with its user and password", async () => {
  const port = await unusedPort();
  const proxy = await forwardProxy();
  proxies.push(proxy);
  vi.stubEnv("no_proxy", "");
  vi.stubEnv("http_proxy", proxy.url.replace("//", "//user:p%40ss@"));
  try {
    await meeting.listen(httpListener({ bindAddress: "127.0.0.1", port }));
    await meeting.dial(httpPeer({ url: `http://127.0.0.1:${port}/mesh` }));
    await meeting.link();
  } finally {
    vi.unstubAllEnvs();
  }
  expect(proxy.asked[0]).toBe(`POST http://127.0.0.1:${port}/mesh`);
  expect(proxy.credentials[0]).toBe(`Basic ${Buffer.from("user:p@ss").toString("base64")}`);
});
