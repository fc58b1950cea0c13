import { generateKeyPairSync } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type NetConnectOpts } from "node:net";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { controlOver, type JsonObject } from "#control";
import { silentLog } from "#core";
import { makeAuthority, makeRequest, signRequest } from "#mesh";
import { freePort } from "../../test/kit/free-port.ts";
import { type TempFolder, tempFolder } from "../../test/kit/temp-folder.ts";
import { builtHelpers } from "../../test/kit/units.ts";
import { untilTrue, type WorkerNode, workerNode } from "../../test/kit/worker-node.ts";
import { startDaemon } from "./daemon.ts";
import { parseSettings } from "./settings/mod.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
beforeAll(builtHelpers);

const listener = "- tcp-listener: {port: 0, bindaddr: 127.0.0.1}\n";
const peerOf = ({ port }: WorkerNode, more = "") => `- tcp-peer: {address: "127.0.0.1:${port}"${more}}\n`;

describe("proxies", () => {
  /** Answers in capitals, once everything has come. */
  async function shouter() {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      let text = "";
      socket.on("data", (chunk: Buffer) => (text += chunk.toString()));
      socket.on("end", () => socket.end(text.toUpperCase()));
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    return { port: (server.address() as AddressInfo).port, [Symbol.dispose]: () => void server.close() };
  }

  async function shout(to: NetConnectOpts, text: string): Promise<string> {
    const socket = connect({ allowHalfOpen: true, ...to });
    socket.end(text);
    let answer = "";
    for await (const chunk of socket) answer += String(chunk);
    return answer;
  }

  test("carry TCP and Unix sockets over the mesh, and are advertised", async () => {
    await using folder = await tempFolder();
    using server = await shouter();
    const [tcp, socket] = [await freePort(), folder.file("near")];
    await using foo = await workerNode(
      folder,
      "foo",
      `${listener}- tcp-client: {service: shout, address: "127.0.0.1:${server.port}"}\n` +
        `- unix-socket-server: {filename: ${folder.file("far")}, remotenode: foo, remoteservice: shout}\n` +
        `- unix-socket-client: {service: unix, filename: ${folder.file("far")}}\n`,
    );
    await using bar = await workerNode(
      folder,
      "bar",
      `${peerOf(foo)}- tcp-server: {port: ${tcp}, bindaddr: 127.0.0.1, remotenode: foo, remoteservice: shout}\n` +
        `- unix-socket-server: {filename: ${socket}, remotenode: foo, remoteservice: unix}\n`,
    );
    await bar.reaches("foo");
    expect(await shout({ port: tcp, host: "127.0.0.1" }, "over tcp")).toBe("OVER TCP");
    expect(await shout({ path: socket }, "over unix")).toBe("OVER UNIX");
    const ads = (await bar.call("status"))["Advertisements"] as JsonObject[];
    expect(ads.filter(({ NodeID }) => NodeID === "foo")).toMatchObject([
      { Service: "control", Tags: { type: "Control Service" } },
      { Service: "shout", ConnType: 1, Tags: { type: "TCP Proxy", address: `127.0.0.1:${server.port}` } },
      { Service: "unix", ConnType: 1, Tags: { type: "Unix Proxy", filename: folder.file("far") } },
    ]);
  });

  test("carry UDP over the mesh", async () => {
    await using folder = await tempFolder();
    const echo = createSocket("udp4");
    echo.on("message", (message, from) => echo.send(message.toString().toUpperCase(), from.port, from.address));
    await new Promise<void>((resolve) => echo.bind(0, "127.0.0.1", resolve));
    const port = await freePort();
    await using foo = await workerNode(
      folder,
      "foo",
      `${listener}- udp-client: {service: echo, address: "127.0.0.1:${echo.address().port}"}\n`,
    );
    await using bar = await workerNode(
      folder,
      "bar",
      `${peerOf(foo)}- udp-server: {port: ${port}, bindaddr: 127.0.0.1, remotenode: foo, remoteservice: echo}\n`,
    );
    await bar.reaches("foo");
    const client = createSocket("udp4");
    const answer = once(client, "message");
    client.send("over udp", port, "127.0.0.1");
    expect(String((await answer)[0])).toBe("OVER UDP");
    for (const socket of [client, echo]) socket.close();
    const ads = (await foo.call("status"))["Advertisements"] as JsonObject[];
    expect(ads.find(({ Service }) => Service === "echo")).toMatchObject({ ConnType: 0, Tags: { type: "UDP Proxy" } });
  });
});

describe("TLS profiles", () => {
  /** Sections of a server and a client profile `mine`, with a certificate that names the nodes. */
  async function certified(folder: TempFolder, ...nodeIds: string[]): Promise<(file: string) => Promise<string>> {
    const authority = { outCert: folder.file("ca.crt"), outKey: folder.file("ca.key") };
    await makeAuthority({ commonName: "ca", bits: 2048, ...authority });
    return async (file) => {
      const [req, cert, key] = ["req", "crt", "key"].map((kind) => folder.file(`${file}.${kind}`)) as [
        string,
        string,
        string,
      ];
      const names = { dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"], nodeIds };
      await makeRequest({ commonName: file, bits: 2048, ...names, outReq: req, outKey: key });
      await signRequest({ req, caCert: authority.outCert, caKey: authority.outKey, outCert: cert });
      const server = `requireclientcert: true, clientcas: ${authority.outCert}`;
      return `- tls-server: {name: mine, cert: ${cert}, key: ${key}, ${server}}
- tls-client: {name: mine, cert: ${cert}, key: ${key}, rootcas: ${authority.outCert}}
`;
    };
  }

  test("secure roads and services, and tell when their certificates end", async () => {
    await using folder = await tempFolder();
    const profiles = await (await certified(folder, "foo", "bar"))("both");
    await using foo = await workerNode(
      folder,
      "foo",
      `${profiles}${listener.replace("}", ", tls: mine}")}- control-service: {service: ctltls, tls: mine}\n`,
    );
    await using bar = await workerNode(folder, "bar", profiles + peerOf(foo, ", tls: mine"));
    await bar.reaches("foo");
    const control = await bar.client();
    await control.callLine("connect foo ctltls mine");
    const far = await controlOver(control.stream(), "foo", { expectNode: "foo" });
    expect(await far.call({ command: "status", requested_fields: ["Certificates"] })).toEqual({
      Certificates: ["tls-server", "tls-client"].map((Kind) => ({
        Profile: "mine",
        Kind,
        NotAfter: expect.stringMatching(/^\d{4}-.*Z$/),
      })),
    });
    far.close();
    await expect(bar.call("connect foo ctltls ")).rejects.toThrow("insecure connection to secure service");
    await untilTrue("it is advertised as a stream with TLS", async () => {
      const ads = (await bar.call("status"))["Advertisements"] as JsonObject[];
      return ads.some(({ Service, ConnType }) => Service === "ctltls" && ConnType === 2);
    });
  });

  test("must name the node, unless they say that they need not", async () => {
    await using folder = await tempFolder();
    const profiles = await (await certified(folder, "other"))("wrong");
    await expect(workerNode(folder, "foo", profiles)).rejects.toThrow(
      "error preparing tls server config: nodeID=foo not found in certificate name(s); names found=[other]; cfg section=mine",
    );
    await using foo = await workerNode(folder, "foo", profiles.replaceAll("}", ", skipreceptornamescheck: true}"));
    expect(await foo.call("ping foo")).toMatchObject({ Success: true });
  });
});

test("work of a type that asks for it has to be signed", async () => {
  await using folder = await tempFolder();
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const keys = { public: folder.file("public.pem"), private: folder.file("private.pem") };
  writeFileSync(keys.public, publicKey.export({ type: "spki", format: "pem" }));
  writeFileSync(keys.private, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  await using foo = await workerNode(folder, "foo", `${listener}- work-signing: ${keys.private}\n`);
  await using bar = await workerNode(
    folder,
    "bar",
    `${peerOf(foo)}- work-verification: ${keys.public}\n` +
      "- work-command: {worktype: secure, command: echo, params: signed, verifysignature: true}\n",
  );
  await foo.reaches("bar");
  const submit = async (more: JsonObject) => {
    const control = await foo.client();
    await control.callLine({ command: "work", subcommand: "submit", node: "bar", worktype: "secure", ...more });
    await control.sendPayload((async function* () {})());
    const { unitid } = await control.readJson();
    return String(unitid);
  };
  const id = await submit({ signwork: "true" });
  await untilTrue("it has succeeded", async () => (await foo.call(`work status ${id}`))["State"] === 2);
  await expect(submit({})).rejects.toThrow("could not verify signature: signature is empty");
  expect(Object.values(await bar.call("work list"))).toHaveLength(1);
});

test("a relay needs no control service, and a control service no socket", async () => {
  await using folder = await tempFolder();
  const settings = (id: string, more: string) =>
    parseSettings(`- node: {id: ${id}, datadir: ${folder.file(id)}}\n${more}`, `${id}.yml`);
  const options = { configFiles: [], log: silentLog };
  const relay = await startDaemon(settings("relay", listener), options);
  const port = Number(relay.meshAddresses[0]?.split(":").at(-1));
  const hidden = await startDaemon(settings("hidden", `- control-service\n- tcp-peer: "127.0.0.1:${port}"\n`), options);
  expect([relay.controlAddresses, hidden.controlAddresses]).toEqual([[], []]);
  const foo = await workerNode(folder, "foo", `- tcp-peer: "127.0.0.1:${port}"\n`);
  await foo.reaches("relay", "hidden");
  const control = await foo.client();
  await control.callLine("connect hidden control ");
  (await controlOver(control.stream(), "hidden", { expectNode: "hidden" })).close();
  await foo[Symbol.asyncDispose]();
  for (const daemon of [hidden, relay]) await daemon.close();
});
