/**
 * Two neighbours of a relay, as bare sockets that speak the mesh's protocol: one sends datagrams to the other as fast as
 * the relay takes them. Answers how many came a second, and which part of those that were sent.
 *
 * With `bare` they only write frames: for a relay that copies from the first connection to the second.
 */
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { encodeData } from "../../dist/mesh/packet/data-message.js";
import { nodeHash } from "../../dist/mesh/packet/node-hash.js";
import { encodeRoutingUpdate } from "../../dist/mesh/packet/routing-update.js";
import { answerWith } from "../kit/load.mjs";

const burstBytes = 64 * 1024;
const epoch = BigInt(Math.floor(Date.now() / 1000)) << 24n;
let serial = 0;

answerWith(async ({ port, relay, bytes, ms, bare }) => {
  const ids = [`from${++serial}`, `to${serial}`];
  const [from, to] = [await join(port, ids[0], relay, bare), await join(port, ids[1], relay, bare)];
  // The relay has told each of them of the other by then.
  await sleep(500);
  let received = 0;
  to.on("data", (chunk) => (received += chunk.length));
  const burst = burstOf(ids, bytes);
  const start = performance.now();
  let sent = 0;
  for (const end = start + ms; performance.now() < end; sent += burst.length)
    if (!from.write(burst)) await Promise.race([once(from, "drain"), sleep(end - performance.now())]);
  // Only what was on its way within the time: what is still queued would make the time longer.
  const [got, took] = [received, performance.now() - start];
  for (let before = -1; received > before; await sleep(200)) before = received;
  for (const socket of [from, to]) socket.destroy();
  return { perSecond: (got / (bytes + 2) / took) * 1e3, arrived: Math.min(1, received / (sent - from.writableLength)) };
});

async function join(port, id, relay, bare) {
  const socket = await connected(port);
  if (bare) return socket;
  const greet = (sequence, connections) => socket.write(framed(update(id, sequence, connections)));
  greet(1n, []);
  await once(socket, "data");
  greet(2n, [[relay, 1]]);
  return socket;
}

/** A daemon's control socket answers before its roads are open. */
async function connected(port) {
  for (let tries = 0; ; tries++) {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    try {
      await once(socket, "connect");
      return socket.on("error", () => {});
    } catch (error) {
      if (tries === 100) throw error;
      await sleep(50);
    }
  }
}

function update(nodeId, updateSequence, connections) {
  const updateId = `${nodeId}${updateSequence}`.padEnd(8, "x");
  const head = { nodeId, forwardingNode: nodeId, updateId, updateEpoch: epoch, updateSequence };
  return encodeRoutingUpdate({ ...head, connections: new Map(connections), suspectedDuplicate: 0n });
}

function burstOf([fromNode, toNode], bytes) {
  const [fromHash, toHash] = [nodeHash(fromNode), nodeHash(toNode)];
  const services = { fromService: "bench", toService: "bench" };
  const payload = Buffer.alloc(bytes - 36, 7);
  const one = framed(encodeData({ hops: 29, fromHash, toHash, ...services, payload }));
  return Buffer.concat(Array.from({ length: Math.floor(burstBytes / one.length) }, () => one));
}

function framed(message) {
  const frame = Buffer.alloc(2 + message.length);
  frame.writeUInt16LE(message.length);
  frame.set(message, 2);
  return frame;
}
