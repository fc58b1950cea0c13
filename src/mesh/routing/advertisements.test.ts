import { describe, expect, test } from "vitest";
import { silentLog } from "#core";
import {
  type Advertisement,
  decodeAdvertisement,
  encodeAdvertisement,
  type WorkCommand,
} from "../packet/advertisement.ts";
import { goTime, parseGoTime } from "../packet/go-time.ts";
import { AdvertisementBoard } from "./advertisements.ts";
import type { Link } from "./link.ts";
import { TurnedClock } from "../../../test/kit/turned-clock.ts";

interface Sent {
  readonly message: Uint8Array;
  readonly except: Link | undefined;
}

const neighbour = (peer: string, isStub = false, send: Link["send"] = () => {}) =>
  ({ peer, send, farhand: isStub ? { version: 1, stub: true, hub: false, direct: true } : undefined }) as Link;
const left = neighbour("left");

/** A board of its own, and what it floods. */
function boardOf(ownId: string, workCommands: readonly WorkCommand[] = []) {
  const clock = new TurnedClock();
  const flooded: Sent[] = [];
  const board = new AdvertisementBoard({
    ownId,
    environment: clock,
    log: silentLog,
    since: 0,
    workCommands: () => workCommands,
    flood: (message, except) => void flooded.push({ message, except }),
  });
  const ads = (): Advertisement[] => flooded.map(({ message }) => decodeAdvertisement(message));
  const others = (): string[] => board.list().map(({ nodeId, service }) => `${nodeId}:${service}`);
  return { board, clock, flooded, ads, others };
}

function ad(nodeId: string, service: string, time: string, more: Partial<Advertisement> = {}): Uint8Array {
  const parsed = parseGoTime(time);
  if (!parsed) throw new TypeError(time);
  const base: Advertisement = {
    nodeId,
    service,
    time: parsed,
    connType: 1,
    tags: null,
    workCommands: null,
    cancel: false,
  };
  return encodeAdvertisement({ ...base, ...more });
}

const [at1, at2, at3] = ["2026-01-01T00:00:01Z", "2026-01-01T00:00:02Z", "2026-01-01T00:00:03Z"] as const;

describe("a service of ours", () => {
  const control = { connType: 1, tags: new Map([["type", "Control Service"]]) } as const;

  test("is told of soon after it comes, together with others, and then every 60 s", () => {
    const { board, clock, ads } = boardOf("own");
    board.advertise("control", control);
    clock.pass(50);
    board.advertise("plain", { connType: 0, tags: null });
    expect(ads()).toEqual([]);
    clock.pass(50);
    expect(ads().map(({ service }) => service)).toEqual(["control", "plain"]);
    clock.pass(60_000);
    expect(ads()).toHaveLength(4);
    clock.pass(60_000);
    expect(ads()).toHaveLength(6);
  });

  test("names the work types only when it is a control service and there are any", () => {
    const [some, none] = [boardOf("own", [{ workType: "sleep", secure: true }]), boardOf("own")];
    for (const { board, clock } of [some, none]) {
      board.advertise("control", control);
      board.advertise("plain", { connType: 0, tags: new Map([["type", "other"]]) });
      clock.pass(100);
    }
    expect(some.ads().map(({ workCommands }) => workCommands)).toEqual([[{ workType: "sleep", secure: true }], null]);
    expect(none.ads().map(({ workCommands }) => workCommands)).toEqual([null, null]);
  });

  test("is written as the specification shows it", () => {
    const { board, clock, flooded } = boardOf("node3", [{ workType: "sleep", secure: false }]);
    board.advertise("control", control);
    clock.pass(100);
    expect(Buffer.from(flooded[0]!.message).toString()).toBe(
      '\u0002{"NodeID":"node3","Service":"control","Time":"2026-01-01T00:00:00.100000000Z","ConnType":1,' +
        '"Tags":{"type":"Control Service"},"WorkCommands":[{"WorkType":"sleep","Secure":false}],"Cancel":false}',
    );
  });

  test("has a time that only grows, also within one millisecond", () => {
    const { board, clock, ads } = boardOf("own");
    for (let number = 0; number < 20; number++) board.advertise(`s${number}`, control);
    clock.pass(100);
    const times = ads().map(({ time }) => time.nanoseconds);
    expect(new Set(times).size).toBe(20);
    expect(times).toEqual([...times].sort((a, b) => (a < b ? -1 : 1)));
  });

  test("that is withdrawn is cancelled once, newer than anything said of it", () => {
    const { board, clock, ads } = boardOf("own");
    board.advertise("control", control);
    clock.pass(100);
    board.withdraw("control");
    board.withdraw("control");
    const [first, cancel, ...more] = ads();
    expect(more).toEqual([]);
    expect(cancel).toMatchObject({ service: "control", cancel: true, tags: null, workCommands: null });
    expect(cancel?.time.nanoseconds).toBeGreaterThan(first?.time.nanoseconds ?? 0n);
    clock.pass(120_000);
    expect(ads()).toHaveLength(2);
  });

  test("is told again, and believed, when others know it from before our clock was set back", () => {
    const { board, clock, ads } = boardOf("own");
    board.advertise("web", control);
    clock.pass(100);
    board.receive(left, ad("own", "web", "2026-01-04T00:00:00Z"));
    clock.pass(100);
    expect(ads()).toHaveLength(2);
    expect(ads()[1]?.time.text).toMatch(/^2026-01-04T00:00:00\.001/);
    // Our own word, come back over a ring.
    board.receive(left, encodeAdvertisement(ads()[1]!));
    clock.pass(100);
    expect(ads()).toHaveLength(2);
  });

  test("is not told ever again because somebody says ever more of it, nor because a stub does", () => {
    const { board, clock, flooded } = boardOf("own");
    board.advertise("web", control);
    clock.pass(100);
    for (let second = 10; second < 60; second++) {
      board.receive(neighbour("leaf", true), ad("own", "web", `2026-01-03T00:00:${second}Z`));
      clock.pass(100);
    }
    expect(flooded).toHaveLength(1);
    for (let second = 10; second < 60; second++) {
      board.receive(left, ad("own", "web", `2026-01-03T00:00:${second}Z`));
      clock.pass(100);
    }
    expect(flooded).toHaveLength(9);
  });

  test("is nothing others can speak of", () => {
    const { board, flooded, others } = boardOf("own");
    board.advertise("control", control);
    board.receive(left, ad("own", "control", "2099-01-01T00:00:00Z", { cancel: true }));
    board.receive(left, ad("own", "other", "2099-01-01T00:00:00Z"));
    expect(flooded).toEqual([]);
    expect(others()).toEqual(["own:control"]);
  });
});

describe("an advertisement of another node", () => {
  test("is kept, and goes to all but its sender, to the byte as it came", () => {
    const { board, flooded, others } = boardOf("own");
    const message = Buffer.from(
      '\u0002{"Cancel":false, "nodeid":"far","Service":"control","Time":"2026-01-01T01:00:00.1+01:00","ConnType":2,"New":[1]}',
    );
    board.receive(left, Buffer.from(message));
    expect(flooded).toEqual([{ message, except: left }]);
    expect(others()).toEqual(["far:control"]);
    expect(board.connTypeOf("far", "control")).toBe(2);
    expect(board.connTypeOf("far", "other")).toBeUndefined();
  });

  test("is taken only when it is newer, to the nanosecond and whatever the zone", () => {
    const { board, flooded } = boardOf("own");
    const times = [
      ["2026-01-01T00:00:00.000000002Z", true],
      ["2026-01-01T00:00:00.000000002Z", false],
      ["2026-01-01T01:00:00.000000002+01:00", false],
      ["2026-01-01T00:00:00.000000001Z", false],
      ["2025-12-31T19:00:00.000000003-05:00", true],
    ] as const;
    for (const [time, isNews] of times) {
      const before = flooded.length;
      board.receive(left, ad("far", "control", time));
      expect([time, flooded.length > before]).toEqual([time, isNews]);
    }
  });

  test("that cancels takes the service away, and what is older than it does not bring it back", () => {
    const { board, flooded, others } = boardOf("own");
    board.receive(left, ad("far", "control", at1));
    board.receive(left, ad("far", "control", at3, { cancel: true }));
    expect(others()).toEqual([]);
    board.receive(left, ad("far", "control", at2));
    board.receive(left, ad("far", "control", at3, { cancel: true }));
    expect(flooded).toHaveLength(2);
    board.receive(left, ad("far", "control", "2026-01-01T00:00:04Z"));
    expect(others()).toEqual(["far:control"]);
  });

  test("that cancels what nobody knew is passed on, once", () => {
    const { board, flooded } = boardOf("own");
    board.receive(left, ad("far", "control", at1, { cancel: true }));
    board.receive(neighbour("right"), ad("far", "control", at1, { cancel: true }));
    expect(flooded).toHaveLength(1);
  });

  test("is gone when nobody has spoken of it for five of its periods, and old news does not bring it back", () => {
    const { board, clock, flooded, others } = boardOf("own");
    board.receive(left, ad("far", "control", at1));
    board.receive(left, ad("far", "other", at1));
    clock.pass(240_000);
    board.receive(left, ad("far", "other", at2));
    clock.pass(180_000);
    expect(others()).toEqual(["far:other"]);
    const before = flooded.length;
    board.receive(left, ad("far", "control", at1));
    expect(flooded).toHaveLength(before);
    board.receive(left, ad("far", "control", at2));
    expect(others().sort()).toEqual(["far:control", "far:other"]);
  });

  test("is gone with its node", () => {
    const { board, others } = boardOf("own");
    board.receive(left, ad("far", "control", at1));
    board.receive(left, ad("near", "control", at1));
    board.forget("far");
    board.forget("nobody");
    expect(others()).toEqual(["near:control"]);
  });

  test("that is none is ignored", () => {
    const { board, flooded } = boardOf("own");
    for (const text of ["", "{}", "[]", '{"NodeID":"a","Service":"123456789"}', '{"NodeID":"a","Time":"now"}'])
      board.receive(left, Buffer.from(`\u0002${text}`));
    // A node that says nothing of a service is still one: Go reads what is missing as empty.
    expect(flooded.every(({ message }) => message.length > 3)).toBe(true);
  });

  test("comes from a stub only about itself", () => {
    const { board, flooded, others } = boardOf("own");
    const stub = neighbour("stub", true);
    board.receive(stub, ad("far", "control", at1));
    expect(flooded).toEqual([]);
    board.receive(stub, ad("stub", "control", at1));
    expect(others()).toEqual(["stub:control"]);
  });
});

test("a cancel in a ring of three ends (spec §3.9)", () => {
  const boards = ["a", "b", "c"].map((id) => boardOf(id));
  boards[0]!.board.advertise("control", { connType: 1, tags: null });
  boards[0]!.clock.pass(100);
  const carry = (): number => {
    let carried = 0;
    for (let moved = true; moved; ) {
      moved = false;
      boards.forEach(({ flooded }, from) => {
        for (const { message, except } of flooded.splice(0))
          for (const [to, { board }] of boards.entries()) {
            const id = "abc"[to] as string;
            if (to === from || except?.peer === id) continue;
            moved = true;
            if (++carried > 1_000) throw new Error("it goes round and round");
            board.receive(neighbour("abc"[from] as string), Buffer.from(message));
          }
      });
    }
    return carried;
  };
  expect(carry()).toBe(4);
  expect(boards[2]!.others()).toEqual(["a:control"]);
  boards[0]!.board.withdraw("control");
  expect(carry()).toBe(4);
  expect(boards[2]!.others()).toEqual([]);
});

describe("a newcomer", () => {
  test("is told at once of our services and all others there are, each as it came", () => {
    const { board } = boardOf("own");
    const sent: Uint8Array[] = [];
    const newcomer = neighbour("new", false, (message) => void sent.push(message));
    const message = ad("far", "control", at1);
    board.advertise("control", { connType: 1, tags: null });
    board.receive(left, message);
    board.introduce(newcomer);
    expect(decodeAdvertisement(sent[0]!)).toMatchObject({ nodeId: "own", service: "control" });
    expect(sent.slice(1)).toEqual([message]);
  });
});

describe("an inventor of services", () => {
  test("finds room for so many of a node, so many in all, and so many bytes", () => {
    const { board, flooded, others } = boardOf("own");
    for (let number = 0; number < 1_000; number++) board.receive(left, ad("one", `s${number}`, at1));
    expect(others()).toHaveLength(256);
    for (let number = 0; number < 25_000; number++) board.receive(left, ad(`n${number}`, "s", at1));
    expect(others()).toHaveLength(20_000);
    expect(flooded).toHaveLength(20_000);
    board.receive(left, ad("one", "s1", at2));
    expect(flooded).toHaveLength(20_001);
  });

  test("fills 32 MiB and not more", () => {
    const { board, flooded } = boardOf("own");
    const tags = new Map(Array.from({ length: 15 }, (_, number) => [`t${number}`, "x".repeat(4_000)]));
    for (let number = 0; number < 1_000; number++) board.receive(left, ad(`n${number}`, "s", at1, { tags }));
    const bytes = flooded.reduce((sum, { message }) => sum + message.length, 0);
    expect(bytes).toBeLessThanOrEqual(32 * 1024 * 1024);
    expect(bytes).toBeGreaterThan(30 * 1024 * 1024);
  });

  test("gives the room back by saying nothing more", () => {
    const { board, clock, others } = boardOf("own");
    for (let number = 0; number < 300; number++) board.receive(left, ad("one", `s${number}`, at1));
    clock.pass(420_000);
    expect(others()).toEqual([]);
    board.receive(left, ad("one", "real", goTime(clock.now()).text));
    expect(others()).toEqual(["one:real"]);
  });

  test("of cancels is remembered only so far back", () => {
    const { board, flooded } = boardOf("own");
    for (let number = 0; number < 20_001; number++) board.receive(left, ad(`n${number}`, "s", at1, { cancel: true }));
    board.receive(left, ad("n20000", "s", at1, { cancel: true }));
    expect(flooded).toHaveLength(20_001);
  });
});
