import { createSocket, type Socket } from "node:dgram";
import { afterEach, describe, expect, test } from "vitest";
import type { OpenBackend, Session } from "../backend.ts";
import { describeBackend, eventually } from "../../../../test/kit/backend/conformance.ts";
import { unusedPort } from "../../../../test/kit/backend/conformance-port.ts";
import { udpListener, type UdpListenerSettings } from "./listener.ts";
import { udpPeer } from "./peer.ts";

const times = { firstMs: [10, 20], baseMs: 50, maxMs: 100 } as const;

describeBackend(
  "udp",
  async () => {
    const port = await unusedPort();
    // Two addresses where there is IPv6, of which one answers.
    const dialer = udpPeer({ address: `localhost:${port}` }, { times });
    return { listener: udpListener({ port, bindAddress: "127.0.0.1" }), dialer, close: () => {} };
  },
  { reliable: false, maxMessageBytes: 65_507 },
);

describe("a UDP listener", () => {
  interface Came {
    readonly session: Session;
    readonly messages: string[];
  }

  const opened: OpenBackend[] = [];
  const sockets: Socket[] = [];
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.close();
    for (const backend of opened.splice(0).reverse()) await backend.close();
  });

  async function listen(settings: Partial<UdpListenerSettings> = {}) {
    const came: Came[] = [];
    const open = await udpListener({ port: 0, bindAddress: "127.0.0.1", ...settings }).start((session) => {
      const messages: string[] = [];
      came.push({ session, messages });
      session.start({ message: (message) => void messages.push(Buffer.from(message).toString()), drained: () => {} });
    });
    opened.push(open);
    const port = Number(open.addresses[0]?.split(":").at(-1));
    const stranger = (): { say(text: string): void; readonly heard: string[] } => {
      const heard: string[] = [];
      const socket = createSocket("udp4", (message) => void heard.push(message.toString()));
      sockets.push(socket);
      return { heard, say: (text) => socket.send(text, port, "127.0.0.1") };
    };
    return { came, stranger, port };
  }

  test("has one session per remote address, from its first datagram on", async () => {
    const { came, stranger } = await listen();
    const [one, two] = [stranger(), stranger()];
    one.say("1");
    await eventually(() => came.length === 1, "the first session");
    two.say("2");
    one.say("3");
    await eventually(() => came[0]?.messages.length === 2 && came[1]?.messages.length === 1, "all datagrams");
    expect(came.map(({ messages }) => messages)).toEqual([["1", "3"], ["2"]]);
    came[1]?.session.send(Buffer.from("answer"));
    await eventually(() => two.heard.length > 0, "the answer");
    expect([one.heard, two.heard]).toEqual([[], ["answer"]]);
  });

  test("takes no notice of empty datagrams", async () => {
    const { came, stranger } = await listen();
    const one = stranger();
    one.say("");
    one.say("after");
    await eventually(() => came.length > 0, "a session");
    expect(came.map(({ messages }) => messages)).toEqual([["after"]]);
  });

  test("ends a session of which nothing came for long", async () => {
    const { came, stranger } = await listen({ idleMs: 100 });
    const one = stranger();
    one.say("1");
    await eventually(() => came.length === 1, "the session");
    expect(await came[0]?.session.closed).toMatchObject({ message: "nothing came for 0.1 s" });
    one.say("2");
    await eventually(() => came.length === 2, "a new session");
  });

  test("with all places taken gives up the oldest that was heard only once", async () => {
    const { came, stranger } = await listen({ maxSessions: 3 });
    const friend = stranger();
    friend.say("1");
    await eventually(() => came.length === 1, "the friend's session");
    friend.say("2");
    await eventually(() => came[0]?.messages.length === 2, "the friend's second datagram");
    for (let count = 1; count <= 300; count++) {
      stranger().say("x");
      await eventually(() => came.length === count + 1, `session ${count}`);
    }
    friend.say("3");
    await eventually(() => came[0]?.messages.length === 3, "the friend's third datagram");
    expect(await came[1]?.session.closed).toMatchObject({ message: "another neighbour needed its place" });
  });

  test("on all addresses is reached by IPv4", async () => {
    const { came, stranger } = await listen({ bindAddress: "0.0.0.0" });
    stranger().say("1");
    await eventually(() => came.length === 1, "the session");
    expect(came[0]?.session.description).toMatch(/^udp 127\.0\.0\.1:\d+$/);
  });

  test("names address, port and remedy when it cannot listen", async () => {
    const { port } = await listen();
    await expect(listen({ port })).rejects.toMatchObject({
      code: "LISTEN_FAILED",
      message: expect.stringContaining(`cannot listen on 127.0.0.1:${port}: something else listens there`),
    });
  });
});

test("a UDP session ends when nobody listens at the far end", async () => {
  const port = await unusedPort();
  const sessions: Session[] = [];
  const open = await udpPeer({ address: `127.0.0.1:${port}` }, { redial: false }).start((session) => {
    sessions.push(session);
    session.start({ message: () => {}, drained: () => {} });
    session.send(Buffer.from("hello?"));
  });
  await eventually(() => sessions.length > 0, "the session");
  expect(await sessions[0]?.closed).toMatchObject({ code: "ECONNREFUSED" });
  await open.close();
});
