import { spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { readFileSync } from "node:fs";
import { crc32, deflateSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { methodTable } from "#fleet";
import { toolMethods } from "../../src/worker/management/tool-methods.ts";
import { unitMethods } from "../../src/worker/management/unit-methods.ts";
import type { Page, Window } from "../kit/browser.ts";
import { expectFine, fourLooks } from "../kit/looks.ts";
import { openPages, type OpenPages } from "../kit/pages.ts";

const dnsPort = 41_054;
const query = Buffer.from("1234010000010000000000000766617268616e64076578616d706c650000010001", "hex");
const tools = ["capture", "portscan", "traceroute"];

let pages: OpenPages;
let window: Window;
let page: Page;
let web: Server;
let webPort: number;
let asking: NodeJS.Timeout;
const socket = createSocket("udp4").on("error", () => undefined);

beforeAll(async () => {
  pages = await openPages({ quokka: { listen: { host: "127.0.0.1", port: 0 } } });
  await pages.server.worker("south-1", {
    capabilities: ["sh", ...tools],
    sections: tools.map((worktype) => ({
      "work-tool": {
        worktype,
        interfaces: ["lo"],
        targets: ["127.0.0.0/8"],
        filters: { asked: `udp port ${dnsPort}` },
      },
    })),
    methods: async ({ units }) => ({
      table: methodTable([...unitMethods(units), ...toolMethods(units)]),
      mayTake: () => true,
      close: () => {},
    }),
  });
  web = createServer((_, answer) => answer.end("here")).listen(0, "127.0.0.1");
  await once(web, "listening");
  ({ port: webPort } = web.address() as AddressInfo);
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  asking = setInterval(() => socket.send(query, dnsPort, "127.0.0.1"), 100);
  window = await pages.loggedIn("ada");
  ({ page } = window);
});
afterAll(async () => {
  clearInterval(asking);
  socket.close();
  web?.close();
  await window?.[Symbol.asyncDispose]();
  await pages?.[Symbol.asyncDispose]();
});

describe("captures", () => {
  test("packets arrive live, are opened field by field, found, and downloaded as Wireshark reads them", async () => {
    await page.goto("/workers/south-1");
    await page.getByRole("button", { name: "Capture…" }).click();
    await page.getByText("listens on lo").waitFor();
    await page.getByRole("button", { name: "@asked" }).click();
    await page.getByLabel("Packets", { exact: true }).fill("12");
    await expectFine(window, "capture-dialog", fourLooks);
    await page.getByRole("button", { name: "Capture", exact: true }).click();
    const packets = page.getByRole("region", { name: "Packets", exact: true });
    const row = packets.getByRole("row").filter({ hasText: "127.0.0.1" });
    await row.first().click();
    const layers = page.getByRole("region", { name: "Layers of packet 1" });
    await layers.getByRole("button", { name: `Destination port: ${dnsPort}` }).click();
    const marked = page.getByRole("region", { name: "Bytes of packet 1" }).locator("mark");
    expect(await marked.first().textContent()).toBe("a0 5e");
    await page.getByRole("status", { name: "Statistics" }).getByText("12 packets").waitFor();
    await expectFine(window, "capture", fourLooks);
    await page.getByLabel("Show packets with").fill("tcp 127.0.0.1");
    await page.getByText("0 shown").waitFor();
    await page.getByLabel("Show packets with").fill("UDP 127.0.0.1");
    await page.getByText("12 shown").waitFor();
    const search = page.getByLabel("Show packets with");
    await search.fill(`udp.port == ${dnsPort} and frame.number <= 3`);
    await page.getByText("3 shown").waitFor();
    await search.fill("udp.port == dns");
    await page
      .getByRole("alert")
      .getByText(/"dns" is no number/)
      .waitFor();
    await search.fill("");
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Download .pcap" }).click(),
    ]);
    const read = spawnSync("tcpdump", ["-n", "-r", "-"], {
      input: readFileSync(await download.path()),
      encoding: "utf8",
    });
    expect(read.stdout.trim().split("\n")).toHaveLength(12);
    await page.goto("/captures");
    await page.getByRole("row").filter({ hasText: "south-1" }).getByRole("link", { name: "@asked" }).waitFor();
    await expectFine(window, "captures", fourLooks);
  });

  test("a filter that tcpdump does not know is refused, and the form is still there", async () => {
    await page.goto("/captures");
    await page.getByRole("button", { name: "Capture…" }).click();
    await page.getByRole("radio", { name: "south-1" }).check();
    await page.getByLabel("Filter", { exact: true }).fill("@unknown");
    await page.getByRole("button", { name: "Capture", exact: true }).click();
    await page.getByRole("alert").getByText("FILTER_REFUSED").waitFor();
    expect(await page.evaluate(() => document.activeElement?.getAttribute("name"))).toBe("filter");
  });
});

test("a path is drawn hop by hop", async () => {
  await page.goto("/paths");
  await page.getByRole("button", { name: "Traceroute…" }).click();
  await page.getByRole("checkbox", { name: "south-1" }).check();
  await page.getByLabel("To", { exact: true }).fill("127.0.0.1");
  await page.getByRole("button", { name: "Traceroute", exact: true }).click();
  const path = page.getByRole("region", { name: "Path from south-1" });
  await path.getByText("reached after 1 hop,").waitFor();
  await path.getByRole("img", { name: "A path of 1 hop" }).waitFor();
  await path.getByRole("cell", { name: "127.0.0.1" }).waitFor();
  await expectFine(window, "path", fourLooks);
});

test("a scan shows open and closed ports", async () => {
  await page.goto("/scans");
  await page.getByRole("button", { name: "Scan…" }).click();
  await page.getByRole("radio", { name: "south-1" }).check();
  await page.getByLabel("Hosts", { exact: true }).fill("127.0.0.1");
  await page.getByLabel("Ports", { exact: true }).fill(`1,${webPort}`);
  await page.getByRole("button", { name: "Scan", exact: true }).click();
  const ports = page.getByRole("region", { name: "Ports", exact: true });
  await ports
    .getByRole("row")
    .filter({ hasText: String(webPort) })
    .getByText("open")
    .waitFor();
  await page.getByRole("status", { name: "Result" }).getByText("1 open port on 1 of 1 host,").waitFor();
  await expectFine(window, "scan", fourLooks);
});

test("a worker that offers no tool says why", async () => {
  await page.goto("/workers/north-1");
  const scan = page.getByRole("button", { name: "Scan…", disabled: true });
  expect(await scan.getAttribute("title")).toBe("its configuration does not open it");
  await page.goto("/workers");
  await page.getByRole("button", { name: "Actions of south-1" }).click();
  await page.getByRole("menuitem", { name: "Scan…" }).click();
  await page.getByRole("heading", { name: "Scan ports from south-1" }).waitFor();
});

describe("workers of Quokka", () => {
  const serial = "111-111-111";
  const said = { source: "vm", serial, timestamp: "2026-11-21 20:52:24.32891" };
  const hexdump =
    "0000  00 00 00 00 00 00 00 00 00 00 00 00 08 00 45 00  ..............E.\n" +
    "0010  00 20 12 34 40 00 40 11 00 00 7F 00 00 01 7F 00  . .4@.@.........\n" +
    "0020  00 01 C7 38 00 35 00 0C FE 1F 61 62 63 64        ...8.5....abcd";
  const picture = pngOf(40, 20);

  /** As that program posts it (specification of Quokka §3, §5). @returns what is answered. */
  async function post(path: string, body: object): Promise<string> {
    const { host = "", port = 0 } = pages.server.running.core.quokka.address ?? {};
    const headers = { "content-type": "application/json" };
    const answer = await fetch(`http://${host}:${port}${path}`, {
      method: "POST",
      headers,
      body: JSON.stringify(body),
    });
    return await answer.text();
  }

  /** A worker of each type, with one unit that has had its order. @returns units, and tokens of their results. */
  async function ordered(type: "capture" | "portscan" | "traceroute", params: object) {
    const { quokka } = pages.server.running.core;
    const worker = await quokka.workers.add({ serial, type, host: "127.0.0.1", connection: "http" }, "ada");
    const asker = {
      userId: "u1",
      name: "ada",
      roles: ["admin"],
      level: "operate",
      methods: [],
      loggedInAt: 0,
    } as const;
    const wanted = { workType: type, params: { params: JSON.stringify(params) } };
    const unit = await quokka.units.submit(worker, wanted, { ...asker, session: "s1" });
    const beat = { name: null, hostname: null, serial, worker_type: type, response_time: 9.7, cpu: 72.3, memory: 41.5 };
    const { commands } = JSON.parse(await post("/worker/heartbeat", { ...beat, uptime: 2 })) as {
      commands: { command_info: string }[];
    };
    const { token } = JSON.parse(commands[0]?.command_info ?? "{}") as { token?: string };
    return { unit, token };
  }

  test("what they bring stands on the pages like the work of others: packets, ports, a picture, and memory in per cent", async () => {
    const capture = await ordered("capture", { filter: "udp", packets: 2 });
    const layers = { Ethernet: { type: 2048 }, IP: { src: "127.0.0.1" }, UDP: { sport: 51000, dport: 53 } };
    for (let n = 0; n < 2; n++) await post("/capture/store", { ...said, packets: [{ ...layers, hexdump }] });
    await page.goto(`/captures/${serial}-capture/${capture.unit}`);
    await page.getByRole("status", { name: "Statistics" }).getByText("2 packets").waitFor();
    const packets = page.getByRole("region", { name: "Packets", exact: true });
    await packets.getByRole("row").filter({ hasText: "127.0.0.1" }).first().click();
    await page.getByRole("region", { name: "Layers of packet 1" }).getByText("Destination port: 53").waitFor();
    await expectFine(window, "quokka-capture", fourLooks);

    const scan = await ordered("portscan", { targets: ["127.0.0.1"] });
    const scan_output =
      "{'nmap': {'scanstats': {'elapsed': '1.83', 'uphosts': '1', 'totalhosts': '1'}},\n 'scan': {'127.0.0.1': {'status': {'state': 'up'}," +
      " 'tcp': {22: {'state': 'open', 'name': 'ssh', 'product': 'OpenSSH', 'version': '9.2'}}}}}";
    await post("/portscan/store", {
      ...said,
      host_ip: "127.0.0.1",
      host_name: "localhost",
      token: scan.token,
      scan_output,
    });
    await page.goto(`/scans/${serial}-portscan/${scan.unit}`);
    const ports = page.getByRole("region", { name: "Ports", exact: true });
    await ports.getByRole("row").filter({ hasText: "22" }).getByText("ssh OpenSSH 9.2").waitFor();
    await page.getByRole("status", { name: "Result" }).getByText("1 open port on 1 of 1 host, 1.83 s").waitFor();

    const path = await ordered("traceroute", { target: "www.example.org" });
    await post("/traceroute/store", { ...said, target: "www.example.org", token: path.token, traceroute_img: picture });
    await page.goto("/paths");
    await page.getByRole("link", { name: "www.example.org" }).click();
    const drawing = page.getByRole("img", { name: "The path to www.example.org, as drawn by its worker" });
    await drawing.waitFor();
    expect(
      await drawing.evaluate((element: HTMLImageElement) => [element.naturalWidth, element.naturalHeight]),
    ).toEqual([40, 20]);
    await page.getByText("does not tell its hops").waitFor();
    await expectFine(window, "quokka-path", fourLooks);

    await page.goto("/units");
    for (const type of ["capture", "portscan", "traceroute"])
      await page
        .getByRole("row")
        .filter({ hasText: `${serial}-${type}` })
        .getByText("Succeeded")
        .waitFor();
    await page.goto(`/workers/${serial}-traceroute`);
    await page.getByText("42 %").first().waitFor();
    expect(window.complaints).toEqual([]);
  });
});

/** A grey picture of that size, in base64. */
function pngOf(width: number, height: number): string {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  const rows = Buffer.alloc(height * (width + 1), 0x80);
  for (let row = 0; row < height; row++) rows[row * (width + 1)] = 0;
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const parts = [piece("IHDR", header), piece("IDAT", deflateSync(rows)), piece("IEND", Buffer.alloc(0))];
  return Buffer.concat([signature, ...parts]).toString("base64");
}

function piece(type: string, data: Buffer): Buffer {
  const said = Buffer.concat([Buffer.from(type), data]);
  const around = Buffer.alloc(8);
  around.writeUInt32BE(data.length, 0);
  around.writeUInt32BE(crc32(said), 4);
  return Buffer.concat([around.subarray(0, 4), said, around.subarray(4)]);
}
