import { execFile } from "node:child_process";
import { appendFile, cp, readFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  type Log,
  silentLog,
  type TlsClientProfile,
  type TlsServerProfile,
  tlsClientSource,
  tlsServerSource,
} from "#core";
import {
  type CertificateFiles,
  fingerprintOf,
  makeCertificates,
  type TestCertificates,
} from "../../../test/kit/certificates.ts";
import { type TempFolder, tempFolder } from "../../../test/kit/temp-folder.ts";
import type { Backend, OpenBackend, Session } from "./backend.ts";
import { describeBackend, eventually } from "../../../test/kit/backend/conformance.ts";
import { unusedPort } from "../../../test/kit/backend/conformance-port.ts";
import type { RedialOptions } from "./redial.ts";
import { tcpListener } from "./tcp/listener.ts";
import { tcpPeer } from "./tcp/peer.ts";
import { webSocketListener } from "./websocket/listener.ts";
import { webSocketPeer } from "./websocket/peer.ts";

const times = { firstMs: [10, 20], baseMs: 50, maxMs: 100 } as const;

let folder: TempFolder;
let certificates: TestCertificates;
/** Signed by the same CA, for both roles, with node ids in it. */
let node: CertificateFiles;

beforeAll(async () => {
  folder = await tempFolder();
  certificates = await makeCertificates(folder.path);
  node = await nodeCertificate(["node1", "node one"]);
});
afterAll(async () => await folder[Symbol.asyncDispose]());

const opened: OpenBackend[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const backend of opened.splice(0).reverse()) await backend.close();
});

async function nodeCertificate(nodeIds: readonly string[]): Promise<CertificateFiles> {
  const files = { cert: folder.file("node.crt"), key: folder.file("node.key") };
  const names = nodeIds.map((id) => `otherName:1.3.6.1.4.1.2312.19.1;UTF8:${id}`);
  await promisify(execFile)("openssl", [
    ...["req", "-x509", "-config", folder.file("openssl.cnf"), "-subj", "/CN=node", "-days", "2", "-nodes"],
    ...["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", files.cert, "-keyout", files.key],
    ...["-CA", certificates.ca, "-CAkey", folder.file("ca.key")],
    ...["-addext", `subjectAltName=DNS:localhost,IP:127.0.0.1,${names.join(",")}`],
  ]);
  // With its issuer's behind it: the node ids must be those of the first.
  await appendFile(files.cert, await readFile(certificates.ca));
  return files;
}

interface Kind {
  readonly name: string;
  listener(port: number, tls: TlsServerProfile | undefined, limits?: object, log?: Log): Backend;
  peer(port: number, tls: TlsClientProfile | undefined, options?: RedialOptions): Backend;
}

const kinds: Kind[] = [
  {
    name: "tcp",
    listener: (port, tls, limits, log) =>
      tcpListener({ port, bindAddress: "127.0.0.1", tls: tls && tlsServerSource(tls), ...limits }, log),
    peer: (port, tls, options) =>
      tcpPeer({ address: `localhost:${port}`, tls: tls && tlsClientSource(tls) }, { times, ...options }),
  },
  {
    name: "websocket",
    listener: (port, tls, limits, log) =>
      webSocketListener({ port, bindAddress: "127.0.0.1", tls: tls && tlsServerSource(tls), ...limits }, log),
    peer: (port, tls, options) =>
      webSocketPeer({ address: `wss://localhost:${port}/`, tls: tls && tlsClientSource(tls) }, { times, ...options }),
  },
];

for (const kind of kinds) {
  describeBackend(
    `${kind.name} with TLS`,
    async () => {
      const port = await unusedPort();
      const { ca, server, client } = certificates;
      const listener = kind.listener(port, { ...server, clientCas: ca, requireClientCert: true });
      return { listener, dialer: kind.peer(port, { rootCas: ca, ...client }), close: () => {} };
    },
    { reliable: true, maxMessageBytes: 65_535 },
  );

  describe(`${kind.name} with TLS`, () => {
    async function listen(tls: TlsServerProfile | undefined, limits?: object) {
      const sessions: Session[] = [];
      const said: string[] = [];
      const log: Log = { ...silentLog, warn: (text) => void said.push(text) };
      const open = await kind.listener(0, tls, limits, log).start((session) => {
        sessions.push(session);
        session.start({ message: () => {}, drained: () => {} });
        session.send(Buffer.from("every node speaks first"));
      });
      opened.push(open);
      return { port: Number(open.addresses[0]?.split(":").at(-1)), sessions, said };
    }

    /** What the first dial with this profile comes to: a session, or what the log says. */
    async function outcome(port: number, tls: TlsClientProfile | undefined): Promise<Session | string> {
      const found: (Session | string)[] = [];
      const log: Log = { ...silentLog, warn: (text) => void found.push(text) };
      const take = (session: Session): void => {
        session.start({ message: () => {}, drained: () => {} });
        // A listener that turns us away in TLS 1.3 does so after our side of the handshake is over.
        void session.closed.then((why) => found.push(`lost: ${why?.message}`));
        setTimeout(() => found.push(session), 500);
      };
      const open = await kind.peer(port, tls, { log, redial: false }).start(take);
      opened.push(open);
      return await eventually(() => found[0], "a session or a failure");
    }

    test("gives the node ids in the certificate the other side proved", async () => {
      const { ca } = certificates;
      const { port, sessions } = await listen({ ...node, clientCas: ca });
      const near = await outcome(port, { rootCas: ca, ...node });
      expect(near).toMatchObject({ provenNodeIds: ["node1", "node one"] });
      expect(sessions).toMatchObject([{ provenNodeIds: ["node1", "node one"] }]);
    });

    test("a certificate nobody verified proves nothing", async () => {
      const { port, sessions } = await listen(node);
      const near = await outcome(port, { ...node, insecureSkipVerify: true });
      expect(near).toMatchObject({ provenNodeIds: undefined });
      expect(sessions).toMatchObject([{ provenNodeIds: undefined }]);
    });

    test("refuses clients without the certificate asked for, or of another CA (spec §8.2, 20)", async () => {
      await using strange = await tempFolder();
      const { client: stranger } = await makeCertificates(strange.path);
      const { ca, server, client } = certificates;
      const { port, sessions, said } = await listen({ ...server, clientCas: ca, requireClientCert: true });
      expect(await outcome(port, { rootCas: ca })).toEqual(expect.any(String));
      expect(await outcome(port, { rootCas: ca, ...stranger })).toEqual(expect.any(String));
      expect(sessions).toEqual([]);
      expect(said[0]).toContain("refused a TLS client");
      expect(await outcome(port, { rootCas: ca, ...client })).not.toEqual(expect.any(String));
    });

    test("refuses a server of an unknown CA, of another name, and of another fingerprint (spec §8.2, 21)", async () => {
      await using strange = await tempFolder();
      const { ca: otherCa } = await makeCertificates(strange.path);
      const { ca, server, client } = certificates;
      const { port, sessions } = await listen(server);
      expect(await outcome(port, { rootCas: otherCa })).toContain("certificate signed by unknown authority");
      if (kind.name === "websocket") expect(await outcome(port, undefined)).toContain("unknown authority");
      const pinned = { rootCas: ca, pinnedServerCert: [fingerprintOf(client.cert)] };
      expect(await outcome(port, pinned)).toContain("is not one of those pinned");
      expect(await outcome(port, { ...pinned, insecureSkipVerify: true })).toContain("is not one of those pinned");
      const right = { rootCas: ca, pinnedServerCert: [fingerprintOf(server.cert)] };
      expect(await outcome(port, right)).not.toEqual(expect.any(String));
      expect(sessions.length).toBeGreaterThan(0);
      const unnamed = await listen(client);
      expect(await outcome(unnamed.port, { rootCas: ca })).toMatch(/for other names|not one for servers/);
    });

    test("a client with TLS finds a listener without one out (spec §8.2, 21)", async () => {
      const { port } = await listen(undefined);
      expect(await outcome(port, { rootCas: certificates.ca })).toContain("the far end does not speak TLS there");
    });

    test("a renewed certificate is shown without a restart", async () => {
      const files = { cert: folder.file("renewed.crt"), key: folder.file("renewed.key") };
      const show = async (from: CertificateFiles): Promise<void> => {
        await cp(from.key, files.key);
        await cp(from.cert, files.cert);
      };
      await show(certificates.server);
      const { port } = await listen(files);
      const before = await outcome(port, { rootCas: certificates.ca });
      expect(before).toMatchObject({ provenNodeIds: [] });
      await show(node);
      // Files are looked at once a second at most.
      await new Promise((resolve) => setTimeout(resolve, 1100));
      const after = await outcome(port, { rootCas: certificates.ca });
      expect(after).toMatchObject({ provenNodeIds: ["node1", "node one"] });
    });

    async function stranger(port: number): Promise<Socket> {
      const socket = connect(port, "127.0.0.1").on("error", () => {});
      sockets.push(socket);
      await new Promise((resolve) => socket.once("connect", resolve));
      return socket;
    }

    test("garbage and silence instead of TLS harm nobody else", async () => {
      const { port, said } = await listen(certificates.server);
      for (let count = 0; count < 100; count++) {
        const socket = await stranger(port);
        if (count % 2 === 0) socket.write("this is no TLS at all, and will never become any\r\n\r\n");
      }
      expect(await outcome(port, { rootCas: certificates.ca })).not.toEqual(expect.any(String));
      await eventually(() => said.length > 0, "a warning");
      // At most one a second, however many come.
      expect(said.length).toBeLessThan(50);
    });

    test("handshakes over the limit cost the oldest its place; a slow one is given up", async () => {
      const { port } = await listen(certificates.server, { maxHandshakes: 3, handshakeMs: 1500 });
      const closed: number[] = [];
      for (let count = 0; count < 5; count++) {
        const socket = await stranger(port);
        socket.once("close", () => closed.push(count)).resume();
      }
      await eventually(() => closed.length === 2, "the two oldest to go");
      expect(closed.toSorted((a, b) => a - b)).toEqual([0, 1]);
      expect(await outcome(port, { rootCas: certificates.ca })).not.toEqual(expect.any(String));
      await eventually(() => closed.length === 5, "the slow ones to go");
    });
  });
}
