import { copyFileSync } from "node:fs";
import { connect } from "node:net";
import { describe, expect, test, vi } from "vitest";
import { fingerprintOf, makeCertificates, type TestCertificates } from "../../test/kit/certificates.ts";
import { command, openTestService, rawClient, type TestService } from "../../test/kit/control-service.ts";
import { tempFolder } from "../../test/kit/temp-folder.ts";
import type { TlsClientProfile, TlsServerProfile } from "#core";
import { connectControl } from "./client.ts";

const echo = command("echo", async (request) => request);

function open(tls: Partial<TlsServerProfile>) {
  return openTestService("tls", { commands: [echo], tls });
}

function certificatesOf({ certificates }: TestService): TestCertificates {
  if (!certificates) throw new Error("a TLS service has certificates");
  return certificates;
}

/** What a client with this profile gets: the node id, or the code of its error. */
async function outcome(service: TestService, tls: TlsClientProfile, host = "127.0.0.1"): Promise<string> {
  if (service.address.kind !== "tls") throw new Error("a TLS service has a TLS address");
  const address = { ...service.address, host, tls: { rootCas: certificatesOf(service).ca, ...tls } };
  try {
    const client = await connectControl(address);
    client.close();
    return client.nodeId;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe("a TLS control service", () => {
  test("is trusted by its CA and its name", async () => {
    await using service = await open({});
    expect(await outcome(service, {})).toBe("alpha");
    expect(await outcome(service, {}, "localhost")).toBe("alpha");
    expect(await outcome(service, { minTls13: true })).toBe("alpha");
    expect(await outcome(service, { rootCas: undefined })).toBe("TLS_UNTRUSTED");
    expect(await outcome(service, { rootCas: undefined, insecureSkipVerify: true })).toBe("alpha");
    expect(await outcome(service, {}, "127.0.0.2")).toBe("CONNECTION_REFUSED");
  });

  test("is not trusted under a name its certificate does not have", async () => {
    await using folder = await tempFolder();
    const { ca, client } = await makeCertificates(folder.path);
    // A certificate without names, and for clients only.
    await using service = await open(client);
    const under = (tls: TlsClientProfile) => outcome(service, { rootCas: ca, ...tls });
    expect(["TLS_NAME_MISMATCH", "TLS_UNTRUSTED"]).toContain(await under({}));
    expect(await under({ insecureSkipVerify: true })).toBe("alpha");
  });

  test("with requireClientCert turns away clients without a certificate or with a strange one", async () => {
    await using folder = await tempFolder();
    const strange = await makeCertificates(folder.path);
    await using service = await open({ requireClientCert: true });
    const { client, server } = certificatesOf(service);
    expect(await outcome(service, client)).toBe("alpha");
    expect(await outcome(service, {})).toBe("TLS_REFUSED");
    expect(await outcome(service, strange.client)).toBe("TLS_REFUSED");
    // A server's certificate does not list the client's role.
    expect(await outcome(service, server)).toBe("TLS_REFUSED");
    expect(service.logged.length).toBeGreaterThanOrEqual(3);
  });

  test("with clientCas alone verifies a certificate that is shown and takes clients without one", async () => {
    await using folder = await tempFolder();
    const strange = await makeCertificates(folder.path);
    await using service = await open({});
    expect(await outcome(service, certificatesOf(service).client)).toBe("alpha");
    expect(await outcome(service, strange.client)).toBe("TLS_REFUSED");
  });

  test("with pinned fingerprints takes those clients only", async () => {
    await using folder = await tempFolder();
    const pinned = await makeCertificates(folder.path);
    const pin = fingerprintOf(pinned.client.cert);
    await using service = await open({ clientCas: pinned.ca, pinnedClientCert: ["00".repeat(64), pin] });
    expect(await outcome(service, pinned.client)).toBe("alpha");
    expect(await outcome(service, {})).toBe("TLS_REFUSED");
    await using other = await open({ clientCas: pinned.ca, pinnedClientCert: ["00".repeat(32)] });
    expect(await outcome(other, pinned.client)).toBe("TLS_REFUSED");
  });

  test("is pinned by its fingerprint, besides the chain", async () => {
    await using service = await open({});
    const pin = fingerprintOf(certificatesOf(service).server.cert).toLowerCase().replaceAll(":", "");
    expect(await outcome(service, { pinnedServerCert: [pin] })).toBe("alpha");
    expect(await outcome(service, { pinnedServerCert: ["00".repeat(32)] })).toBe("TLS_UNTRUSTED");
    expect(await outcome(service, { pinnedServerCert: [pin], rootCas: undefined })).toBe("TLS_UNTRUSTED");
  });

  test("answers a client that does not speak TLS with the end, and others go on", async () => {
    await using service = await open({});
    if (service.address.kind !== "tls") throw new Error("a TLS service has a TLS address");
    const plain = connect(service.address.port, "127.0.0.1")
      .on("error", () => {})
      .resume();
    plain.write("status\n");
    await new Promise((resolve) => plain.once("close", resolve));
    using client = rawClient(service);
    expect(await client.line()).toBe("Receptor Control, node alpha");
  });

  test("takes up a renewed certificate without a restart", async () => {
    await using folder = await tempFolder();
    const first = await makeCertificates(folder.path);
    const files = { cert: folder.file("c"), key: folder.file("k") };
    const put = ({ cert, key }: { cert: string; key: string }): void => {
      copyFileSync(cert, files.cert);
      copyFileSync(key, files.key);
    };
    put(first.server);
    await using service = await open(files);
    expect(await outcome(service, { rootCas: first.ca })).toBe("alpha");
    await using other = await tempFolder();
    const renewed = await makeCertificates(other.path);
    put(renewed.server);
    await vi.waitFor(async () => expect(await outcome(service, { rootCas: renewed.ca })).toBe("alpha"), 20_000);
    expect(await outcome(service, { rootCas: first.ca })).toBe("TLS_UNTRUSTED");
  });

  test("is missed by a TLS client at a plain port", async () => {
    await using service = await openTestService("tcp");
    if (service.address.kind !== "tcp") throw new Error("a TCP service has a TCP address");
    const address = { ...service.address, kind: "tls", tls: {} } as const;
    await expect(connectControl(address)).rejects.toMatchObject({
      code: "TLS_FAILED",
      message: /speak TLS at this port/,
    });
  });
});
