import { X509Certificate } from "node:crypto";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { connect } from "node:tls";
import { beforeAll, describe, expect, test } from "vitest";
import { decodeEnrolmentToken, encodeEnrolmentToken } from "#fleet";
import { type Clock, systemClock, tlsServerSource } from "#core";
import { freshBuild, programs } from "../../kit/daemon.ts";
import { endMarkedProcesses, processMark } from "../../kit/marked-processes.ts";
import { startProcess } from "../../kit/processes.ts";
import { fingerprintOf, makeCertificates, type TestCertificates } from "../../kit/certificates.ts";
import { join, portServer, startJoined } from "../../kit/port-server.ts";
import { type TempFolder, tempFolder } from "../../kit/temp-folder.ts";
import { eventually } from "../../kit/api.ts";
import { builtHelpers } from "../../kit/units.ts";

beforeAll(builtHelpers);

const failed = (why: RegExp): unknown =>
  expect.objectContaining({ code: "ENROLMENT_FAILED", message: expect.stringMatching(why) as string });

/** Certificates of an operator, in a folder below. */
async function certificatesIn(folder: TempFolder, name: string): Promise<TestCertificates> {
  mkdirSync(folder.file(name));
  return await makeCertificates(folder.file(name));
}

function withPin(token: string, pin: string | undefined): string {
  const { id, secret } = decodeEnrolmentToken(token);
  return encodeEnrolmentToken({ id, secret, ...(pin !== undefined && { pin }) });
}

const hexOf = (certificate: string): string => fingerprintOf(certificate).replaceAll(":", "").toLowerCase();

describe("a server with a certificate of its own authority (CAT-36)", () => {
  test("is taken by the pin of its token, refused without a pin, and refused by a wrong one", async () => {
    await using folder = await tempFolder();
    await using server = await portServer(folder);
    const serverUrl = server.url;
    const token = await server.token();
    await expect(join({ folder, serverUrl, token: withPin(token, undefined) })).rejects.toEqual(
      failed(/no authority that is trusted here vouches for its certificate/),
    );
    await expect(join({ folder, serverUrl, token: withPin(token, "ab".repeat(32)) })).rejects.toEqual(
      failed(/is not the server that is meant/),
    );
    // Nothing was shown meanwhile: the token is good still.
    await join({ folder, serverUrl, token });
    await using _worker = await startJoined(folder);
    await server.untilHere("shed");
    expect(await server.run("shed", "echo $((6 * 7))")).toBe("42\n");
  });

  test("renews its certificate and those of its workers while all of them run", async () => {
    let aheadMs = 0;
    const clock: Clock = {
      ...systemClock,
      now: () => Date.now() + aheadMs,
      // What is looked at each hour is looked at ten times a second.
      sleep: (ms, signal) => systemClock.sleep(ms >= 3_600_000 ? 100 : ms, signal),
    };
    await using folder = await tempFolder();
    await using server = await portServer(folder, { clock });
    await join({ folder, serverUrl: server.url, token: await server.token() });
    await using _worker = await startJoined(folder);
    await server.untilHere("shed");
    const before = await shown(server.url);
    const { registry, mesh } = server.running.core;
    const { epoch } = await registry.find("shed");
    const ofWorker = (): number => Date.parse(new X509Certificate(readFileSync(workerCertificate(folder))).validTo);
    const workersEnd = ofWorker();

    aheadMs = 330 * 24 * 3_600_000;
    await eventually(() => shown(server.url)).not.toBe(before);
    // With its next heartbeat the worker hears that it is to register again.
    await expect.poll(ofWorker, { timeout: 60_000 }).toBeGreaterThan(workersEnd + 300 * 24 * 3_600_000);
    await server.untilHere("shed");
    expect((await registry.find("shed")).epoch).toBe(epoch + 1);
    expect(await server.run("shed", "echo same link")).toBe("same link\n");
    mesh.rejectNeighbour("shed", "cut");
    await server.untilHere("shed");
    expect(await server.run("shed", "echo new link")).toBe("new link\n");
  });

  test("another server gets no request from whoever has the pin of the first", async () => {
    await using folder = await tempFolder();
    await using server = await portServer(folder);
    const { server: other } = await certificatesIn(folder, "other");
    let asked = 0;
    const impostor = createServer({ cert: readFileSync(other.cert), key: readFileSync(other.key) }, () => void asked++);
    await new Promise<void>((resolve) => impostor.listen(0, "127.0.0.1", resolve));
    const serverUrl = `https://127.0.0.1:${(impostor.address() as AddressInfo).port}`;
    await expect(join({ folder, serverUrl, token: await server.token() })).rejects.toEqual(failed(/not the server/));
    expect(asked).toBe(0);
    impostor.closeAllConnections();
    await new Promise((resolve) => impostor.close(resolve));
  });
});

describe("a server with a certificate of its operator", () => {
  test("is joined by the authority that a person names, and the road trusts the same", async () => {
    await using folder = await tempFolder();
    const { ca, server: files } = await certificatesIn(folder, "operator");
    await using server = await portServer(folder, { tls: tlsServerSource(files) });
    const token = await server.token();
    // Its authority is not shown, so there is nothing to pin.
    expect(decodeEnrolmentToken(token)).not.toHaveProperty("pin");
    await expect(join({ folder, serverUrl: server.url, token })).rejects.toEqual(
      failed(/no authority that is trusted/),
    );
    await join({ folder, serverUrl: server.url, token, ca: readFileSync(ca, "utf8") });
    await using _worker = await startJoined(folder);
    await server.untilHere("shed");
    expect(await server.run("shed", "echo through")).toBe("through\n");
  });

  test("is joined by the pin of its token, where it shows its authority behind its certificate", async () => {
    await using folder = await tempFolder();
    const { ca, server: files } = await certificatesIn(folder, "operator");
    const chain = folder.file("chain.crt");
    writeFileSync(chain, readFileSync(files.cert, "utf8") + readFileSync(ca, "utf8"));
    await using server = await portServer(folder, { tls: tlsServerSource({ ...files, cert: chain }) });
    const token = await server.token();
    expect(decodeEnrolmentToken(token).pin).toBe(hexOf(ca));
    await expect(join({ folder, serverUrl: server.url, token: withPin(token, "cd".repeat(32)) })).rejects.toEqual(
      failed(/not the server/),
    );
    await join({ folder, serverUrl: server.url, token });
    await using _worker = await startJoined(folder);
    await server.untilHere("shed");
  });

  test("is joined by the authorities of the system, which the road trusts too", async () => {
    await freshBuild();
    await using folder = await tempFolder();
    const { ca, server: files } = await certificatesIn(folder, "operator");
    await using server = await portServer(folder, { tls: tlsServerSource(files) });
    writeFileSync(folder.file("token"), await server.token(), { mode: 0o600 });
    const env = {
      ...{ XDG_CONFIG_HOME: folder.file("config"), XDG_STATE_HOME: folder.file("state"), XDG_RUNTIME_DIR: undefined },
      // What an administrator adds to the authorities of a machine, as far as Node knows it.
      ...{ NODE_EXTRA_CA_CERTS: ca, ...processMark(folder.path) },
    };
    const words = ["worker", "join", server.url, "--session", "--token-file", folder.file("token"), "--name", "shed"];
    await using _worker = await startProcess(process.execPath, [programs.farhand, ...words], { env });
    await server.untilHere("shed");
    expect(await server.run("shed", "echo trusted")).toBe("trusted\n");
    endMarkedProcesses(folder.path);
  });

  test("shows a renewed one without a restart; a pair that does not fit leaves the old one, with a warning", async () => {
    await using folder = await tempFolder();
    const first = await certificatesIn(folder, "first");
    const second = await certificatesIn(folder, "second");
    const files = { cert: folder.file("port.crt"), key: folder.file("port.key") };
    const put = ({ cert, key }: TestCertificates["server"]): void => {
      copyFileSync(key, files.key);
      copyFileSync(cert, files.cert);
    };
    put(first.server);
    const warnings: string[] = [];
    const tls = tlsServerSource(files, { warn: (message) => void warnings.push(message) });
    await using server = await portServer(folder, { tls });
    const trusted = [first.ca, second.ca].map((path) => readFileSync(path, "utf8")).join("");
    await join({ folder, serverUrl: server.url, token: await server.token(), ca: trusted });
    await using _worker = await startJoined(folder);
    await server.untilHere("shed");

    put({ cert: second.server.cert, key: first.server.key });
    await eventually(async () => (await shown(server.url), warnings)).toEqual([
      expect.stringMatching(/^changed TLS files cannot be used, the old ones stay/),
    ]);
    expect(await shown(server.url)).toBe(fingerprintOf(first.server.cert));
    put(second.server);
    await eventually(() => shown(server.url)).toBe(fingerprintOf(second.server.cert));
    // The worker stayed, and comes again by the new one.
    server.running.core.mesh.rejectNeighbour("shed", "cut");
    await server.untilHere("shed");
    expect(await server.run("shed", "echo again")).toBe("again\n");
  });
});

function workerCertificate(folder: TempFolder): string {
  const state = folder.file("shed-state");
  const found = readdirSync(state, { recursive: true, encoding: "utf8" }).find((path) => path.endsWith("worker.crt"));
  return `${state}/${found}`;
}

/** Fingerprint of what the port shows now. */
function shown(url: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().fingerprint256);
      socket.destroy();
    });
    socket.once("error", reject);
  });
}
