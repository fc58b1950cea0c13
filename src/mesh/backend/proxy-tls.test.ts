import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { silentLog, type TlsClientProfile, tlsClientSource, tlsServerSource } from "#core";
import { eventually } from "../../../test/kit/backend/conformance.ts";
import { unusedPort } from "../../../test/kit/backend/conformance-port.ts";
import { makeCertificates, type TestCertificates } from "../../../test/kit/certificates.ts";
import { type TempFolder, tempFolder } from "../../../test/kit/temp-folder.ts";
import { httpListener } from "./http/listener.ts";
import { httpPeer } from "./http/dialer.ts";
import { webSocketListener } from "./websocket/listener.ts";
import { webSocketPeer } from "./websocket/peer.ts";

/** An address that leads nowhere but through the proxy, which knows it. */
const far = "203.0.113.9";

const folders: TempFolder[] = [];
const closers: (() => unknown)[] = [];
let own: TestCertificates;
/** For the name that Node looks for where it knows none. */
let others: TestCertificates;

async function certificatesFor(names: string): Promise<TestCertificates> {
  const folder = await tempFolder();
  folders.push(folder);
  return await makeCertificates(folder.path, names);
}

beforeAll(async () => {
  own = await certificatesFor(`IP:${far}`);
  others = await certificatesFor("DNS:localhost,IP:127.0.0.1");
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});
afterAll(async () => {
  for (const folder of folders) await folder[Symbol.asyncDispose]();
});

/** The URL of a proxy that leads every CONNECT to one port of this machine. */
async function proxyTo(port: number): Promise<string> {
  const proxy = createServer();
  proxy.on("connect", (_request, near: Socket) => {
    const onward = connect(port, "127.0.0.1", () => near.write("HTTP/1.1 200 OK\r\n\r\n"));
    onward
      .on("error", () => near.destroy())
      .pipe(near.on("error", () => onward.destroy()))
      .pipe(onward);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  closers.push(() => proxy.close().closeAllConnections());
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
}

const roads = {
  wss: {
    listen: (port: number, files: TestCertificates) =>
      webSocketListener({ port, bindAddress: "127.0.0.1", tls: tlsServerSource(files.server) }),
    dial: (proxy: string, profile: TlsClientProfile, log: typeof silentLog) =>
      webSocketPeer({ address: `wss://${far}/`, tls: tlsClientSource(profile), proxy }, { redial: false, log }),
  },
  https: {
    listen: (port: number, files: TestCertificates) =>
      httpListener({ port, bindAddress: "127.0.0.1", tls: tlsServerSource(files.server) }),
    dial: (proxy: string, profile: TlsClientProfile, log: typeof silentLog) =>
      httpPeer({ url: `https://${far}/`, tls: tlsClientSource(profile), proxy }, { redial: false, log }),
  },
};

describe.each(["wss", "https"] as const)("a %s road to an address, through a proxy", (kind) => {
  /** What a dial comes to where the far end shows these certificates: `a session`, or what the log says. */
  async function dial(shown: TestCertificates, profile: Partial<TlsClientProfile> = {}): Promise<string> {
    const port = await unusedPort();
    const listening = await roads[kind].listen(port, shown).start(() => {});
    closers.push(() => listening.close());
    const found: string[] = [];
    const log = { ...silentLog, warn: (text: string) => void found.push(text) };
    const dialer = roads[kind].dial(await proxyTo(port), { rootCas: shown.ca, ...profile }, log);
    const dialling = await dialer.start(() => void found.push("a session"));
    closers.push(() => dialling.close());
    return await eventually(() => found[0], "a session or a failure");
  }

  test("wants a certificate for that address", async () => {
    expect(await dial(own)).toBe("a session");
    expect(await dial(others)).toMatch(/203\.0\.113\.9.*not in the cert's list|does not match|altnames/);
  });

  test("takes any name that its authority signed where names are not looked at", async () => {
    expect(await dial(others, { skipHostNameCheck: true })).toBe("a session");
  });
});
