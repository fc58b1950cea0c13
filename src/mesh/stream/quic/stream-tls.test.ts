import { copyFileSync } from "node:fs";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { silentLog, type TlsClientProfile, tlsClientSource, type TlsServerProfile, tlsServerSource } from "#core";
import { type CertificateFiles, fingerprintOf } from "../../../../test/kit/certificates.ts";
import { DatagramNet } from "../../../../test/kit/datagram-net.ts";
import { makeNodeAuthority, type NodeAuthority } from "../../../../test/kit/node-certificates.ts";
import { tempFolder } from "../../../../test/kit/temp-folder.ts";
import type { MeshStream } from "../stream.ts";
import { openQuicStreams } from "./quic-streams.ts";

/** Dials `beta` from `alpha`, and what came of it at both. */
async function meet({ server, client, now }: { server?: TlsServerProfile; client?: TlsClientProfile; now?: number }) {
  const net = new DatagramNet();
  const warnings: string[] = [];
  const open = (nodeId: string) =>
    openQuicStreams({
      nodeId,
      openDatagrams: net.node(nodeId),
      tls: {
        server: (name) => (server && name === "srv" ? tlsServerSource(server) : undefined),
        client: (name) => (client && name === "cli" ? tlsClientSource(client) : undefined),
      },
      log: { ...silentLog, warn: (message) => warnings.push(message) },
      ...(now === undefined ? {} : { clock: { now: () => now } }),
    });
  const [alpha, beta] = [open("alpha"), open("beta")];
  try {
    beta.listen("svc", { tls: server && "srv", accept: (stream) => stream.end("welcome") });
    const stream = await alpha.dial("beta", "svc", { tls: client && "cli" });
    return { said: await firstOf(stream), warnings };
  } catch (error) {
    return { error: error as Error & { code: string }, warnings };
  } finally {
    await Promise.all([alpha.close(), beta.close()]);
  }
}

async function firstOf(stream: MeshStream): Promise<string> {
  const [data] = await once(stream, "data");
  return String(data);
}

let folder: Awaited<ReturnType<typeof tempFolder>>;
let authority: NodeAuthority;
let stranger: NodeAuthority;
let alpha: CertificateFiles;
let beta: CertificateFiles;
let other: CertificateFiles;

beforeAll(async () => {
  folder = await tempFolder();
  authority = await makeNodeAuthority(folder.path);
  stranger = await makeNodeAuthority(folder.path, "stranger");
  alpha = await authority.issue("alpha", ["alpha"], "clientAuth");
  beta = await authority.issue("beta", ["one", "beta"], "serverAuth");
  other = await authority.issue("other", ["gamma"]);
});

afterAll(() => folder[Symbol.asyncDispose]());

const strict = () => ({ ...beta, requireClientCert: true, clientCas: authority.ca });
const trusting = () => ({ rootCas: authority.ca });

describe("a stream without profiles", () => {
  test("is open", async () => {
    expect(await meet({})).toEqual({ said: "welcome", warnings: [] });
  });

  test("is refused by a dialer whose listener has a profile", async () => {
    const { error } = await meet({ server: beta });
    expect(error).toMatchObject({ code: "TLS_REFUSED" });
    expect(error?.message).toContain("CRYPTO_ERROR 0x12a (local): insecure connection to secure service");
  });

  test("is refused by a dialer with a profile", async () => {
    const { error } = await meet({ client: trusting() });
    expect(error?.message).toContain("CRYPTO_ERROR 0x12a (local): x509: certificate signed by unknown authority");
  });
});

describe("a stream with profiles", () => {
  test("is open where the listener's certificate names its node", async () => {
    expect(await meet({ server: beta, client: trusting() })).toEqual({ said: "welcome", warnings: [] });
  });

  test("is open where both certificates name their nodes", async () => {
    const client = { ...alpha, ...trusting() };
    expect(await meet({ server: strict(), client })).toEqual({ said: "welcome", warnings: [] });
  });

  test("is refused by the dialer where the certificate names another node", async () => {
    const { error } = await meet({ server: other, client: trusting() });
    expect(error).toMatchObject({ code: "TLS_REFUSED" });
    expect(error?.message).toContain("x509: certificate is valid for Receptor node ID gamma, not beta");
  });

  test("is refused by the dialer where another authority signed, and where the certificate is for clients", async () => {
    const unknown = await meet({ server: beta, client: { rootCas: stranger.ca } });
    expect(unknown.error?.message).toContain("signed by unknown authority");
    const client = await authority.issue("beta-client", ["beta"], "clientAuth");
    const wrongRole = await meet({ server: client, client: trusting() });
    expect(wrongRole.error?.message).toContain("incompatible key usage");
  });

  test.each([
    ["has expired", 100, /certificate has expired or is not yet valid: current time \S+ is after/],
    ["is not valid yet", -100, /certificate has expired or is not yet valid: current time \S+ is before/],
  ])("is refused by the dialer when the certificate %s by its clock", async (_how, days, why) => {
    const { error } = await meet({ server: beta, client: trusting(), now: Date.now() + days * 24 * 3600 * 1000 });
    expect(error).toMatchObject({ code: "TLS_REFUSED", message: expect.stringMatching(why) });
  });

  test("without a profile is open whatever the clocks say: nothing is proven, so nothing can expire", async () => {
    for (const days of [-4000, 4000])
      expect(await meet({ now: Date.now() + days * 24 * 3600 * 1000 })).toEqual({ said: "welcome", warnings: [] });
  });

  test("is refused by the listener without a client certificate", async () => {
    const { error } = await meet({ server: strict(), client: trusting() });
    expect(error).toMatchObject({ code: "TLS_REFUSED" });
    expect(error?.message).toContain("CRYPTO_ERROR 0x174 (remote): tls: certificate required");
  });

  test("is refused by the listener where the client's authority is unknown, and the listener says so", async () => {
    const client = { ...(await stranger.issue("alpha2", ["alpha"])), ...trusting() };
    const { error, warnings } = await meet({ server: strict(), client });
    expect(error?.message).toContain("CRYPTO_ERROR 0x12a (remote)");
    expect(warnings).toEqual([
      expect.stringMatching(/refused the certificate of a stream from alpha:eph.*unknown auth/),
    ]);
  });

  test("is refused by the listener where the certificate does not name the node the datagrams come from", async () => {
    const { error } = await meet({ server: strict(), client: { ...other, ...trusting() } });
    expect(error?.message).toContain("x509: certificate is valid for Receptor node ID gamma, not alpha");
  });

  test("needs a client certificate too where the listener only names authorities", async () => {
    const server = { ...beta, clientCas: authority.ca };
    expect((await meet({ server, client: trusting() })).error?.message).toContain("certificate required");
    expect(await meet({ server, client: { ...alpha, ...trusting() } })).toMatchObject({ said: "welcome" });
  });

  test("is open to anything where the dialer skips verification, but for pinned fingerprints", async () => {
    const server = await stranger.issue("nobody", ["nobody"]);
    expect(await meet({ server, client: { insecureSkipVerify: true } })).toMatchObject({ said: "welcome" });
    const pinned = { insecureSkipVerify: true, pinnedServerCert: [fingerprintOf(beta.cert)] };
    expect((await meet({ server, client: pinned })).error?.message).toContain("not one of those pinned");
  });

  test("is open where the pinned fingerprint matches besides the chain", async () => {
    const client = { ...trusting(), pinnedServerCert: [fingerprintOf(beta.cert)] };
    expect(await meet({ server: beta, client })).toMatchObject({ said: "welcome" });
    const other = { ...trusting(), pinnedServerCert: ["ab".repeat(32)] };
    expect((await meet({ server: beta, client: other })).error?.message).toContain("not one of those pinned");
  });

  test("shows a renewed certificate without a restart", async () => {
    const files = { cert: folder.file("moving.crt"), key: folder.file("moving.key") };
    const put = (from: CertificateFiles) => {
      copyFileSync(from.cert, files.cert);
      copyFileSync(from.key, files.key);
    };
    put(other);
    const net = new DatagramNet();
    let elapsed = 0;
    const server = tlsServerSource(files, silentLog, {
      now: () => Date.now(),
      elapsed: () => (elapsed += 10_000),
      sleep: async () => {},
    });
    const tls = { server: () => server, client: () => tlsClientSource(trusting()) };
    const near = openQuicStreams({ nodeId: "alpha", openDatagrams: net.node("alpha"), tls, log: silentLog });
    const far = openQuicStreams({ nodeId: "beta", openDatagrams: net.node("beta"), tls, log: silentLog });
    far.listen("svc", { tls: "srv", accept: (stream) => stream.end("welcome") });
    await expect(near.dial("beta", "svc", { tls: "cli" })).rejects.toMatchObject({ code: "TLS_REFUSED" });
    put(beta);
    expect(await firstOf(await near.dial("beta", "svc", { tls: "cli" }))).toBe("welcome");
    await Promise.all([near.close(), far.close()]);
  });
});

test("profiles that nobody configured are named", async () => {
  const tls = { server: () => undefined, client: () => undefined };
  const openDatagrams = new DatagramNet().node("alpha");
  const streams = openQuicStreams({ nodeId: "alpha", openDatagrams, tls, log: silentLog });
  const unknown = { code: "TLS_PROFILE_UNKNOWN", message: "unknown TLS config x" };
  await expect(streams.dial("beta", "svc", { tls: "x" })).rejects.toMatchObject(unknown);
  expect(() => streams.listen("svc", { tls: "x", accept: () => {} })).toThrow(expect.objectContaining(unknown));
  await streams.close();
});

test("profiles whose files cannot be read are refused when a service begins to listen", async () => {
  const source = tlsServerSource({ cert: "/nowhere/c.pem", key: "/nowhere/k.pem" });
  const tls = { server: () => source, client: () => undefined };
  const openDatagrams = new DatagramNet().node("alpha");
  const streams = openQuicStreams({ nodeId: "alpha", openDatagrams, tls, log: silentLog });
  expect(() => streams.listen("svc", { tls: "x", accept: () => {} })).toThrow(
    expect.objectContaining({ code: "TLS_FILE_UNREADABLE" }),
  );
  await streams.close();
});
