import { createServer } from "node:net";
import { expect, test } from "vitest";
import { silentLog } from "#core";
import { unusedPort } from "../../../test/kit/backend/conformance-port.ts";
import { hostAndPort, parseHostAndPort } from "./host-and-port.ts";
import { bindDualStack, listenTcp } from "./listening.ts";

async function bindings(bindAddress: string, failing: Record<string, string>): Promise<string[]> {
  const tried: string[] = [];
  await bindDualStack(bindAddress, async (host) => {
    tried.push(host);
    const code = failing[host];
    if (code) throw Object.assign(new Error(code), { code });
  });
  return tried;
}

test("bindDualStack() takes IPv6 and IPv4 for 0.0.0.0, and IPv4 where there is no IPv6", async () => {
  expect(await bindings("0.0.0.0", {})).toEqual(["::"]);
  expect(await bindings("", { "::": "EAFNOSUPPORT" })).toEqual(["::", "0.0.0.0"]);
  expect(await bindings("127.0.0.1", {})).toEqual(["127.0.0.1"]);
  await expect(bindings("", { "::": "EADDRINUSE" })).rejects.toThrow("EADDRINUSE");
});

test("listenTcp() names address, port and remedy when it cannot", async () => {
  const port = await unusedPort();
  const first = createServer();
  await listenTcp(first, { port, bindAddress: "127.0.0.1" }, "first", silentLog);
  const second = listenTcp(createServer(), { port, bindAddress: "127.0.0.1" }, "tcp-listener", silentLog);
  await expect(second).rejects.toMatchObject({
    code: "LISTEN_FAILED",
    message: expect.stringMatching(
      new RegExp(`^tcp-listener cannot listen on 127.0.0.1:${port}: something else listens there: stop it or choose`),
    ),
  });
  await new Promise((resolve) => first.close(resolve));
  const nowhere = listenTcp(createServer(), { port, bindAddress: "203.0.113.7" }, "tcp-listener", silentLog);
  await expect(nowhere).rejects.toThrow("this machine has no such address");
});

test("parseHostAndPort() reads names, IPv4, bracketed IPv6 and this machine", () => {
  expect(parseHostAndPort("hub:2222")).toEqual({ host: "hub", port: 2222 });
  expect(parseHostAndPort(" 10.0.0.1:1 ")).toEqual({ host: "10.0.0.1", port: 1 });
  expect(parseHostAndPort("[::1]:65535")).toEqual({ host: "::1", port: 65_535 });
  expect(parseHostAndPort(":2222")).toEqual({ host: "localhost", port: 2222 });
  for (const text of ["", "hub", "hub:", "hub:0", "hub:65536", "::1:2222", "hub:http", "[]:1"])
    expect(() => parseHostAndPort(text)).toThrow(`"${text}" is no address: give host:port`);
});

test("hostAndPort() shows IPv6 in brackets and IPv4 as such", () => {
  expect(hostAndPort("::1", 1)).toBe("[::1]:1");
  expect(hostAndPort("::ffff:10.0.0.1", 1)).toBe("10.0.0.1:1");
  expect(hostAndPort("hub", 1)).toBe("hub:1");
});
