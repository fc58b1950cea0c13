import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:https";
import { type AddressInfo, connect, type Server, type Socket } from "node:net";
import type { DetailedPeerCertificate } from "node:tls";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { fingerprintOf, makeCertificates, type TestCertificates } from "../../../test/kit/certificates.ts";
import { type TempFolder, tempFolder } from "../../../test/kit/temp-folder.ts";
import { pinFault } from "./pinned-authority.ts";
import { openServerDoor, type ServerTrust } from "./server-door.ts";

/** Leads nowhere but through the proxy, which knows it. */
const far = "203.0.113.9";

let folder: TempFolder;
let certificates: TestCertificates;
const opened: Server[] = [];

beforeAll(async () => {
  folder = await tempFolder();
  certificates = await makeCertificates(folder.path, `IP:127.0.0.1,IP:${far}`);
});
afterEach(async () => {
  for (const server of opened.splice(0)) await new Promise((resolve) => server.close(resolve));
});
afterAll(async () => await folder?.[Symbol.asyncDispose]());

async function portOf(server: Server): Promise<number> {
  opened.push(server.listen(0, "127.0.0.1"));
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

function shownOf({ server }: TestCertificates) {
  return { cert: readFileSync(server.cert, "utf8"), key: readFileSync(server.key, "utf8") };
}

/** A server that answers each question with an empty object. */
async function farServer(files = shownOf(certificates)): Promise<number> {
  return await portOf(
    createServer(files, (_request, answer) => answer.writeHead(200, { connection: "close" }).end("{}")),
  );
}

/** The URL of a proxy that does this with a CONNECT. */
async function proxyThat(take: (near: Socket) => void): Promise<string> {
  const proxy = createHttpServer();
  proxy.on("connect", (_request, near: Socket) => take(near.on("error", () => {})));
  return `http://127.0.0.1:${await portOf(proxy)}`;
}

function tunnelTo(port: number): Promise<string> {
  return proxyThat((near) => {
    const onward = connect(port, "127.0.0.1", () => near.write("HTTP/1.1 200 Connection established\r\n\r\n"));
    onward
      .on("error", () => {})
      .pipe(near)
      .pipe(onward);
    onward.once("close", () => near.destroy());
    near.once("close", () => onward.destroy());
  });
}

async function ask(url: string, trust: ServerTrust): Promise<unknown> {
  const limit = new AbortController();
  try {
    return await (await openServerDoor(url, trust, limit.signal)).ask("api/enrol", {});
  } finally {
    // Tunnels stay open otherwise.
    limit.abort();
  }
}

const failed = (why: RegExp): unknown =>
  expect.objectContaining({ code: "ENROLMENT_FAILED", message: expect.stringMatching(why) as string });

test.each([
  ["201 Created", /does not let us through: it answers 201/],
  ["407 Proxy Authentication Required", /wants a user and a password/],
])("a proxy that answers CONNECT with %s is not taken for the server", async (status, why) => {
  const proxy = await proxyThat((near) =>
    near.end(`HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`),
  );
  const ca = readFileSync(certificates.ca, "utf8");
  await expect(ask("https://far.test", { ca, proxy })).rejects.toEqual(failed(why));
  await expect(ask("https://far.test", { pin: "ab".repeat(32), proxy })).rejects.toEqual(failed(why));
});

test("through a proxy, too, the certificate must be for the server's own address", async () => {
  const proxy = await tunnelTo(await farServer());
  const ca = readFileSync(certificates.ca, "utf8");
  expect(await ask(`https://${far}`, { ca, proxy })).toEqual({});
  // The name that Node looks for where it knows none.
  await using place = await tempFolder();
  const other = await makeCertificates(place.path, "DNS:localhost");
  const wrong = { ca: readFileSync(other.ca, "utf8"), proxy: await tunnelTo(await farServer(shownOf(other))) };
  await expect(ask(`https://${far}`, wrong)).rejects.toEqual(failed(/does not match certificate's altnames/));
});

test("a pin is demanded beside an authority that vouches too, and each of two", async () => {
  const url = `https://127.0.0.1:${await farServer()}`;
  const ca = readFileSync(certificates.ca, "utf8");
  const [own, authority, other] = [
    fingerprintOf(certificates.server.cert),
    fingerprintOf(certificates.ca),
    "ab".repeat(32),
  ];
  for (const trust of [{ pin: own }, { pin: authority }, { tokenPin: authority }, { pin: own, tokenPin: authority }])
    expect(await ask(url, { ca, ...trust })).toEqual({});
  for (const trust of [{ pin: other }, { tokenPin: other }, { pin: own, tokenPin: other }])
    await expect(ask(url, { ca, ...trust })).rejects.toEqual(failed(/is not the server that is meant/));
});

test("a certificate that is pinned, and shown by a server that it does not vouch for, counts for nothing", async () => {
  // Of the same name, so that it is taken for the issuer.
  await using place = await tempFolder();
  const meant = await makeCertificates(place.path);
  const { cert, key } = shownOf(certificates);
  const url = `https://127.0.0.1:${await farServer({ cert: cert + readFileSync(meant.ca, "utf8"), key })}`;
  const ca = readFileSync(certificates.ca, "utf8");
  const trust = { ca, tokenPin: fingerprintOf(meant.ca) };
  await expect(ask(url, trust)).rejects.toEqual(failed(/is not the server that is meant/));
  // Nor where everything fits but the signature.
  const chain = (issuer: string) =>
    ({
      raw: new X509Certificate(cert).raw,
      issuerCertificate: { raw: new X509Certificate(readFileSync(issuer)).raw },
    }) as DetailedPeerCertificate;
  expect(pinFault(chain(certificates.ca), [fingerprintOf(certificates.ca)])).toBeUndefined();
  expect(pinFault(chain(meant.ca), [fingerprintOf(meant.ca)])).toBeDefined();
});
