import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually, type TestJson, type TestUser } from "../../kit/api.ts";
import { freePort } from "../../kit/free-port.ts";
import { startRabbitmq } from "../../kit/rabbitmq.ts";
import { Broker } from "../../../src/mesh/backend/amqp/broker.ts";
import { wholeServer, type WholeServer } from "../../kit/whole-server.ts";

/** Requests as the unmodified program sends them (specification of Quokka §3 to §5), headers and all. */
let server: WholeServer;
let port: number;
let admin: TestUser;
let ids: Record<string, string>;

beforeAll(async () => {
  port = await freePort();
  server = await wholeServer({ quokka: { listen: { host: "127.0.0.1", port } } });
  admin = await server.user("root", "admin");
  ids = {};
  for (const type of ["capture", "portscan", "traceroute"]) {
    const body = { serial: "111-111-111", type, host: "127.0.0.1", labels: { site: "lab" } };
    const { json } = await server.ask("POST", "/api/quokka/workers", { auth: admin.auth, body });
    ids[type] = String(json["id"]);
  }
}, 60_000);
afterAll(() => server?.[Symbol.asyncDispose](), 60_000);

const requestOf = (path: string, body: string, method = "POST"): string =>
  [
    `${method} ${path} HTTP/1.1`,
    "Host: 127.0.0.1:5000",
    "User-Agent: python-requests/2.28.1",
    "Accept-Encoding: gzip, deflate",
    "Accept: */*",
    "Connection: keep-alive",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Content-Type: application/json",
    "",
    body,
  ].join("\r\n");

/** What comes back for these bytes, until the other side closes. That program never closes first. */
async function said(text: string): Promise<Buffer> {
  const socket = connect({ host: "127.0.0.1", port });
  const heard: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => void heard.push(chunk)).on("error", () => {});
  socket.write(text);
  await new Promise((resolve) => socket.once("close", resolve));
  return Buffer.concat(heard);
}

/** What comes back for a request of that program, head and body. */
async function asked(path: string, body: object | string, method?: string): Promise<{ head: string; body: string }> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const answer = (await said(requestOf(path, text, method))).toString();
  const [head = "", ...rest] = answer.split("\r\n\r\n");
  return { head, body: rest.join("\r\n\r\n") };
}

const beat = (type: string, more: object = {}) => ({
  ...{ name: null, hostname: null, serial: "111-111-111", worker_type: type },
  ...{ response_time: 9.793281555175781, cpu: 72.3, memory: 3.1, uptime: 2, ...more },
});

/** The commands that a heartbeat brings, and what the worker reads of each. */
async function commands(type: string): Promise<{ readonly all: TestJson[]; readonly infos: TestJson[] }> {
  const { body } = await asked("/worker/heartbeat", beat(type));
  const all = (JSON.parse(body) as { commands: TestJson[] }).commands;
  return { all, infos: all.map((each) => JSON.parse(String(each["command_info"])) as TestJson) };
}

async function submit(type: string, params: object): Promise<string> {
  const body = { workType: type, params: { params: JSON.stringify(params) } };
  const { json, status, text } = await server.ask("POST", `/api/workers/${ids[type]}/units`, {
    auth: admin.auth,
    body,
  });
  expect(status, text).toBe(201);
  return String(json["unit"]);
}

const about = async (type: string, unit: string): Promise<TestJson> =>
  (await server.ask("GET", `/api/workers/${ids[type]}/units/${unit}`, { auth: admin.auth })).json;
const outputOf = async (type: string, unit: string) =>
  await server.ask("GET", `/api/workers/${ids[type]}/units/${unit}/output`, { auth: admin.auth });

describe("a worker of Quokka", () => {
  test("is answered as by its own server, byte for byte", async () => {
    const { head, body } = await asked("/worker/heartbeat", beat("capture"));
    expect(head.split("\r\n")[0]).toBe("HTTP/1.1 200 OK");
    expect(head.split("\r\n")).toContain("Content-Type: application/json");
    expect(body).toBe('{"commands":[]}\n');
    for (const [path, sent, said] of [
      ["/worker/heartbeat", "{}", /heartbeat information/],
      ["/worker/heartbeat", JSON.stringify({ worker_type: "capture" }), /serial/],
      ["/worker/heartbeat", JSON.stringify(beat("monitor")), /Unknown serial/],
      ["/worker/heartbeat", "nonsense", /JSON/],
      ["/capture/store", JSON.stringify({ serial: "111-111-111" }), /source/],
      ["/portscan/store", JSON.stringify({ source: "vm", serial: "1" }), /host_ip/],
    ] as const) {
      const refused = await asked(path, sent);
      expect(refused.head, path).toMatch(/^HTTP\/1\.1 400 /);
      expect(refused.body).toMatch(said);
    }
    expect((await asked("/worker/register", { serial: "111-111-111", name: "x" })).body).toBe("{}\n");
    expect((await asked("/ui/devices", "{}")).head).toMatch(/ 404 /);
    expect((await asked("/worker/heartbeat", "{}", "GET")).head).toMatch(/ 405 /);
  });

  test("is a worker like others: in the list, online, with its numbers", async () => {
    await asked("/worker/heartbeat", beat("portscan", { cpu: 12.5, memory: 40 }));
    const { json } = await server.ask("GET", "/api/workers?label=site%3Dlab", { auth: admin.auth });
    expect(json.items.find(({ name }) => name === "111-111-111-portscan")).toMatchObject({
      ...{ mode: "quokka", state: "online", capabilities: ["portscan"] },
    });
    await eventually(async () => {
      const window = `from=${Date.now() - 60_000}&to=${Date.now() + 60_000}&stepMs=60000`;
      const health = await server.ask("GET", `/api/workers/${ids["portscan"]}/health?${window}`, { auth: admin.auth });
      return JSON.stringify(health.json["points"]);
    }).toMatch(/"cpuPercent":12\.5.*"memoryPercent":40/);
  });

  test("scans: the order goes out once, and its result makes lines", async () => {
    const unit = await submit("portscan", { targets: ["127.0.0.1"] });
    expect(await about("portscan", unit)).toMatchObject({
      stateName: "Pending",
      detail: expect.stringMatching(/next heartbeat/),
    });
    const { all, infos } = await commands("portscan");
    expect(Object.keys(all[0] ?? {})).toEqual([
      ...["command", "command_info", "delivered", "host", "id", "serial", "timestamp", "worker_type"],
    ]);
    const [info] = infos;
    expect(info).toMatchObject({ quokka: "127.0.0.1", host_ip: "127.0.0.1", host_name: "127.0.0.1" });
    expect((await commands("portscan")).all).toEqual([]);
    // Nothing says that it arrived, and nothing is claimed.
    expect(await about("portscan", unit)).toMatchObject({
      stateName: "Pending",
      detail: "sent; no acknowledgement exists",
    });
    const result = {
      ...{ source: "vm", serial: "111-111-111", host_ip: "127.0.0.1", host_name: "localhost" },
      timestamp: "2026-11-21 20:52:56.61816",
      scan_output:
        "{'nmap': {}, 'scan': {'127.0.0.1': {'status': {'state': 'up'}, 'tcp': {22: {'state': 'open', 'name': 'ssh'}}}}}",
    };
    // A result of nobody's token, of none, and of another worker are taken and mean nothing.
    for (const wrong of [{ token: "guessed" }, {}, { token: info?.token, serial: "222" }])
      expect((await asked("/portscan/store", { ...result, ...wrong })).body).toBe("{}\n");
    expect(await about("portscan", unit)).toMatchObject({ stateName: "Pending" });
    expect((await asked("/portscan/store", { ...result, token: info?.token })).body).toBe("{}\n");
    const ended = await about("portscan", unit);
    expect(ended).toMatchObject({ stateName: "Succeeded", sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    const { text } = await outputOf("portscan", unit);
    const lines = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as TestJson);
    expect(lines.map(({ type }) => type)).toEqual(["port", "host", "summary"]);
    expect(lines[0]).toMatchObject({ port: 22, state: "open" });
    const { json } = await server.ask("GET", "/api/units?workType=portscan", { auth: admin.auth });
    expect(json.items[0]).toMatchObject({ id: unit, worker: { name: "111-111-111-portscan" } });
  });

  test("captures: packets become a pcap, followed live; a second capture waits", async () => {
    const unit = await submit("capture", { filter: "host 127.0.0.1 and udp", packets: 2 });
    const again = await server.ask("POST", `/api/workers/${ids["capture"]}/units`, {
      auth: admin.auth,
      body: { workType: "capture", params: { params: JSON.stringify({ filter: "udp" }) } },
    });
    expect(again.json.code).toBe("QUOKKA_BUSY");
    const { infos } = await commands("capture");
    expect(infos[0]).toEqual({
      ...{ quokka: "127.0.0.1", interface: "", ip: "127.0.0.1", protocol: "udp", port: null, count: "0" },
    });
    const followed = server.ask("GET", `/api/workers/${ids["capture"]}/units/${unit}/output?follow=true`, admin);
    const packet = {
      Ethernet: { dst: "00:00:00:00:00:00", src: "00:00:00:00:00:00", type: 2048 },
      hexdump:
        "0000  00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F  ................\n0010  41 42                                            AB",
    };
    const stored = { source: "vm", serial: "111-111-111", timestamp: "2026-11-21 20:52:24.32891", packets: [packet] };
    expect((await asked("/capture/store", stored)).body).toBe("{}\n");
    await eventually(() => about("capture", unit)).toMatchObject({ stateName: "Running", detail: "packets come" });
    await asked("/capture/store", stored);
    await asked("/capture/store", stored);
    expect(await about("capture", unit)).toMatchObject({ stateName: "Succeeded", stdoutSize: 24 + 2 * (16 + 18) });
    const { status, text } = await followed;
    expect(status).toBe(200);
    expect(text.length).toBeGreaterThan(40);
  });

  test("traces: the picture is kept", async () => {
    const unit = await submit("traceroute", { target: "www.example.org" });
    const { infos } = await commands("traceroute");
    const png = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3]).toString("base64");
    await asked("/traceroute/store", {
      ...{ source: "vm", serial: "111-111-111", target: "www.example.org", token: infos[0]?.token },
      ...{ timestamp: "2026-11-21 20:54:08.61643", traceroute_img: png },
    });
    expect(await about("traceroute", unit)).toMatchObject({ stateName: "Succeeded" });
    const [picture, summary] = (await outputOf("traceroute", unit)).text.trim().split("\n");
    expect(JSON.parse(picture ?? "")).toEqual({ type: "picture", mediaType: "image/png", base64: png });
    expect(JSON.parse(summary ?? "")).toMatchObject({ type: "summary", target: "www.example.org", picture: true });
    const path = `/api/workers/${ids["traceroute"]}/units/${unit}`;
    expect((await server.ask("DELETE", path, { auth: admin.auth })).status).toBe(200);
    expect((await server.ask("GET", `${path}/output`, { auth: admin.auth })).status).toBe(404);
  });

  test("takes no shell, no work of another kind, and nothing that its tools would misread", async () => {
    const path = `/api/workers/${ids["portscan"]}/units`;
    for (const [workType, params, code] of [
      ["run", "{}", "QUOKKA_UNABLE"],
      ["portscan", JSON.stringify({ targets: ["-iL /etc/passwd"] }), "QUOKKA_PARAMS"],
      ["portscan", "{", "QUOKKA_PARAMS"],
    ] as const) {
      const { json } = await server.ask("POST", path, { auth: admin.auth, body: { workType, params: { params } } });
      expect(json.code, workType).toBe(code);
    }
    const viewer = await server.user("vic", "viewer");
    const body = { workType: "portscan", params: { params: JSON.stringify({ targets: ["127.0.0.1"] }) } };
    expect((await server.ask("POST", path, { auth: viewer.auth, body })).status).toBe(403);
    const wish = { auth: viewer.auth, body: { serial: "2", type: "capture", host: "127.0.0.1" } };
    expect((await server.ask("POST", "/api/quokka/workers", wish)).status).toBe(403);
  });

  test("has an id once, also when two ask for it at once", async () => {
    const params = { params: JSON.stringify({ target: "127.0.0.1" }) };
    const ask = async () => {
      const body = { workType: "traceroute", params, unit: "askedFor" };
      return await server.ask("POST", `/api/workers/${ids["traceroute"]}/units`, { auth: admin.auth, body });
    };
    const answers = await Promise.all([ask(), ask(), ask()]);
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([201, 409, 409]);
    const path = `/api/workers/${ids["traceroute"]}/units/askedFor`;
    expect((await server.ask("DELETE", path, { auth: admin.auth })).status).toBe(200);
  });

  test("is cancelled truthfully: before it was sent, or only here", async () => {
    const before = await submit("portscan", { targets: ["127.0.0.1"] });
    const cancel = (unit: string) =>
      server.ask("POST", `/api/workers/${ids["portscan"]}/units/${unit}/cancel`, { auth: admin.auth });
    await cancel(before);
    expect(await about("portscan", before)).toMatchObject({
      stateName: "Canceled",
      detail: "cancelled before it was sent",
    });
    expect((await commands("portscan")).all).toEqual([]);
    const after = await submit("portscan", { targets: ["127.0.0.1"] });
    await commands("portscan");
    await cancel(after);
    expect(await about("portscan", after)).toMatchObject({
      stateName: "Canceled",
      detail: expect.stringMatching(/cannot be stopped/),
    });
  });

  test("is not heard from elsewhere than where it was entered, and its port bears strangers", async () => {
    const body = { serial: "far", type: "capture", host: "192.0.2.99" };
    await server.ask("POST", "/api/quokka/workers", { auth: admin.auth, body });
    const { head } = await asked("/worker/heartbeat", { ...beat("capture"), serial: "far" });
    expect(head).toMatch(/ 400 /);
    const far = "/api/workers/far-capture";
    expect((await server.ask("DELETE", far, { auth: admin.auth })).status).toBe(204);
    // Removed, its serial is free again.
    await eventually(
      async () => (await server.ask("POST", "/api/quokka/workers", { auth: admin.auth, body })).status,
    ).toBe(201);
    // Larger than any heartbeat; a broken request; nothing at all.
    await asked("/worker/heartbeat", { ...beat("capture"), name: "x".repeat(100_000) });
    await said("POST /worker/heartbeat HTTP/1.1\r\nContent-Length: nonsense\r\n\r\n");
    await said("\0\0\0\0\r\n\r\n");
    expect((await asked("/worker/heartbeat", beat("capture"))).head).toMatch(/ 200 /);
    // A page in a browser on this machine, which may send such a request without asking.
    const ofPage = requestOf("/worker/heartbeat", JSON.stringify(beat("capture"))).replace(
      "Content-Type: application/json",
      "Origin: https://evil.example\r\nContent-Type: text/plain",
    );
    expect((await said(ofPage)).toString()).toMatch(/^HTTP\/1.1 403 /);
  });
});

test("the port for Quokka is closed to addresses that are in no list", async () => {
  const closed = await freePort();
  await using other = await wholeServer({
    quokka: { listen: { host: "127.0.0.1", port: closed }, allow: ["10.0.0.0/8"] },
  });
  const socket = connect({ host: "127.0.0.1", port: closed });
  socket.on("error", () => {});
  await new Promise((resolve) => socket.once("close", resolve));
  expect(other.logged.map(({ message }) => message).join()).toMatch(/quokka-allow/);
  await using none = await wholeServer();
  expect(none.running.core.quokka.address).toBeUndefined();
}, 60_000);

test("orders go to the queue of a worker's own RabbitMQ, and a broker that is away is said", async () => {
  await using rabbit = await startRabbitmq();
  await rabbit.addUser("quokkaUser", "quokkaPass");
  const enter = async (serial: string, host: string): Promise<string> => {
    const body = { serial, type: "portscan", host, connection: "rabbitmq" };
    return String((await server.ask("POST", "/api/quokka/workers", { auth: admin.auth, body })).json["id"]);
  };
  ids["portscan"] = await enter("333", `127.0.0.1:${rabbit.port}`);
  const unit = await submit("portscan", { targets: ["192.0.2.7"] });
  const broker = new Broker({ url: rabbit.url });
  const channel = await broker.channel(AbortSignal.timeout(30_000));
  await channel.declareOpen("portscan_queue");
  const body = await new Promise<Buffer>((resolve) => void channel.consume("portscan_queue", 1, resolve));
  const info = JSON.parse(body.toString()) as TestJson;
  expect(info).toMatchObject({ host_ip: "192.0.2.7", host_name: "192.0.2.7", token: expect.any(String) });
  await broker.close();
  const result = {
    source: "vm",
    serial: "333",
    host_ip: "192.0.2.7",
    host_name: "x",
    timestamp: "now",
    token: info.token,
  };
  await asked("/portscan/store", { ...result, scan_output: "{'scan': {}}" });
  expect(await about("portscan", unit)).toMatchObject({ stateName: "Succeeded" });
  ids["portscan"] = await enter("444", `127.0.0.1:${await freePort()}`);
  const lost = await submit("portscan", { targets: ["192.0.2.7"] });
  await eventually(() => about("portscan", lost)).toMatchObject({ stateName: "Failed", cause: "NOT_SENT" });
}, 120_000);
