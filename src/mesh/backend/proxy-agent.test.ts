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
