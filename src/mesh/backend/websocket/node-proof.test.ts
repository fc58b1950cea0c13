import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import type { Session } from "../backend.ts";
import { tempFolder } from "../../../../test/kit/temp-folder.ts";
import { webSocketGuest } from "./guest.ts";
import { isNodeProof, newChallenge, proofHeader, proofVersion, proveNode, readProof } from "./node-proof.ts";
import { webSocketPeer } from "./peer.ts";
import { writeFileSync } from "node:fs";

interface Hub {
  readonly url: string;
  readonly sessions: Session[];
  /** Proves that a session came, or that none did. */
  came(): Promise<Session>;
  close(): Promise<void>;
}

const known = generateKeyPairSync("ed25519");
const stranger = generateKeyPairSync("ed25519");

/** A port without TLS, as behind a proxy, that knows one node. */
async function openHub(keyOf: (node: string) => KeyObject | undefined): Promise<Hub> {
  const guest = webSocketGuest({ path: "/mesh", proofs: { hub: "hub", keyOf } });
  const sessions: Session[] = [];
  const waiting: ((session: Session) => void)[] = [];
  const open = await guest.start((session) => {
    session.start({ message: () => {}, drained: () => {} });
    sessions.push(session);
    waiting.shift()?.(session);
  });
  const server = createServer();
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => sockets.add(socket));
  server.on("upgrade", (request, socket, head) => guest.handle(request, socket as Socket, head, "203.0.113.9"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/mesh`,
    sessions,
    came: () => new Promise((resolve) => void waiting.push(resolve)),
    close: async () => {
      await open.close();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A client by hand: what it is asked, and what becomes of its answer. */
async function askedBy(url: string, headers: Record<string, string> = { [proofHeader]: proofVersion }) {
  const webSocket = new WebSocket(url, { headers });
  const closed = new Promise<number>((resolve) => webSocket.once("close", resolve));
  const challenge = await new Promise<string>((resolve, reject) => {
    webSocket.once("message", (data: Buffer) => resolve(data.toString()));
    webSocket.once("error", reject);
  });
  return { webSocket, closed, challenge: JSON.parse(challenge) as { hub: string; nonce: string } };
}

let hub: Hub;
beforeEach(async () => {
  hub = await openHub((node) => (node === "w1" ? known.publicKey : undefined));
});
afterEach(async () => await hub.close());

describe("a node whose certificate cannot be seen (CAT-127)", () => {
  test("proves its id with its key, and what it says at once is not missed", async () => {
    await using folder = await tempFolder();
    const keyFile = folder.file("key");
    writeFileSync(keyFile, known.privateKey.export({ type: "pkcs8", format: "pem" }));
    const peer = webSocketPeer({ address: hub.url, prover: { nodeId: "w1", keyFile } });
    const coming = hub.came();
    const open = await peer.start((session) => {
      session.start({ message: () => {}, drained: () => {} });
      session.send(Buffer.from("hello"));
    });
    const session = await coming;
    expect(session.provenNodeIds).toEqual(["w1"]);
    expect(session.description).toBe("ws 203.0.113.9");
    await open.close();
  });

  test.each([
    ["the key of somebody else", "w1", stranger.privateKey, (nonce: string) => nonce],
    ["a node that is not known", "w2", known.privateKey, (nonce: string) => nonce],
    ["a challenge of another connection", "w1", known.privateKey, () => newChallenge("hub").nonce],
  ])("is refused with %s", async (_why, node, key, nonceOf) => {
    const { webSocket, closed, challenge } = await askedBy(hub.url);
    webSocket.send(JSON.stringify(proveNode(node, { hub: "hub", nonce: nonceOf(challenge.nonce) }, key)));
    expect(await closed).toBe(1008);
    expect(hub.sessions).toEqual([]);
  });

  test("cannot use a proof twice: one that was good is worth nothing on the next connection", async () => {
    const first = await askedBy(hub.url);
    const proof = JSON.stringify(proveNode("w1", first.challenge, known.privateKey));
    const coming = hub.came();
    first.webSocket.send(proof);
    await coming;
    const second = await askedBy(hub.url);
    second.webSocket.send(proof);
    expect(await second.closed).toBe(1008);
    expect(hub.sessions).toHaveLength(1);
    first.webSocket.terminate();
  });

  test("is nobody for the mesh before it has answered, whatever it sends", async () => {
    for (const answer of ["", "{}", "[]", "x".repeat(5_000), Buffer.from([1, 2, 3])]) {
      const { webSocket, closed } = await askedBy(hub.url);
      webSocket.send(answer);
      expect(await closed).toBe(1008);
    }
    expect(hub.sessions).toEqual([]);
  });

  test("that does not offer a proof is not asked, and has proved nothing", async () => {
    const coming = hub.came();
    const webSocket = new WebSocket(hub.url);
    await new Promise((resolve) => webSocket.once("open", resolve));
    expect((await coming).provenNodeIds).toBeUndefined();
    webSocket.terminate();
  });

  test("hears from a listener that knows it no longer why it is turned away", async () => {
    await using folder = await tempFolder();
    const keyFile = folder.file("key");
    writeFileSync(keyFile, stranger.privateKey.export({ type: "pkcs8", format: "pem" }));
    const ended = new Promise<Error | undefined>((resolve) => {
      const peer = webSocketPeer({ address: hub.url, prover: { nodeId: "w1", keyFile } }, { redial: false });
      void peer.start((session) => {
        session.start({ message: () => {}, drained: () => {} });
        void session.closed.then(resolve);
      });
    });
    expect(await ended).toMatchObject({ code: "PROOF_REFUSED" });
  });
});

test("isNodeProof() takes no signature that was made for another hub or node, nor one of another length", () => {
  const challenge = newChallenge("hub");
  const proof = proveNode("w1", challenge, known.privateKey);
  expect(isNodeProof(proof, challenge, known.publicKey)).toBe(true);
  expect(isNodeProof(proof, { ...challenge, hub: "other" }, known.publicKey)).toBe(false);
  expect(isNodeProof({ ...proof, node: "w2" }, challenge, known.publicKey)).toBe(false);
  expect(isNodeProof({ ...proof, signature: "" }, challenge, known.publicKey)).toBe(false);
  expect(readProof(JSON.stringify(proof))).toEqual(proof);
});
