import { once } from "node:events";
import type { Duplex } from "node:stream";
import { setImmediate as turn, setTimeout as pause } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "vitest";
import { silentLog, systemClock } from "#core";
import { duplexPair } from "../../test/kit/cable.ts";
import { piecesOf, type Random, randomOf } from "../../test/kit/fuzz.ts";
import { Conversation, type ConversationOptions, type Meeting } from "./conversation.ts";
import { type Envelope, encodeEnvelope, lengthBytes, maxMessageBytes } from "./envelope.ts";
import { FleetError } from "./errors.ts";
import { RemoteError } from "./fault.ts";
import { window } from "./limits.ts";
import { type Handler, type Method, type Schema, serve } from "./method.ts";
import { methodTable } from "./method-table.ts";

type Said = { n: number; text?: string };
const anything: Schema<Said> = { safeParse: (value) => ({ success: true, data: value as Said }) };
const method = (name: string): Method<Said, Said> => ({
  ...{ name, params: anything, result: anything, level: "none", changes: true },
});
const echo = method("echo");
const tell = method("tell");

/** One end, which keeps what it was told, in the order it began with it. */
function end(
  ownName: string,
  peerName: string,
  options: Partial<ConversationOptions> = {},
  handler?: Handler<Said, Said>,
) {
  const told: string[] = [];
  const meetings: Meeting[] = [];
  const tells =
    (name: string, answer: Handler<Said, Said>): Handler<Said, Said> =>
    (params, context) => {
      told.push(`${name} ${params.n}`);
      return answer(params, context);
    };
  const table = methodTable([
    serve(echo, tells("echo", handler ?? ((params) => params))),
    serve(
      tell,
      tells("tell", (params) => params),
    ),
  ]);
  const met = (meeting: Meeting): void => void meetings.push(meeting);
  const conversation = new Conversation({
    ...{ ownName, peerName, table, clock: systemClock, log: silentLog, met },
    ...options,
  });
  return Object.assign(conversation, { told, meetings });
}
const server = (options?: Partial<ConversationOptions>, handler?: Handler<Said, Said>) =>
  end("server", "w1", options, handler);
const worker = (options?: Partial<ConversationOptions>, handler?: Handler<Said, Said>) =>
  end("w1", "server", options, handler);

/** A stream between the two. Its ends are over when either is. */
function join(left: Conversation, right: Conversation): Promise<Error | undefined> {
  const [near, far] = duplexPair();
  void right.attach(far);
  return left.attach(near);
}

async function until(holds: () => boolean): Promise<void> {
  for (let n = 0; !holds(); n++) await (n < 100 ? turn() : pause(5));
}

const code = (code: string) => expect.objectContaining({ code });

describe("a conversation", () => {
  test("asks and tells in both directions", async () => {
    const [a, b] = [server(), worker()];
    void join(a, b);
    expect(await a.call(echo, { n: 1 })).toEqual({ n: 1 });
    expect(await b.call(echo, { n: 2 })).toEqual({ n: 2 });
    await b.notify(tell, { n: 3 });
    expect([a.told, b.told]).toEqual([["echo 2", "tell 3"], ["echo 1"]]);
    expect([a.meetings, b.meetings]).toEqual([["first"], ["first"]]);
    a.close();
    b.close();
  });

  test("keeps what is said before there is a stream", async () => {
    const [a, b] = [server(), worker()];
    const answered = a.call(echo, { n: 1 });
    const taken = a.notify(tell, { n: 2 });
    expect(a.backlog.messages).toBe(2);
    void join(a, b);
    expect(await answered).toEqual({ n: 1 });
    await taken;
    expect(a.backlog).toEqual({ messages: 0, bytes: 0 });
    a.close();
  });

  test("passes on how a call failed, without a stack", async () => {
    const [a, b] = [
      server(),
      worker({}, ({ n }) => {
        throw n === 1 ? new FleetError("LEVEL_TOO_LOW", "not you") : new Error("secret");
      }),
    ];
    void join(a, b);
    const refused = a.call(echo, { n: 1 });
    await expect(refused).rejects.toBeInstanceOf(RemoteError);
    await expect(refused).rejects.toMatchObject({ code: "LEVEL_TOO_LOW", message: "not you", status: 403 });
    await expect(a.call(echo, { n: 2 })).rejects.toMatchObject({ code: "INTERNAL", status: 500 });
    await expect(a.call(method("other"), { n: 3 })).rejects.toMatchObject({ code: "METHOD_UNKNOWN" });
    a.close();
  });

  test("refuses a result that is too large or no JSON, and goes on", async () => {
    const results: unknown[] = [{ text: "x".repeat(maxMessageBytes) }, { n: 5n }];
    const [a, b] = [server(), worker({}, () => results.shift() as Said)];
    void join(a, b);
    await expect(a.call(echo, { n: 1 })).rejects.toMatchObject({ code: "MESSAGE_TOO_LARGE" });
    await expect(a.call(echo, { n: 2 })).rejects.toMatchObject({ code: "INTERNAL" });
    await expect(a.call(echo, { n: 3, text: "x".repeat(maxMessageBytes) })).rejects.toThrow(code("MESSAGE_TOO_LARGE"));
    await a.notify(tell, { n: 4 });
    a.close();
  });

  test("refuses an answer that the method never gives", async () => {
    const [a, b] = [server(), worker()];
    void join(a, b);
    const strict: Method<Said, Said> = {
      ...echo,
      result: { safeParse: () => ({ success: false, error: { issues: [{ path: ["n"], message: "no" }] } }) },
    };
    await expect(a.call(strict, { n: 1 })).rejects.toThrow(code("REPLY_INVALID"));
    a.close();
  });

  test("tells the handler when its caller takes the call back or has waited long enough", async () => {
    const reasons: unknown[] = [];
    const [a, b] = [
      server(),
      worker({}, async (_params, { signal }) => {
        await once(signal, "abort");
        reasons.push((signal.reason as FleetError).code);
        return { n: 0 };
      }),
    ];
    void join(a, b);
    const controller = new AbortController();
    const taken = a.call(echo, { n: 1 }, { signal: controller.signal });
    await until(() => b.told.length === 1);
    controller.abort(new Error("enough"));
    await expect(taken).rejects.toThrow("enough");
    await expect(a.call(echo, { n: 2 }, { timeoutMs: 20 })).rejects.toThrow(code("CALL_TIMEOUT"));
    await until(() => reasons.length === 2);
    expect(reasons).toEqual(["CALL_CANCELLED", "CALL_CANCELLED"]);
    a.close();
  });

  test("never sends a call that was taken back before", async () => {
    const [a, b] = [server(), worker()];
    await expect(a.call(echo, { n: 1 }, { timeoutMs: 5 })).rejects.toThrow(code("CALL_TIMEOUT"));
    expect(a.backlog.messages).toBe(0);
    void join(a, b);
    await a.notify(tell, { n: 2 });
    expect(b.told).toEqual(["tell 2"]);
    a.close();
  });

  test("a call that waits for its turn on the other side can be taken back there", async () => {
    const release = new AbortController();
    const [a, b] = [
      server(),
      worker({ limits: { running: 1 } }, async (params) => {
        if (params.n === 1) await once(release.signal, "abort");
        return params;
      }),
    ];
    void join(a, b);
    const first = a.call(echo, { n: 1 });
    const controller = new AbortController();
    const second = a.call(echo, { n: 2 }, { signal: controller.signal });
    const third = a.call(echo, { n: 3 });
    await until(() => b.told.length === 1 && a.backlog.messages === 0);
    controller.abort();
    await expect(second).rejects.toThrow("aborted");
    await b.notify(tell, { n: 0 });
    release.abort();
    await Promise.all([first, third]);
    expect(b.told).toEqual(["echo 1", "echo 3"]);
    a.close();
  });

  test("ends everything when it is closed", async () => {
    const [a, b] = [server(), worker({}, (_params, { signal }) => once(signal, "abort").then(() => ({ n: 0 })))];
    void join(a, b);
    const call = a.call(echo, { n: 1 });
    await until(() => b.told.length === 1);
    a.close();
    await expect(call).rejects.toThrow(code("CONVERSATION_CLOSED"));
    await expect(a.call(echo, { n: 2 })).rejects.toThrow(code("CONVERSATION_CLOSED"));
    await expect(a.notify(tell, { n: 2 })).rejects.toThrow(code("CONVERSATION_CLOSED"));
    expect(await a.attach(duplexPair()[0])).toMatchObject({ code: "CONVERSATION_CLOSED" });
    b.close();
  });
});

/** A cable that lets so many bytes through, counted over both directions, and then is cut. */
function cutAfter(bytes: number): [Duplex, Duplex] {
  const [left, leftInside] = duplexPair();
  const [right, rightInside] = duplexPair();
  let allowance = bytes;
  const relay = (from: Duplex, to: Duplex): void => {
    from.on("data", (chunk: Buffer) => {
      if (allowance > 0) to.write(chunk.subarray(0, allowance));
      allowance -= chunk.length;
      if (allowance > 0) return;
      // What is on the way may still arrive.
      from.destroy();
      to.end();
    });
    from.on("error", () => {}).on("close", () => to.destroy());
  };
  relay(leftInside, rightInside);
  relay(rightInside, leftInside);
  return [left, right];
}

/** Calls and events in a random order, as many at once as the backlog takes. */
async function talk(side: Conversation, count: number, random: Random): Promise<string[]> {
  const said: string[] = [];
  const waited: Promise<unknown>[] = [];
  for (let n = 0; n < count; n++) {
    await side.room(AbortSignal.timeout(100_000));
    const isCall = random(2) === 0;
    const params = { n, text: "x".repeat(random(random(20) === 0 ? 5_000 : 50)) };
    said.push(`${isCall ? "echo" : "tell"} ${n}`);
    const answered = isCall ? side.call(echo, params, { timeoutMs: 600_000 }) : side.notify(tell, params);
    waited.push(answered.then((answer) => expect(answer).toEqual(isCall ? params : undefined)));
  }
  await Promise.all(waited);
  return said;
}

const seeds = [1, 2, Number(process.env["CUT_SEED"] ?? 3)];

test.each(seeds)("500 cuts lose nothing, double nothing and change no order (seed %s)", async (seed) => {
  const random = randomOf(seed);
  const slow: Handler<Said, Said> = async (params) => {
    for (let turns = random(4); turns > 0; turns--) await turn();
    return params;
  };
  const [a, b] = [server({}, slow), worker({}, slow)];
  let cuts = 0;
  const done = new AbortController();
  const cutting = (async () => {
    while (!done.signal.aborted) {
      const [left, right] = cutAfter(cuts++ < 500 ? random(random(2) === 0 ? 600 : 12_000) : 100_000_000);
      const over = [a.attach(left), b.attach(right)];
      if (cuts > 500) await until(() => done.signal.aborted);
      else await Promise.race(over);
    }
  })();
  const [said, heard] = await Promise.all([talk(a, 2_500, random), talk(b, 2_500, random)]);
  await until(() => cuts > 500);
  done.abort();
  await cutting;
  await until(() => b.told.length === said.length && a.told.length === heard.length);
  expect(b.told).toEqual(said);
  expect(a.told).toEqual(heard);
  expect([...a.meetings, ...b.meetings]).not.toContain("restarted");
  expect([a.backlog.messages, b.backlog.messages]).toEqual([0, 0]);
  a.close();
  b.close();
});

describe("when the other side was started anew", () => {
  test("what was sent fails, what was not is sent, and handlers stop", async () => {
    const [a, old] = [server({}, (_params, { signal }) => once(signal, "abort").then(() => ({ n: 9 }))), worker()];
    const never: Handler<Said, Said> = () => new Promise(() => {});
    const stuck = worker({}, never);
    void old;
    void join(a, stuck);
    const asked = a.call(echo, { n: 1 });
    const askedBack = stuck.call(echo, { n: 2 });
    await until(() => stuck.told.length === 1 && a.told.length === 1);
    a.detach();
    const unsent = a.call(echo, { n: 3 });
    const untold = a.notify(tell, { n: 4 });
    const anew = worker();
    void join(a, anew);
    await expect(asked).rejects.toThrow(code("PEER_RESTARTED"));
    expect(await unsent).toEqual({ n: 3 });
    await untold;
    expect(anew.told).toEqual(["echo 3", "tell 4"]);
    expect(a.meetings).toEqual(["first", "restarted"]);
    expect(anew.meetings).toEqual(["first"]);
    await anew.notify(tell, { n: 5 });
    expect(a.told).toEqual(["echo 2", "tell 5"]);
    stuck.close();
    await expect(askedBack).rejects.toThrow(code("CONVERSATION_CLOSED"));
    a.close();
    anew.close();
  });

  test("an event that was sent and not acknowledged fails: nobody knows", async () => {
    const a = server();
    const [near, far] = duplexPair();
    const old = played(far);
    void a.attach(near);
    await old.meet();
    const event = a.notify(tell, { n: 1 });
    await until(() => old.heard.length === 2);
    void join(a, worker());
    await expect(event).rejects.toThrow(code("PEER_RESTARTED"));
    a.close();
  });

  test.each([1, 2, 3, 4])("again and again, every call ends and both sides go on (seed %s)", async (seed) => {
    const random = randomOf(seed);
    const sides = [server(), worker()] as [ReturnType<typeof end>, ReturnType<typeof end>];
    const endings: Promise<string>[] = [];
    for (let round = 0; round < 100; round++) {
      if (random(3) === 0) {
        const which = random(2) as 0 | 1;
        sides[which].close();
        sides[which] = which === 0 ? server() : worker();
      }
      const [left, right] = cutAfter(random(4_000));
      const over = [sides[0].attach(left), sides[1].attach(right)];
      for (const side of sides)
        for (let n = random(5); n > 0; n--)
          endings.push(
            side.call(echo, { n }).then(
              () => "answered",
              (error: FleetError) => error.code,
            ),
          );
      await Promise.race([...over, turn()]);
    }
    const last = join(...sides);
    await Promise.all(sides.map((side) => side.call(echo, { n: 0 })));
    for (const ending of await Promise.all(endings))
      expect(["answered", "PEER_RESTARTED", "CONVERSATION_CLOSED"]).toContain(ending);
    sides[0].close();
    await last;
    sides[1].close();
  });
});

describe("a slow other side", () => {
  test("fills the backlog, and then calls and events are refused", async () => {
    const a = server({ limits: { backlogMessages: 10, backlogBytes: 100_000 } });
    const [near] = duplexPair();
    void a.attach(near);
    const kept = Array.from({ length: 10 }, (_, n) => a.notify(tell, { n }));
    await expect(a.notify(tell, { n: 10 })).rejects.toThrow(code("BACKLOG_FULL"));
    await expect(a.call(echo, { n: 11 })).rejects.toThrow(code("BACKLOG_FULL"));
    const b = worker();
    void join(a, b);
    await Promise.all(kept);
    expect(b.told).toEqual(kept.map((_, n) => `tell ${n}`));
    await a.notify(tell, { n: 12 });
    await expect(a.notify(tell, { n: 13, text: "x".repeat(100_000) })).rejects.toThrow(code("BACKLOG_FULL"));
    a.close();
  });

  test("is sent no more than the window, and takes the rest as it goes on", async () => {
    const release = new AbortController();
    const [a, b] = [
      server(),
      worker({ limits: { running: 4 } }, async (params) => {
        if (!release.signal.aborted) await once(release.signal, "abort");
        return params;
      }),
    ];
    void join(a, b);
    const asked = Array.from({ length: 600 }, (_, n) => a.call(echo, { n }));
    await until(() => a.backlog.messages === 600 - 4 - window.messages);
    // Answers pass what waits: those who are asked can ask back.
    expect(await b.call(echo, { n: 0 })).toEqual({ n: 0 });
    expect(b.told).toHaveLength(4);
    release.abort();
    await Promise.all(asked);
    expect(b.told).toEqual(asked.map((_, n) => `echo ${n}`));
    a.close();
  });

  test("that does not read what it asks for is not worked for", async () => {
    const a = server({}, () => ({ n: 0, text: "x".repeat(500_000) }));
    const [near, far] = duplexPair();
    const peer = played(far);
    void a.attach(near);
    await peer.meet();
    peer.stopReading();
    for (let n = 1; n <= window.messages; n++) peer.say({ kind: "call", method: "echo", params: { n }, sequence: n });
    await until(() => a.told.length > 0);
    for (let n = 0; n < 50; n++) await turn();
    expect(a.told.length).toBeLessThan(70);
    a.close();
  });
});

type Spoken = { kind: string; method: string; sequence: number; [name: string]: unknown };

/** The other side, by hand: it says what it is told to. */
function played(stream: Duplex) {
  const heard: Envelope[] = [];
  let held = Buffer.alloc(0);
  stream.on("error", () => {});
  stream.on("data", (chunk: Buffer) => {
    held = Buffer.concat([held, chunk]);
    while (held.length >= lengthBytes && held.length >= lengthBytes + held.readUInt32BE()) {
      const whole = lengthBytes + held.readUInt32BE();
      heard.push(JSON.parse(held.subarray(lengthBytes, whole).toString()) as Envelope);
      held = held.subarray(whole);
    }
  });
  let id = 0;
  const frame = (spoken: Spoken): Buffer =>
    encodeEnvelope({ id: `p-${id++}`, time: 0, from: "w1", to: "server", ...spoken } as unknown as Envelope);
  const say = (spoken: Spoken): boolean => stream.write(frame(spoken));
  const meet = async (changed: object = {}): Promise<void> => {
    await until(() => heard.length > 0);
    const [first] = heard as [Envelope & { params: { session: string } }];
    const params = { version: 1, session: "played", peer: first.params.session, received: 0, begun: 0, ...changed };
    say({ kind: "ack", method: "rpc.session", sequence: 0, params });
  };
  return { heard, frame, say, meet, write: (bytes: Buffer) => stream.write(bytes), stopReading: () => stream.pause() };
}

describe("a hostile other side", () => {
  const event = { kind: "event", method: "tell", params: { n: 1 } };
  const ack = (params: object): Spoken => ({ kind: "ack", method: "rpc.ack", sequence: 0, params });

  async function cutBy(attack: (peer: ReturnType<typeof played>) => void, meets: boolean | object = true) {
    const a = server({ limits: { sessionMs: 200 } });
    const [near, far] = duplexPair();
    const peer = played(far);
    const over = a.attach(near);
    if (meets) await peer.meet(meets === true ? {} : meets);
    attack(peer);
    const error = await over;
    expect(a.isConnected).toBe(false);
    const b = worker();
    void join(a, b);
    expect(await a.call(echo, { n: 1 }, { timeoutMs: 20_000 })).toEqual({ n: 1 });
    a.close();
    b.close();
    return error;
  }

  test.each<[string, (peer: ReturnType<typeof played>) => void, (boolean | object)?]>([
    ["a message that leaves one out", (peer) => peer.say({ ...event, sequence: 2 })],
    ["an ack from the future", (peer) => peer.say(ack({ received: 1, begun: 0 }))],
    ["work begun that it was never given", (peer) => peer.say(ack({ received: 0, begun: 1 }))],
    ["an ack with a field too many", (peer) => peer.say(ack({ received: 0, begun: 0, x: 1 }))],
    ["an ack of another name", (peer) => peer.say({ ...ack({}), method: "rpc.nack" })],
    ["a second session", (peer) => void peer.meet()],
    ["anything before its session", (peer) => peer.say({ ...event, sequence: 1 }), false],
    ["nothing at all", () => {}, false],
    ["a session from the future", () => {}, { received: 5 }],
    ["another version", () => {}, { version: 2 }],
    ["a session that is none", () => {}, { session: {} }],
    ["what the conversation has no word for", (peer) => peer.say({ ...event, method: "rpc.nothing", sequence: 1 })],
    ["what is from somebody else", (peer) => peer.say({ ...event, sequence: 1, from: "w2" })],
  ])("that says %s is cut off, and can come again", async (_name, attack, meets) => {
    expect(await cutBy(attack, meets)).toMatchObject({ code: "CONVERSATION_BROKEN" });
  });

  test("that sends more than the window allows is cut off", async () => {
    const a = server({}, () => new Promise(() => {}));
    const [near, far] = duplexPair();
    const peer = played(far);
    const over = a.attach(near);
    await peer.meet();
    for (let n = 1; n < 1_000; n++) peer.say({ ...event, kind: "call", method: "echo", sequence: n });
    expect(await over).toMatchObject({ code: "CONVERSATION_BROKEN" });
    expect(a.told).toHaveLength(64);
    a.close();
  });

  test.each<[string, Buffer]>([
    ["too long", Buffer.from("7fffffff", "hex")],
    ["of depth", Buffer.concat([Buffer.from("00001000", "hex"), Buffer.alloc(4096, "[")])],
    ["of length 0", Buffer.alloc(4)],
  ])("whose message is %s is cut off", async (_name, bytes) => {
    expect(await cutBy((peer) => peer.write(bytes))).toMatchObject({ code: "MESSAGE_INVALID" });
  });

  test("may send 100,000 tiny messages, replies to nothing and cancels of nothing, and it goes on", async () => {
    const a = server();
    const [near, far] = duplexPair();
    const peer = played(far);
    void a.attach(near);
    await peer.meet();
    const kinds: Omit<Spoken, "sequence">[] = [
      { kind: "event", method: "tell", params: {} },
      { kind: "reply", method: "tell", correlation: "none", result: {} },
      { kind: "event", method: "rpc.cancel", params: {}, correlation: "none" },
      { kind: "event", method: "no.such", params: {} },
    ];
    const progress = (): unknown => (peer.heard.at(-1) as { params?: unknown } | undefined)?.params;
    const isAt = (received: number): boolean => isDeepStrictEqual(progress(), { received, begun: received / 2 });
    // Half of them fill the window.
    for (let n = 0; n < 100_000; n += 500) {
      const some = Array.from({ length: 500 }, (_, at) =>
        peer.frame({ ...(kinds[at % 4] as Spoken), sequence: n + at + 1 }),
      );
      peer.write(Buffer.concat(some));
      await until(() => isAt(n + 500));
      peer.heard.length = 0;
    }
    expect(a.told).toHaveLength(25_000);
    expect(a.isConnected).toBe(true);
    a.close();
  });

  test("is answered once, however often it sends a message again", async () => {
    const a = server();
    const [near, far] = duplexPair();
    const peer = played(far);
    void a.attach(near);
    await peer.meet();
    for (let n = 0; n < 10; n++) peer.say({ kind: "call", method: "echo", params: { n: 1 }, sequence: 1 });
    await until(() => peer.heard.some(({ kind }) => kind === "reply"));
    for (let n = 0; n < 10; n++) await turn();
    expect(a.told).toEqual(["echo 1"]);
    expect(peer.heard.filter(({ kind }) => kind === "reply")).toHaveLength(1);
    a.close();
  });
});

test("messages may come in pieces of any size", async () => {
  const random = randomOf(7);
  const [a, b] = [server(), worker()];
  const [left, leftInside] = duplexPair();
  const [right, rightInside] = duplexPair();
  for (const [from, to] of [
    [leftInside, rightInside],
    [rightInside, leftInside],
  ] as const)
    from.on("data", (chunk: Buffer) => piecesOf(chunk, random).forEach((piece) => to.write(piece)));
  void a.attach(left);
  void b.attach(right);
  const [said, heard] = await Promise.all([talk(a, 200, random), talk(b, 200, random)]);
  expect([b.told, a.told]).toEqual([said, heard]);
  a.close();
  b.close();
});
