import { expect } from "vitest";
import { fuzz, refusedOr } from "../../../../test/kit/fuzz.ts";
import { readDatagramHeader, versionNegotiation } from "./datagram-header.ts";
import type { QuicConnection } from "./engine.ts";
import { InsecureProfile } from "./insecure-profile.ts";
import { loadQuicheEngine } from "./quiche-engine.ts";

/** Engine, certificate and the first datagrams of honest connections, which are made once. */
async function quic() {
  const engine = await loadQuicheEngine();
  const transport = {
    ...{ alpn: "netceptor", idleMs: 30_000, maxDatagramBytes: 1452, peerStreams: 1 },
    ...{ streamWindowBytes: 1000, maxStreamWindowBytes: 1000 },
    ...{ connectionWindowBytes: 1000, maxConnectionWindowBytes: 1000 },
  };
  const insecure = new InsecureProfile(transport, { now: () => Date.now() });
  await insecure.ready();
  const profile = insecure.current();
  if (!profile) throw new Error("there is no certificate");
  const accept = () => engine.accept(profile, Buffer.alloc(20, 1), Buffer.alloc(16, 2));
  const connect = () => engine.connect({ tls: {}, transport }, Buffer.alloc(20, 3));
  return { engine, accept, connect };
}

function datagramsOf(connection: QuicConnection): Buffer[] {
  const datagrams: Buffer[] = [];
  for (const into = Buffer.alloc(1452); ; ) {
    const length = connection.send(into);
    if (length === 0) return datagrams;
    datagrams.push(Buffer.from(into.subarray(0, length)));
  }
}

/** A client and a server in the middle of their handshake, or behind it. */
function halfWay({ accept, connect }: Awaited<ReturnType<typeof quic>>, turns: number) {
  const ends = [connect(), accept()] as const;
  for (let turn = 0; turn < turns; turn++)
    for (const [from, to] of [ends, [ends[1], ends[0]] as const])
      for (const datagram of datagramsOf(from)) to.receive(datagram);
  return ends;
}

const engine = await quic();
const [client, server] = halfWay(engine, 0);
const first = datagramsOf(client);
for (const datagram of first) server.receive(Buffer.from(datagram));
const samples = [...first, ...datagramsOf(server), ...halfWay(engine, 3).flatMap(datagramsOf)];

fuzz(
  "no datagram harms a QUIC connection's node",
  { samples },
  {
    header: (bytes) => {
      const header = readDatagramHeader(bytes);
      if (header?.kind === "long") expect(readDatagramHeader(versionNegotiation(header, [1]))).toBeDefined();
    },
    connection: (bytes, random) => {
      for (const end of halfWay(engine, random(4))) {
        end.receive(Buffer.from(bytes));
        // What an attacker may do is end the connection; the answers to it do not grow beyond what came.
        expect(datagramsOf(end).length).toBeLessThan(20);
        if (end.ending) expect(end.ending.kind).toMatch(/^(closed|idle|forgotten)$/);
        end.onTimeout();
        if (end.isEstablished)
          refusedOr(
            () => end.streamReadable(0),
            () => true,
          );
      }
    },
  },
);
