import { connect, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import type { OpenBackend, Session } from "../backend.ts";
import { eventually } from "../../../../test/kit/backend/conformance.ts";
import { tcpListener } from "./listener.ts";
import { tcpPeer } from "./peer.ts";

interface Came {
  readonly session: Session;
  readonly messages: string[];
}

const opened: OpenBackend[] = [];
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const backend of opened.splice(0).reverse()) await backend.close();
});

async function listen(limits: { maxConnections?: number } = {}) {
  const came: Came[] = [];
  const backend = tcpListener({ port: 0, bindAddress: "127.0.0.1", ...limits });
  const open = await backend.start((session) => {
    const messages: string[] = [];
    came.push({ session, messages });
    session.start({ message: (message) => void messages.push(Buffer.from(message).toString()), drained: () => {} });
  });
  opened.push(open);
  return { came, address: open.addresses[0] ?? "" };
}

async function stranger(address: string): Promise<Socket> {
  const socket = connect(Number(address.split(":")[1]), "127.0.0.1").on("error", () => {});
  sockets.push(socket);
  await new Promise((resolve) => socket.once("connect", resolve));
  return socket;
}

/** A well-behaved neighbour that comes and says something. */
async function guest(address: string): Promise<void> {
  const open = await tcpPeer({ address }).start((session) => {
    session.start({ message: () => {}, drained: () => {} });
    session.send(Buffer.from("hello from a guest"));
  });
  opened.push(open);
}

test("bytes in any pieces come out as messages, and empty ones not at all", async () => {
  const { came, address } = await listen();
  const socket = await stranger(address);
  socket.setNoDelay();
  for (const byte of Buffer.from("\x00\x00\x03\x00one\x00\x00\x03\x00two", "latin1")) socket.write(Buffer.from([byte]));
  await eventually(() => came[0]?.messages.length === 2, "two messages");
  expect(came[0]?.messages).toEqual(["one", "two"]);
});

test("a neighbour that stops in mid-message has not ended in order", async () => {
  const { came, address } = await listen();
  (await stranger(address)).end(Buffer.from("\xff\xffnot as much as promised", "latin1"));
  await eventually(() => came.length > 0, "the session");
  expect(await came[0]?.session.closed).toMatchObject({ message: "the far end stopped in mid-message" });
});

test("a reset ends only its own session, with the system's word", async () => {
  const { came, address } = await listen();
  await guest(address);
  const socket = await stranger(address);
  await eventually(() => came.length === 2, "both sessions");
  socket.resetAndDestroy();
  const ended = await Promise.race(came.map(({ session }) => session.closed));
  expect(ended).toMatchObject({ code: "ECONNRESET" });
});

test("hundreds that say nothing, or lie about lengths, do not harm others", async () => {
  const { came, address } = await listen();
  for (let count = 0; count < 300; count++) {
    const socket = await stranger(address);
    if (count % 3 === 0) socket.write(Buffer.from([0xff, 0xff, 0x01]));
    if (count % 3 === 1) socket.write("GET / HTTP/1.1\r\n\r\n");
  }
  await guest(address);
  const heard = await eventually(
    () => came.find(({ messages }) => messages.includes("hello from a guest")),
    "the guest's message",
  );
  expect(heard.session.description).toMatch(/^tcp 127\.0\.0\.1:\d+$/);
});

test("connections over the limit are closed as they come, and room is made when one goes", async () => {
  const { came, address } = await listen({ maxConnections: 2 });
  const first = await stranger(address);
  await stranger(address);
  await eventually(() => came.length === 2, "two sessions");
  const third = await stranger(address);
  await new Promise((resolve) => third.once("close", resolve));
  expect(came).toHaveLength(2);
  first.destroy();
  await came[0]?.session.closed;
  await guest(address);
  await eventually(() => came[2]?.messages.length === 1, "the guest's message");
});

test("a neighbour that never reads costs no more than the bound", async () => {
  const { came, address } = await listen();
  await stranger(address);
  await eventually(() => came.length > 0, "the session");
  const { session } = came[0]!;
  for (let count = 0; count < 3000; count++) session.send(new Uint8Array(65_535));
  expect(await session.closed).toMatchObject({ message: expect.stringContaining("taken nothing of 64 MiB") });
});

test("a listener on all addresses is reached by IPv4 and IPv6, as every address of a name", async () => {
  const came: string[] = [];
  const listening = await tcpListener({ port: 0 }).start((session) => {
    came.push(session.description);
    session.start({ message: () => {}, drained: () => {} });
  });
  opened.push(listening);
  const port = listening.addresses[0]?.split(":").at(-1) ?? "";
  expect(listening.addresses).toEqual([expect.stringMatching(/^(\[::\]|0\.0\.0\.0):\d+$/)]);
  await guest(`127.0.0.1:${port}`);
  await guest(`localhost:${port}`);
  await eventually(() => came.length === 2, "both");
  expect(came[0]).toMatch(/^tcp (127\.0\.0\.1|\[::1\]):/);
});
