import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Log, type TlsClientProfile, type TlsServerProfile, tlsClientSource, tlsServerSource } from "#core";
import { eventually } from "../../../test/kit/backend/conformance.ts";
import { makeCertificates, type TestCertificates } from "../../../test/kit/certificates.ts";
import { type TempFolder, tempFolder } from "../../../test/kit/temp-folder.ts";
import type { OpenBackend } from "./backend.ts";
import { makeBackend, type RoadSettings } from "./road.ts";
import { tlsWordIn } from "./tls-mismatch.ts";

let folder: TempFolder;
let strange: TempFolder;
let ours: TestCertificates;
let theirs: TestCertificates;
beforeAll(async () => {
  folder = await tempFolder();
  strange = await tempFolder();
  ours = await makeCertificates(folder.path);
  theirs = await makeCertificates(strange.path);
});
afterAll(async () => {
  await folder[Symbol.asyncDispose]();
  await strange[Symbol.asyncDispose]();
});

async function firstBytes(socket: Socket): Promise<Buffer> {
  return await new Promise((resolve) => socket.once("data", resolve));
}

describe("tlsWordIn()", () => {
  test("knows a client's greeting", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    const came = new Promise<Socket>((resolve) => server.once("connection", resolve));
    await new Promise((resolve) => server.once("listening", resolve));
    const client = connectTls({ port: (server.address() as AddressInfo).port, host: "127.0.0.1" }).on(
      "error",
      () => {},
    );
    const socket = await came;
    expect(tlsWordIn(await firstBytes(socket))).toBe("greeting");
    for (const one of [client, socket]) one.destroy();
    server.close();
  });

  test("knows a server's complaint", async () => {
    const server = createTlsServer({}).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const client = connect((server.address() as AddressInfo).port, "127.0.0.1", () =>
      client.write('\x10\x03\x01{"NodeID"'),
    );
    expect(tlsWordIn(await firstBytes(client))).toBe("complaint");
    client.destroy();
    server.close();
  });

  test("takes no first message of a road for TLS", () => {
    const message = fc
      .integer({ min: 0, max: 65_535 })
      .chain((length) =>
        fc
          .uint8Array({ maxLength: 20 })
          .map((rest) => Buffer.from([length & 255, length >> 8, 1, 0x7b, 0x22, ...rest])),
      );
    fc.assert(fc.property(message, (first) => tlsWordIn(first) === undefined));
    expect(tlsWordIn(Buffer.from([22, 3, 1]))).toBeUndefined();
    expect(tlsWordIn(Buffer.alloc(0))).toBeUndefined();
  });
});

/** What both ends of a road say in their logs while the dialer comes to nothing, twice. */
async function saidOn(
  kind: "tcp" | "ws" | "http",
  server: TlsServerProfile | undefined,
  client: TlsClientProfile | undefined,
) {
  const opened: OpenBackend[] = [];
  const logTo = (said: string[]): Log => {
    const hear = (text: string): void => void said.push(text);
    return { debug: hear, info: hear, warn: hear, error: hear };
  };
  const [near, far]: [string[], string[]] = [[], []];
  const accept: Parameters<Awaited<ReturnType<typeof makeBackend>>["start"]>[0] = (session) => {
    session.start({ message: () => {}, drained: () => {} });
    session.send(Buffer.from("\x01{ every node speaks first }"));
    void session.closed.then((why) => far.push(why?.message ?? "closed"));
  };
  const listening = await (
    await makeBackend(
      {
        kind: `${kind}-listener`,
        port: 0,
        bindAddress: "127.0.0.1",
        tls: server && tlsServerSource(server),
      },
      logTo(far),
    )
  ).start(accept);
  opened.push(listening);
  const port = listening.addresses[0]?.split(":").at(-1) ?? "";
  const scheme = `${kind}${client ? "s" : ""}`;
  const address = kind === "ws" ? `${scheme}://localhost:${port}/` : `localhost:${port}`;
  const tls = client && tlsClientSource(client);
  const peer = { kind: `${kind}-peer`, address, url: `${scheme}://localhost:${port}/`, tls } as RoadSettings;
  const dialling = await (await makeBackend(peer, logTo(near))).start(accept);
  opened.push(dialling);
  await eventually(() => dialling.problem !== undefined && near.length > 1, "two dials");
  for (const open of opened.reverse()) await open.close();
  return { near: near.join("\n"), far: far.join("\n"), problem: dialling.problem };
}

describe.each(["tcp", "ws", "http"] as const)("%s", (kind) => {
  test("a plain dialer learns that the listener wants TLS", async () => {
    const { near, far, problem } = await saidOn(kind, ours.server, undefined);
    expect(problem).toMatch(/wants TLS: give both|does it want TLS/);
    expect(near).toContain(problem);
    expect(far).toMatch(/refused a TLS client: it (does not speak TLS|speaks plain HTTP)/);
  });

  test("a listener without TLS learns that its dialer speaks it, and the dialer that the listener does not", async () => {
    const { near, far, problem } = await saidOn(kind, undefined, { rootCas: ours.ca });
    expect(problem).toContain("the far end does not speak TLS there: give both sides a tls profile, or neither");
    expect(near).toContain(problem);
    expect(far).toContain("the far end speaks TLS, and this listener does not: give both sides a tls profile");
  });

  test("a dialer that trusts another authority is told so", async () => {
    const { problem } = await saidOn(kind, ours.server, { rootCas: theirs.ca });
    expect(problem).toContain("certificate signed by unknown authority: name the CA of the far end's certificate");
  });

  test("a dialer whose own certificate is of another authority is told so, and the listener which", async () => {
    const server = { ...ours.server, requireClientCert: true, clientCas: ours.ca };
    const { problem, far } = await saidOn(kind, server, { rootCas: ours.ca, ...theirs.client });
    expect(problem).toMatch(/hung up .*does it accept our certificate\? Its log says why/);
    expect(far).toContain("its certificate is signed by an authority that is not among our clientcas");
  });

  test("a dialer without the certificate that is asked for is told so", async () => {
    const server = { ...ours.server, requireClientCert: true, clientCas: ours.ca };
    const { problem } = await saidOn(kind, server, { rootCas: ours.ca });
    expect(problem).toContain("the far end turned us away: does it require a client certificate?");
  });

  test("a dialer of another name is told by which names", async () => {
    const { problem } = await saidOn(kind, ours.client, { rootCas: ours.ca });
    expect(problem).toMatch(/certificate is for other names: dial it by one of them|is not one for servers/);
  });
});
