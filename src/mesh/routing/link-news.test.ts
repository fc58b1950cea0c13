import { expect, test } from "vitest";
import { RouterUnderTest } from "../../../test/kit/played-neighbour.ts";

const reject = Uint8Array.of(3, 0x5b, 0x5d);

/** What was said at info or above since the last call. */
function newsOf(node: RouterUnderTest): string[] {
  return node.log.splice(0).filter((line) => !line.startsWith("debug"));
}

/** A neighbour that takes us, and turns us away at once. */
function comeAndGo(node: RouterUnderTest): void {
  const peer = node.road("hub");
  peer.greet();
  peer.say(reject);
  node.clock.pass(5_000);
}

test("a neighbour that turns us away for ever is said once, and after minutes with a count", () => {
  const node = new RouterUnderTest();
  comeAndGo(node);
  expect(newsOf(node)).toEqual([
    "info Connection established with hub",
    expect.stringMatching(
      /^warn link to hub over road to hub ended: the neighbour turned us away: .*its log says which$/,
    ),
  ]);
  for (let count = 0; count < 100; count++) comeAndGo(node);
  expect(newsOf(node)).toEqual([]);
  for (let count = 0; count < 100; count++) comeAndGo(node);
  expect(newsOf(node)).toEqual([expect.stringMatching(/turned us away.* \(119 more times\)$/)]);
});

test("another reason is news", () => {
  const node = new RouterUnderTest();
  comeAndGo(node);
  node.log.length = 0;
  const peer = node.road("hub", { allowedPeers: [] });
  peer.greet();
  expect(newsOf(node)).toEqual(["warn link to hub over road to hub ended: node hub is not one of the allowed peers"]);
});

test("a link that lasts after all is news, and its end, too", () => {
  const node = new RouterUnderTest();
  comeAndGo(node);
  node.log.length = 0;
  const peer = node.neighbour("hub");
  expect(newsOf(node)).toEqual([]);
  node.clock.pass(10_000);
  expect(newsOf(node)).toEqual(["info Connection established with hub"]);
  peer.link.drop("cut");
  expect(newsOf(node)).toEqual(["info link to hub over road to hub ended: cut"]);
  comeAndGo(node);
  expect(newsOf(node)).toHaveLength(2);
});

test("links that come and go without a refusal are said each time", () => {
  const node = new RouterUnderTest();
  for (let count = 0; count < 3; count++) {
    node.neighbour("hub").link.drop("cut");
    expect(newsOf(node)).toEqual([
      "info Connection established with hub",
      "info link to hub over road to hub ended: cut",
    ]);
  }
});

test("strangers that say nothing are said once for each place, whatever their port", () => {
  const node = new RouterUnderTest();
  for (const description of ["tcp 10.0.0.7:4001", "tcp 10.0.0.7:4002", "tcp 10.0.0.8:4001"])
    node.road("", {}, { description }).link.drop("the connection was closed");
  expect(newsOf(node)).toEqual([
    "warn link over tcp 10.0.0.7:4001 ended: the connection was closed",
    "warn link over tcp 10.0.0.8:4001 ended: the connection was closed",
  ]);
});
