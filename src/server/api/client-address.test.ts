import { describe, expect, test } from "vitest";
import { apiKit } from "../../../test/kit/api.ts";
import { clientAddress, spelledAlike, TrustedProxies } from "./client-address.ts";

describe("where a request comes from (CAT-126)", () => {
  const trusted = new TrustedProxies(["10.0.0.1", "10.1.0.0/16", "2001:db8::/32"]);
  test.each([
    ["the socket's word", "192.0.2.7", undefined, "192.0.2.7"],
    ["a stranger's claim", "192.0.2.7", "198.51.100.1", "192.0.2.7"],
    ["a proxy's word", "10.0.0.1", "198.51.100.1", "198.51.100.1"],
    ["a chain of proxies", "10.0.0.1", "198.51.100.1, 10.1.2.3", "198.51.100.1"],
    ["what a client wrote before it", "10.0.0.1", "127.0.0.1, 198.51.100.1", "198.51.100.1"],
    ["a proxy that says nothing", "10.0.0.1", undefined, "10.0.0.1"],
    ["a proxy that says nonsense", "10.0.0.1", "unknown", "10.0.0.1"],
    ["only proxies", "10.0.0.1", "10.1.2.3", "10.1.2.3"],
    ["an address in another dress", "::ffff:10.0.0.1", "::ffff:198.51.100.1", "198.51.100.1"],
    ["IPv6", "2001:db8::1", "2001:0db9::7", "2001:0db9::7"],
  ])("%s", (_name, socket, forwarded, address) => {
    expect(clientAddress(socket, forwarded, trusted)).toBe(address);
  });

  test("takes no name for a proxy", () => {
    expect(() => new TrustedProxies(["proxy.example"])).toThrow(/proxy\.example/);
  });
});

const kit = apiKit();

test("a session notes the true source, whatever an untrusted peer claims", async () => {
  const login = async (trustedProxies: string[]) => {
    await using api = await kit.open({ trustedProxies });
    const { auth } = await api.user("zoe", "viewer");
    const body = { user: "zoe", password: "a horse in the corridor" };
    await api.ask("POST", "/api/login", { body, headers: { "x-forwarded-for": "203.0.113.9" } });
    const { json } = await api.ask("GET", "/api/me/sessions", { auth });
    return json.items.map((session) => session["source"]);
  };
  expect(await login([])).toEqual(expect.arrayContaining(["127.0.0.1"]));
  expect(await login(["127.0.0.1"])).toEqual(expect.arrayContaining(["203.0.113.9"]));
});

test.each([
  ["2001:DB8::1", "2001:db8:0:0:0:0:0:1"],
  ["::ffff:10.0.0.1", "10.0.0.1"],
  ["::FFFF:0a00:0001", "10.0.0.1"],
  ["fe80::1%eth0", "FE80:0::1"],
  ["example.org", "example.org"],
])("spelledAlike() takes %s and %s for the same", (one, other) => {
  expect(spelledAlike(one)).toBe(spelledAlike(other));
  expect(spelledAlike(one)).not.toBe(spelledAlike("2001:db8::2"));
});
