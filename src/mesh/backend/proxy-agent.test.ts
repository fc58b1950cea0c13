import { once } from "node:events";
import { createServer } from "node:http";
import { request } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { proxyAgentFor, proxyUrlFor } from "./proxy-agent.ts";

afterEach(() => vi.unstubAllEnvs());

test("proxyUrlFor() follows HTTP_PROXY, HTTPS_PROXY and NO_PROXY, for WebSockets too", () => {
  vi.stubEnv("http_proxy", "http://plain:3128");
  vi.stubEnv("https_proxy", "http://user:pass@secure:3129");
  vi.stubEnv("no_proxy", "near.example,.inside");
  expect(proxyUrlFor("http://hub/mesh")?.host).toBe("plain:3128");
  expect(proxyUrlFor("ws://hub/mesh")?.host).toBe("plain:3128");
  expect(proxyUrlFor("https://hub/mesh")?.host).toBe("secure:3129");
  expect(proxyUrlFor("wss://hub/mesh")?.host).toBe("secure:3129");
  expect(proxyUrlFor("wss://near.example/mesh")).toBeUndefined();
  expect(proxyUrlFor("http://hub.inside:8080")).toBeUndefined();
});

test("proxyAgentFor() gives no agent where no proxy is named", () => {
  for (const name of ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"]) vi.stubEnv(name, "");
  expect(proxyAgentFor("http://hub/mesh")).toBeUndefined();
  vi.stubEnv("http_proxy", "http://plain:3128");
  expect(proxyAgentFor("ws://hub/mesh")).toBeDefined();
});

test.each([
  ["201 Created", "does not let us through: it answers 201"],
  ["101 Switching Protocols", "does not let us through: it answers 101"],
  ["407 Proxy Authentication Required", "wants a user and a password"],
])("a proxy that answers CONNECT with %s does not answer in the far end's place", async (status, why) => {
  const proxy = createServer().listen(0, "127.0.0.1");
  const body = '{"workerId":"w-1"}';
  proxy.on("connect", (_request, socket: Socket) =>
    socket.end(`HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`),
  );
  await once(proxy, "listening");
  const { port } = proxy.address() as AddressInfo;
  const agent = proxyAgentFor("https://far.test/", undefined, `http://127.0.0.1:${port}`);
  const asked = new Promise((resolve, reject) => {
    const asking = request("https://far.test/", { agent, method: "POST" }, resolve).on("error", reject);
    asking.once("upgrade", resolve).end("secret");
  });
  await expect(asked).rejects.toMatchObject({ code: "DIAL_FAILED", message: expect.stringContaining(why) as string });
  agent?.destroy();
  await new Promise((resolve) => proxy.close(resolve));
});
