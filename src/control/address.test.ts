import { homedir } from "node:os";
import { describe, expect, test } from "vitest";
import { parseControlAddress } from "./address.ts";
import { parseListenAddress } from "./listen-address.ts";

describe("parseControlAddress()", () => {
  test.each([
    ["/run/foo.sock", { kind: "unix", path: "/run/foo.sock" }],
    ["foo.sock", { kind: "unix", path: "foo.sock" }],
    ["unix:/run/foo.sock", { kind: "unix", path: "/run/foo.sock" }],
    ["unix:///run/foo.sock", { kind: "unix", path: "/run/foo.sock" }],
    ["~/foo.sock", { kind: "unix", path: `${homedir()}/foo.sock` }],
    ["tcp://localhost:7323", { kind: "tcp", host: "localhost", port: 7323 }],
    ["tcp:10.0.0.1:1", { kind: "tcp", host: "10.0.0.1", port: 1 }],
    ["tcp://[::1]:7323", { kind: "tcp", host: "::1", port: 7323 }],
    ["tcp://::1:7323", { kind: "tcp", host: "::1", port: 7323 }],
    ["tls:host.example:65535", { kind: "tls", host: "host.example", port: 65535, tls: {} }],
  ])("understands %s", (text, address) => {
    expect(parseControlAddress(text)).toEqual(address);
  });

  test("gives the profile to TLS addresses only", () => {
    const tls = { rootCas: "ca.crt" };
    expect(parseControlAddress("tls://h:1", tls)).toEqual({ kind: "tls", host: "h", port: 1, tls });
    expect(parseControlAddress("tcp://h:1", tls)).toEqual({ kind: "tcp", host: "h", port: 1 });
  });

  test.each(["", "unix:", "tcp://h", "tcp://h:0", "tcp://h:65536", "http://h:80", "a:b", "tcp://:7", "tls://h:x"])(
    "refuses %j",
    (text) => {
      expect(() => parseControlAddress(text)).toThrow(expect.objectContaining({ code: "ADDRESS_INVALID" }));
    },
  );
});

describe("parseListenAddress()", () => {
  test.each([
    ["7323", { port: 7323 }],
    ["0", { port: 0 }],
    [":7323", { port: 7323 }],
    ["localhost:7323", { host: "localhost", port: 7323 }],
    ["[::1]:7323", { host: "::1", port: 7323 }],
  ])("understands %s", (text, address) => {
    expect(parseListenAddress(text)).toEqual(address);
  });

  test.each(["", "x", "h:", "h:p", "65536", "::1:5", "[::1]", "-1"])("refuses %j", (text) => {
    expect(() => parseListenAddress(text)).toThrow(expect.objectContaining({ code: "LISTEN_ADDRESS_INVALID" }));
  });
});
