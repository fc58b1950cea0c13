import { readFileSync } from "node:fs";
import { type AddressInfo, connect as connectTcp } from "node:net";
import { type ConnectionOptions, connect, createServer, type TLSSocket } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeCertificates, type TestCertificates } from "../../test/kit/certificates.ts";
import { type TempFolder, tempFolder } from "../../test/kit/temp-folder.ts";
import { plainTlsText, tlsClientFault } from "./tls-client-fault.ts";

let folders: TempFolder[] = [];
let ours: TestCertificates;
let strange: TestCertificates;

beforeAll(async () => {
  folders = [await tempFolder(), await tempFolder()];
  [ours, strange] = (await Promise.all(folders.map(({ path }) => makeCertificates(path)))) as [
    TestCertificates,
    TestCertificates,
  ];
});
afterAll(async () => {
  for (const folder of folders) await folder[Symbol.asyncDispose]();
});

const read = (path: string): Buffer => readFileSync(path);
const shown = ({ client }: TestCertificates) => ({ cert: read(client.cert), key: read(client.key) });

/** What is said of whoever comes to a server that asks for certificates of its authority. */
async function saidOf(come: (port: number) => { destroy(): void }): Promise<string> {
  const { server: files, ca } = ours;
  const identity = { cert: read(files.cert), key: read(files.key), ca: read(ca) };
  const server = createServer({ ...identity, requestCert: true, rejectUnauthorized: true, handshakeTimeout: 2_000 });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const said = new Promise<string>((resolve) => {
    server.once("tlsClientError", (error, socket: TLSSocket) => resolve(tlsClientFault(error, socket)));
  });
  const client = come((server.address() as AddressInfo).port);
  try {
    return await said;
  } finally {
    client.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}

const withTls = (options: () => ConnectionOptions) => (port: number) =>
  connect({ port, host: "127.0.0.1", ...options() }).on("error", () => {});

const saying = (text: string) => (port: number) => {
  const socket = connectTcp(port, "127.0.0.1").on("error", () => {});
  socket.write(text);
  return socket;
};

test.each([
  ["shows no certificate", withTls(() => ({ ca: read(ours.ca) })), "it shows no certificate"],
  [
    "shows one of another authority",
    withTls(() => ({ ca: read(ours.ca), ...shown(strange) })),
    "its certificate is signed by an authority that is not among our clientcas",
  ],
  [
    "does not trust ours",
    withTls(() => ({ ca: read(strange.ca), ...shown(ours) })),
    "it hung up in the middle of the handshake; it may not trust our certificate",
  ],
  ["speaks HTTP", saying("GET / HTTP/1.1\r\n\r\n"), "it speaks plain HTTP"],
  ["speaks no TLS", saying(`0\u0000${" ".repeat(50)}`), "it does not speak TLS"],
  ["says nothing", saying(""), "it did not finish the handshake in time"],
] as const)("tlsClientFault() of a client that %s", async (_what, come, text) => {
  expect(await saidOf(come)).toBe(text);
});

test("plainTlsText() leaves out what is for programmers of OpenSSL, and any other error as it is", () => {
  const message = "80EC4A02197F0000:error:0A00045C:SSL routines:ssl3_read_bytes:tlsv13 alert certificate required:…";
  const error = Object.assign(new Error(message), { reason: "tlsv13 alert certificate required" });
  expect(plainTlsText(error)).toBe("tlsv13 alert certificate required");
  expect(plainTlsText(new Error("no such host"))).toBe("no such host");
});
