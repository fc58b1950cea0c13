import { describe, expect, test } from "vitest";
import { farhand, type PlayedNeighbour, RouterUnderTest, stub } from "../../../test/kit/played-neighbour.ts";
import { encodeProbe } from "./neighbour-messages.ts";

const [question, answer] = [encodeProbe("question"), encodeProbe("answer")];
const probe = 20;
const rejected = [Uint8Array.of(0x03, 0x5b, 0x5d)];

/** A hub with a stub, and somebody who says that it is the stub. */
function contested() {
  const node = new RouterUnderTest();
  const first = node.neighbour("leaf", {}, stub);
  const come = (): PlayedNeighbour => {
    const newcomer = node.road("leaf");
    newcomer.hello = stub;
    newcomer.forget();
    newcomer.greet();
    return newcomer;
  };
  return { node, first, come };
}

describe("a Farhand neighbour that comes again while its link is there", () => {
  test("is asked on that link, and gets its place within three seconds when nobody answers there", () => {
    const { node, first, come } = contested();
    const again = come();
    expect(first.sentOf(probe).map((bytes) => Uint8Array.from(bytes))).toEqual([question]);
    expect(again.link.isUp).toBe(false);
    node.clock.pass(2_900);
    expect(node.router.links.get("leaf")).toBe(first.link);
    node.clock.pass(100);
    expect(node.router.links.get("leaf")).toBe(again.link);
    expect(first.isClosed).toBe(true);
    expect(node.log.join("\n")).toContain("has come back on another link, and does not answer on this one");
  });

  test("is somebody else, and turned away, when the neighbour answers where it was", () => {
    const { node, first, come } = contested();
    const other = come();
    node.clock.pass(1);
    first.say(answer);
    node.clock.pass(250);
    expect(other.sentOf(3)).toEqual(rejected);
    expect(node.log.at(-1)).toContain("connected using a node ID we are already connected to");
    expect(node.router.links.get("leaf")).toBe(first.link);
  });

  test("comes in at once when its old link ends meanwhile", () => {
    const { node, first, come } = contested();
    const again = come();
    first.link.drop("the connection was closed");
    node.clock.pass(250);
    expect(node.router.links.get("leaf")).toBe(again.link);
  });

  test("loses nothing of what it says while it waits", () => {
    const { node, come } = contested();
    const again = come();
    for (let n = 0; n < 3; n++) again.say(Uint8Array.of(0, n));
    expect(node.messages).toEqual([]);
    node.clock.pass(3_000);
    expect(node.messages.map(([, n]) => n)).toEqual([0, 1, 2]);
  });

  test("and again, and again, waits as the last of them only, and with so many bytes", () => {
    const { node, come } = contested();
    const all = Array.from({ length: 100 }, come);
    expect(all.filter(({ isClosed }) => !isClosed)).toHaveLength(1);
    for (let n = 0; n < 100; n++) all.at(-1)?.say(new Uint8Array(10_000));
    node.clock.pass(3_000);
    expect(node.router.links.get("leaf")).toBe(all.at(-1)?.link);
    expect(node.messages).toHaveLength(26);
  });
});

test("a node answers the question on each link to a Farhand node, also where it waits itself", () => {
  const { node, first, come } = contested();
  const waiting = come();
  for (const neighbour of [first, waiting]) {
    neighbour.forget();
    neighbour.say(question);
    expect(neighbour.sent.map((bytes) => Uint8Array.from(bytes))).toEqual([answer]);
  }
  const stranger = node.neighbour("stranger");
  stranger.say(question);
  expect(stranger.sent).toEqual([]);
});

test("nobody who is no Farhand node is asked: it would not know the question", () => {
  const node = new RouterUnderTest();
  const first = node.neighbour("old");
  const other = node.road("old");
  other.hello = farhand;
  other.greet();
  expect(first.sentOf(probe)).toEqual([]);
  expect(other.sentOf(3)).toEqual(rejected);
});
