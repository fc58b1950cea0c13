import { expect, test } from "vitest";
import { nodeSettings } from "./node-settings.ts";
import { parseSettings } from "./parse.ts";

function node(text: string, hostname = "box") {
  return nodeSettings(parseSettings(text, "foo.yml"), hostname);
}

test("nodeSettings() takes the host's name when no id is given", () => {
  expect(node("- trace")).toMatchObject({ nodeId: "box", isHostName: true, dataDir: "/tmp/receptor" });
  expect(node("- node: {id: '', datadir: /var/lib/x}")).toMatchObject({ nodeId: "box", dataDir: "/var/lib/x" });
  expect(node("- node: foo")).toMatchObject({ nodeId: "foo", isHostName: false });
});

test.each(["localhost", "localhost.localdomain", "LOCALHOST"])(
  "nodeSettings() refuses the host name %s",
  (hostname) => {
    expect(() => node("- trace", hostname)).toThrow("no node ID specified and local host name is localhost");
    expect(node("- node: foo", hostname).nodeId).toBe("foo");
  },
);

test("nodeSettings() has Farhand's own limits", () => {
  const text =
    "- node: {retentionage: 24h, retentioncount: 10, retentionbytes: 1GiB, helpers: 2, reportversion: 1.4.9}";
  expect(node(text)).toMatchObject({
    retention: { ageMs: 86_400_000, count: 10, bytes: 1_073_741_824 },
    helpers: 2,
    reportVersion: "1.4.9",
  });
});

test("nodeSettings() says of how many stubs others are told", () => {
  expect(node("- node: {id: foo, maxannouncedstubs: 2000}").maxAnnouncedStubs).toBe(2000);
});

test("nodeSettings() says who is a stub", () => {
  expect([node("- node: foo").isStub, node("- node: {id: foo, stub: true}").isStub]).toEqual([false, true]);
});
