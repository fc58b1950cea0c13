import { describe, expect, test } from "vitest";
import { apiAddress, isLoopback } from "./api-address.ts";

describe("CAT-15: where the API listens", () => {
  test.each([
    [undefined, "127.0.0.1", 8889],
    ["9000", "127.0.0.1", 9000],
    [":9000", "127.0.0.1", 9000],
    ["127.0.0.5", "127.0.0.5", 8889],
    ["127.0.0.5:0", "127.0.0.5", 0],
    ["::1", "::1", 8889],
    ["[::1]", "::1", 8889],
    ["[::1]:9000", "::1", 9000],
    ["localhost:9000", "127.0.0.1", 9000],
  ])("%s is loopback", async (listen, address, port) => {
    expect(await apiAddress(listen, false)).toEqual({ address, port });
  });

  test.each(["0.0.0.0", "0.0.0.0:8889", "[::]:8889", "192.0.2.1"])("%s needs TLS", async (listen) => {
    await expect(apiAddress(listen, false)).rejects.toMatchObject({ code: "API_UNSAFE", exit: 2 });
    expect(await apiAddress(listen, true)).toHaveProperty("port", 8889);
  });

  test.each(["x:y", "host:99999", "[::1", "a b", "1:2:3:4", "::1:99999:", "-"])("%s is none", async (listen) => {
    await expect(apiAddress(listen, true)).rejects.toMatchObject({ code: "SETTINGS_INVALID" });
  });

  test("only addresses of this machine alone are loopback", () => {
    expect(["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"].map(isLoopback)).not.toContain(false);
    expect(["0.0.0.0", "::", "10.0.0.1", "127.0.0.1.evil.test", "::ffff:10.0.0.1"].map(isLoopback)).not.toContain(true);
  });
});
