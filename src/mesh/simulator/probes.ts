import type { PingReply } from "../datagram/ping.ts";
import { firstHops } from "../packet/data-message.ts";
import { messageType } from "../packet/message-types.ts";
import { farSite, type SimulatedMesh, type Site } from "./simulated-mesh.ts";

/** How pings went. */
export interface PingCounts {
  sent: number;
  answered: number;
  /** Roads on the way there, of each ping in a settled mesh. */
  readonly hops: number[];
}

const stepMs = 50;
/** A ping is given up by itself after 10 s. */
const patienceMs = 11_000;

/**
 * Ping between two nodes that can reach each other, in a settled mesh: it comes back, by the ways the tables say, and
 * each of its messages passes each road once.
 *
 * @returns what did not hold.
 */
export async function pingSettled(mesh: SimulatedMesh, counts: PingCounts): Promise<string | undefined> {
  const pair = connectedPair(mesh);
  if (!pair) return undefined;
  const [from, to] = pair;
  const there = hopsOf(from, to);
  const back = hopsOf(to, from);
  if (there === undefined || back === undefined) return `no way between ${from.id} and ${to.id} comes to its end`;
  // Further than any datagram goes (spec §3.5).
  if (Math.max(there, back) > firstHops) return undefined;
  counts.sent++;
  const before = mesh.counts[messageType.data] as number;
  const reply = await answerTo(mesh, from, to);
  if (!reply || reply.problem || reply.from !== to.id)
    return `a ping from ${from.id} to ${to.id} came to nothing: ${reply?.problem?.text ?? `${reply?.from} answered`}`;
  counts.answered++;
  counts.hops.push(there);
  const sent = (mesh.counts[messageType.data] as number) - before;
  return sent === there + back
    ? undefined
    : `a ping from ${from.id} to ${to.id} passed ${sent} roads, and the way has ${there} and ${back}`;
}

/** Pings between any two, whatever state the mesh is in; how they end says how bad the fault is. */
export async function pingAnyhow(mesh: SimulatedMesh, number: number, counts: PingCounts): Promise<void> {
  const pairs = Array.from({ length: number }, () => [anyOf(mesh), anyOf(mesh)] as const);
  const replies: PingReply[] = [];
  for (const [from, to] of pairs) {
    // Who asks for a node by its name keeps the name: those that are to be forgotten are not asked for.
    if (!from?.node || !to || from === to || to.leftAt !== undefined) continue;
    counts.sent++;
    void from.node.ping(to.id).then((reply) => replies.push(reply));
  }
  mesh.time.runUntil(mesh.time.now + patienceMs);
  await delivered();
  counts.answered += replies.filter(({ problem }) => !problem).length;
}

async function answerTo(mesh: SimulatedMesh, from: Site, to: Site): Promise<PingReply | undefined> {
  const replies: PingReply[] = [];
  void from.node?.ping(to.id).then((reply) => replies.push(reply));
  const end = mesh.time.now + patienceMs;
  while (mesh.time.now < end && replies.length === 0) {
    mesh.time.runUntil(mesh.time.now + stepMs);
    await delivered();
  }
  // A copy too many would still be under way.
  mesh.time.runUntil(mesh.time.now + stepMs);
  return replies[0];
}

/** Virtual time runs without a pause; what promises hand on comes after it. */
async function delivered(): Promise<void> {
  await Promise.resolve();
}

/** Roads on the way, from node to node as each one's table says; undefined when it does not come to its end. */
function hopsOf(from: Site, to: Site): number | undefined {
  let here = from;
  for (let hops = 0; hops <= 1000; hops++) {
    if (here === to) return hops;
    const next = here.node?.router.ways.nextHop(to.id)?.peer;
    const road = here.roads.find((each) => farSite(each, here).id === next);
    if (!road) return undefined;
    here = farSite(road, here);
  }
  return undefined;
}

function connectedPair(mesh: SimulatedMesh): readonly [Site, Site] | undefined {
  const component = mesh.components();
  for (let tries = 0; tries < 20; tries++) {
    const [from, to] = [anyOf(mesh), anyOf(mesh)];
    if (!from || !to || from === to || component[from.index] === -1) continue;
    if (component[from.index] === component[to.index]) return [from, to];
  }
  return undefined;
}

function anyOf(mesh: SimulatedMesh): Site | undefined {
  return mesh.sites[Math.floor(mesh.random() * mesh.sites.length)];
}
