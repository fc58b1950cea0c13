import { type AddressInfo, createServer, type Server } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { configFaults, type Level } from "#fleet";
import { streamPair } from "../../../test/kit/api.ts";
import { type TcpServices, tcpStreams } from "./tcp-stream.ts";

let server: Server;
let port: number;
beforeAll(async () => {
  server = createServer((socket) => socket.on("error", () => {}).end("hello"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => server.close());

async function said(services: () => TcpServices, service: string, level: Level): Promise<string> {
  const { server: client, worker } = streamPair();
  const heard = text(client);
  heard.catch(() => {});
  const caller = { name: "ada", level, carrier: "forwarded" };
  const context = { caller, id: "1", signal: AbortSignal.timeout(30_000) };
  client.end();
  try {
    await tcpStreams(services)[0]?.run({ service }, { stream: worker, answer: () => {} }, context);
  } catch (error) {
    client.destroy();
    worker.destroy();
    throw error;
  }
  return await heard;
}

test("a service without a level needs `operate`, and a document names it so", async () => {
  const services = { greeter: { host: "127.0.0.1", port } };
  expect(configFaults({ tcpServices: services })).toEqual([]);
  expect(await said(() => services, "greeter", "operate")).toBe("hello");
  await expect(said(() => services, "greeter", "monitor")).rejects.toMatchObject({ code: "SERVICE_UNKNOWN" });
});

test("what the configuration says now counts", async () => {
  let services: TcpServices = {};
  await expect(said(() => services, "greeter", "admin")).rejects.toMatchObject({ code: "SERVICE_UNKNOWN" });
  services = { greeter: { host: "127.0.0.1", port, level: "monitor" } };
  expect(await said(() => services, "greeter", "monitor")).toBe("hello");
});

test("a document's services have a port, a name that is one, and a level that is somebody's", () => {
  const faulty = [
    { "a b": { host: "h", port: 1 } },
    { a: { host: "h", port: 0 } },
    { a: { host: "h", port: 1, level: "none" } },
    { a: { host: "h", port: 1, path: "/" } },
  ];
  for (const tcpServices of faulty) expect(configFaults({ tcpServices }), JSON.stringify(tcpServices)).not.toEqual([]);
  expect(configFaults({ shell: { level: "none" } })).not.toEqual([]);
});
