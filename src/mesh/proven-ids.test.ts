import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { silentLog } from "#core";
import { makeNodeAuthority } from "../../test/kit/node-certificates.ts";
import { MemoryMesh, untilSo } from "../../test/kit/memory-mesh.ts";
import { tempFolder } from "../../test/kit/temp-folder.ts";
import type { OpenBackend } from "./backend/backend.ts";
import { makeBackend, type RoadSettings } from "./backend/road.ts";
import { type TlsProfiles, tlsProfiles } from "./certificate/profiles.ts";
import { encodeRoutingUpdate } from "./packet/routing-update.ts";
import type { LinkTerms } from "./routing/link.ts";

let folder: Awaited<ReturnType<typeof tempFolder>>;
/** Each node's certificate, as server and as client; `nameless` has one without node ids. */
let profiles: TlsProfiles;
beforeAll(async () => {
  folder = await tempFolder();
  const authority = await makeNodeAuthority(folder.path);
  const ids = { own: ["own"], bar: ["bar"], mallory: ["mallory"], nameless: [] };
  const files = await Promise.all(
    Object.entries(ids).map(async ([name, nodeIds]) => [name, await authority.issue(name, nodeIds)] as const),
  );
  const { ca } = authority;
  profiles = tlsProfiles({
    servers: new Map(files.map(([name, pair]) => [name, { ...pair, requireClientCert: true, clientCas: ca }])),
    clients: new Map(files.map(([name, pair]) => [name, { ...pair, rootCas: ca }])),
    log: silentLog,
  });
});
afterAll(() => folder?.[Symbol.asyncDispose]());

const kinds = {
  tcp: (at: string) => ({ kind: "tcp-peer", address: at }) as const,
  ws: (at: string) => ({ kind: "ws-peer", address: `wss://${at}/` }) as const,
  http: (at: string) => ({ kind: "http-peer", url: `https://${at}/` }) as const,
};
type Kind = keyof typeof kinds;

const listenerOf = (kind: Kind, certificate: string): RoadSettings => ({
  ...({ kind: `${kind}-listener`, port: 0, bindAddress: "127.0.0.1" } as const),
  tls: profiles.server(certificate),
});
const peerOf = (kind: Kind, { addresses: [at = ""] }: OpenBackend, certificate: string): RoadSettings => ({
  ...kinds[kind](at.replace("127.0.0.1", "localhost")),
  tls: profiles.client(certificate),
});

/** Somebody who says what a Receptor node of that id would say, over whatever comes up. */
async function playReceptor(id: string, road: RoadSettings): Promise<OpenBackend> {
  const backend = await makeBackend(road, silentLog);
  return await backend.start((session) => {
    session.start({ message: () => {}, drained: () => {} });
    const common = { nodeId: id, updateEpoch: 1n, forwardingNode: id, suspectedDuplicate: 0n, farhand: undefined };
    const update = { ...common, updateId: "abcdefgh", updateSequence: 1n, connections: new Map([["own", 1]]) };
    session.send(encodeRoutingUpdate(update));
  });
}

/** A node that listens, or dials, and says in its log whom it turned away. */
function watchful() {
  const nodes = new MemoryMesh();
  const log: string[] = [];
  const own = nodes.node("own", { log: { ...silentLog, warn: (line) => void log.push(line) } });
  return { own, log, [Symbol.asyncDispose]: () => nodes[Symbol.asyncDispose]() };
}

const strict: LinkTerms = { cost: 1, mustProveId: true };

describe.each(["tcp", "ws", "http"] as const)("a listener over %s that wants its neighbours' ids proven", (kind) => {
  test.each([
    ["mallory", "its certificate is for node mallory and not for bar"],
    ["nameless", "it shows no certificate with a node id, and it says it is bar"],
  ])("does not take the holder of %s's certificate for bar", async (certificate, why) => {
    await using node = watchful();
    const road = await node.own.addBackend(await makeBackend(listenerOf(kind, "own"), silentLog), strict);
    const impostor = await playReceptor("bar", peerOf(kind, road, certificate));
    await untilSo(() => node.log.some((line) => line.includes(why)));
    expect(node.own.status().Connections).toEqual([]);
    await impostor.close();
  });

  test("takes bar, who need not be a Farhand node", async () => {
    await using node = watchful();
    const road = await node.own.addBackend(await makeBackend(listenerOf(kind, "own"), silentLog), strict);
    const bar = await playReceptor("bar", peerOf(kind, road, "bar"));
    await untilSo(() => node.own.hasRoute("bar"));
    expect(node.own.status().Connections).toEqual([{ NodeID: "bar", Cost: 1 }]);
    await bar.close();
  });
});

test("a node that dials does not take the holder of mallory's certificate for bar either", async () => {
  await using node = watchful();
  const impostor = await playReceptor("bar", listenerOf("tcp", "mallory"));
  await node.own.addBackend(await makeBackend(peerOf("tcp", impostor, "own"), silentLog), strict);
  await untilSo(() => node.log.some((line) => line.includes("its certificate is for node mallory and not for bar")));
  expect(node.own.status().Connections).toEqual([]);
  await impostor.close();
});

test("without that mallory gets in as bar: Receptor's certificates need not name a node", async () => {
  await using node = watchful();
  const road = await node.own.addBackend(await makeBackend(listenerOf("tcp", "own"), silentLog), { cost: 1 });
  const impostor = await playReceptor("bar", peerOf("tcp", road, "mallory"));
  await untilSo(() => node.own.hasRoute("bar"));
  expect(node.own.status().Connections).toEqual([{ NodeID: "bar", Cost: 1 }]);
  await impostor.close();
});
