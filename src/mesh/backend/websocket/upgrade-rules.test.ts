import { expect, test } from "vitest";
import { refuseUpgrade } from "./upgrade-rules.ts";

function status(url: string, path: string, headers: Record<string, string> = {}): number | undefined {
  return refuseUpgrade({ url, headers: { host: "hub.example:8080", ...headers } }, path)?.status;
}

test("refuseUpgrade() lets a path that ends in a slash match everything below it", () => {
  for (const url of ["/", "/mesh", "/any/thing?query"]) expect(status(url, "/")).toBeUndefined();
  for (const url of ["/mesh/", "/mesh/below"]) expect(status(url, "/mesh/")).toBeUndefined();
  for (const url of ["/", "/mesh", "/meshes/"]) expect(status(url, "/mesh/")).toBe(404);
});

test("refuseUpgrade() lets any other path match itself only", () => {
  for (const url of ["/mesh", "/mesh?query"]) expect(status(url, "/mesh")).toBeUndefined();
  for (const url of ["/", "/mesh/", "/mesh/below", "/Mesh", "mesh"]) expect(status(url, "/mesh")).toBe(404);
});

test("refuseUpgrade() takes no origin, or one of the same host (spec §3.2)", () => {
  expect(status("/", "/", {})).toBeUndefined();
  for (const origin of ["http://hub.example:8080", "https://HUB.example:8080"])
    expect(status("/", "/", { origin })).toBeUndefined();
  for (const origin of [
    "http://evil.example",
    "http://hub.example",
    "null",
    "",
    "http://hub.example:8080.evil.example",
  ])
    expect(status("/", "/", { origin })).toBe(403);
});
