import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer as createWebServer, type Server as WebServer } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { methodTable } from "#fleet";
import { toolMethods } from "../../src/worker/management/tool-methods.ts";
import { unitMethods } from "../../src/worker/management/unit-methods.ts";
import { goodPassword, unbase32 } from "../kit/access.ts";
import type { Page, Window } from "../kit/browser.ts";
import { type CloudWorker, cloudWorker } from "../kit/cloud-worker.ts";
import { expectFine } from "../kit/looks.ts";
import { fillLogin, openPages, type OpenPages } from "../kit/pages.ts";
import { type TempFolder, tempFolder } from "../kit/temp-folder.ts";
import { totpCode } from "../kit/totp.ts";
import type { JoinOptions } from "../kit/whole-server.ts";

const probes = ["ping", "tcp", "tls", "dns", "http"];

let pages: OpenPages;
let window: Window;
let page: Page;
let taking: Server;
let web: WebServer;
let [takingPort, webPort, namePort] = [0, 0, 0];
/** Says of each name that it is 127.0.0.9, for ten minutes. */
const names = createSocket("udp4").on("message", (question, { port, address }) => {
  const end = question.indexOf(0, 12) + 5;
  const answer = Buffer.concat([question.subarray(0, end), Buffer.from("c00c000100010000025800047f000009", "hex")]);
  answer.writeUInt16BE(0x8580, 2);
  answer.writeUInt32BE(0x0001_0001, 4);
  answer.writeUInt32BE(0, 8);
  names.send(answer, port, address);
});

/** A worker whose tools look at these hosts, with a shell for admins. */
const looker = (targets: readonly string[]): JoinOptions => ({
  capabilities: ["sh", "traceroute", ...probes],
  sections: [
    { "work-command": { worktype: "sh", command: "sh", params: "-s" } },
    ...["traceroute", ...probes].map((worktype) => ({ "work-tool": { worktype, targets } })),
  ],
  methods: async ({ units }) => ({
    table: methodTable([...unitMethods(units), ...toolMethods(units)]),
    mayTake: () => true,
    close: () => {},
  }),
  access: {
    shell: { enabled: true, command: "PS1='$ ' exec bash --norc --noprofile --noediting", level: "admin" },
    tcpServices: () => ({}),
  },
});

beforeAll(async () => {
  pages = await openPages();
  const { server } = pages;
  await server.worker("south-1", looker(["127.0.0.0/8"]));
  await server.worker("south-2", looker(["127.0.0.0/8"]));
  await server.worker("west-1", looker(["192.0.2.1"]));
  taking = createServer((socket) => socket.on("error", () => {}).end()).listen(0, "127.0.0.1");
  web = createWebServer((_, answer) => answer.end("here")).listen(0, "127.0.0.1");
  await Promise.all([once(taking, "listening"), once(web, "listening")]);
  [takingPort, webPort] = [taking, web].map((one) => (one.address() as AddressInfo).port) as [number, number];
  names.bind(0, "127.0.0.1");
  await once(names, "listening");
  ({ port: namePort } = names.address());
  window = await pages.loggedIn("ada");
  ({ page } = window);
});
afterAll(async () => {
  names.close();
  taking?.close();
  web?.close();
  await window?.[Symbol.asyncDispose]();
  await pages?.[Symbol.asyncDispose]();
});

describe("probes", () => {
  test("what a worker refuses stands at its field, and the form is still there", async () => {
    await page.goto("/probes?kind=tcp");
    await page.getByText("There is none yet.").waitFor();
    await expectFine(window, "probes-empty");
    await page.getByRole("button", { name: "Probe…" }).click();
    await page.getByRole("checkbox", { name: "west-1" }).check();
    await page.getByLabel("Host", { exact: true }).fill("127.0.0.1");
    await page.getByLabel("Port", { exact: true }).fill("70000");
    await page.getByRole("button", { name: "Probe", exact: true }).click();
    const port = page.getByRole("textbox", { name: "Port" });
    await page.locator('[name="port"][aria-invalid="true"]').waitFor();
    expect(await port.evaluate((element) => element === document.activeElement)).toBe(true);
    await port.fill(String(takingPort));
    await page.getByRole("button", { name: "Probe", exact: true }).click();
    await page.locator('[name="host"][aria-invalid="true"]').waitFor();
    await page.getByRole("alert").getByText("TARGET_REFUSED").waitFor();
    await expectFine(window, "probe-dialog");
  });

  test("several workers are asked at once: each says its times, one that refuses is silent, and enough agree", async () => {
    await page.goto("/probes?kind=tcp");
    await page.getByRole("button", { name: "Probe…" }).click();
    await page.getByLabel("Find workers").fill("-1");
    await page.getByRole("button", { name: "Choose these" }).click();
    await page.getByLabel("Find workers").fill("");
    await page.getByRole("checkbox", { name: "south-2" }).check();
    await page.getByRole("checkbox", { name: "north-1" }).uncheck();
    await page.getByLabel("Host", { exact: true }).fill("127.0.0.1");
    await page.getByLabel("Port", { exact: true }).fill(String(takingPort));
    await page.getByLabel("Attempts", { exact: true }).fill("2");
    await page.getByLabel("Must agree", { exact: true }).fill("2");
    await page.getByRole("button", { name: "Probe", exact: true }).click();
    const verdict = page.getByRole("region", { name: "Verdict" });
    await verdict.getByText("2 up, 0 down, 1 silent; 2 workers must agree.").waitFor();
    await verdict.getByText("up", { exact: true }).waitFor();
    const words = page.getByRole("region", { name: "Words of the workers" });
    const row = (name: string) => words.getByRole("row").filter({ hasText: name });
    await row("south-1").getByText("2 of 2 right").waitFor();
    expect(await row("south-1").getByText("connect").locator("..").textContent()).toMatch(/connect \d+\.\d\d ms/);
    const refusal = row("west-1").getByText(/this worker's tools may not look at 127\.0\.0\.1.* \(TARGET_REFUSED\)/);
    await refusal.waitFor();
    await expectFine(window, "probe-verdict");
    // On a phone all of it is in sight.
    await page.setViewportSize({ width: 390, height: 900 });
    expect(await words.evaluate((element) => element.scrollWidth - element.clientWidth)).toBe(0);
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.reload();
    await refusal.waitFor();
    await verdict.getByText("2 up, 0 down, 1 silent; 2 workers must agree.").waitFor();
    await page.getByRole("link", { name: "Probes", exact: true }).last().click();
    await page.getByRole("link", { name: "tcp", exact: true }).click();
    const list = page.getByRole("region", { name: "Probes" });
    await list
      .getByRole("link", { name: `127.0.0.1:${takingPort}` })
      .first()
      .waitFor();
    await expectFine(window, "probes");
  });

  test("one that looks at a web page from one worker is told down, with why", async () => {
    await page.goto("/workers/south-1");
    await page.getByRole("button", { name: "Probe…" }).click();
    await page.getByLabel("Kind").selectOption("http");
    await page.getByLabel("Address", { exact: true }).fill(`http://127.0.0.1:${webPort}/`);
    await page.getByLabel("Text in the page", { exact: true }).fill("there");
    await page.getByRole("button", { name: "Probe", exact: true }).click();
    const verdict = page.getByRole("region", { name: "Verdict" });
    await verdict.getByText("0 up, 1 down, 0 silent; 1 worker must agree.").waitFor();
    await page.getByText("all of it").waitFor();
    expect(window.complaints).toEqual([]);
  });

  test("a ping, a name and a certificate are looked at as the form asks, each with its times and what was found", async () => {
    const words = page.getByRole("region", { name: "Words of the workers" });
    await begin("ping", { Host: "127.0.0.1", Attempts: "2" });
    await words.getByText("2 of 2 right").waitFor();
    await words.getByText("there and back").waitFor();
    await words.getByText("up", { exact: true }).waitFor();

    const question = { Name: "web.farhand.example", "Name server": "127.0.0.1", "Its port": String(namePort) };
    await begin("dns", question);
    await words.getByText(/NOERROR, 127\.0\.0\.9$/).waitFor();
    await words.getByText("up", { exact: true }).waitFor();
    await begin("dns", { ...question, "One of the answers": "127.0.0.10" });
    await words.getByText("down", { exact: true }).waitFor();

    // The server's own port, whose authority nobody else knows.
    await begin("tls", { Host: "127.0.0.1", Port: String(pages.server.port) });
    await words.getByText("down", { exact: true }).waitFor();
    await words.getByText("connect").waitFor();
    await words
      .getByText(/certificate/i)
      .last()
      .waitFor();
    await expectFine(window, "probe-tls");
  });

  async function begin(kind: string, fields: Readonly<Record<string, string>>): Promise<void> {
    await page.goto("/workers/south-1");
    await page.getByRole("button", { name: "Probe…" }).click();
    await page.getByLabel("Kind").selectOption(kind);
    for (const [label, value] of Object.entries(fields)) await page.getByLabel(label, { exact: true }).fill(value);
    await page.getByRole("button", { name: "Probe", exact: true }).click();
    await page.getByRole("region", { name: "Verdict" }).waitFor();
  }
});

test("paths of several workers stand beside each other, and one that refuses is named", async () => {
  await page.goto("/paths");
  await page.getByRole("button", { name: "Traceroute…" }).click();
  for (const name of ["south-1", "south-2", "west-1"]) await page.getByRole("checkbox", { name }).check();
  await page.getByLabel("To", { exact: true }).fill("127.0.0.1");
  await page.getByRole("button", { name: "Traceroute", exact: true }).click();
  for (const name of ["south-1", "south-2"])
    await page
      .getByRole("region", { name: `Path from ${name}` })
      .getByText("reached after 1 hop,")
      .waitFor();
  await page.getByRole("list", { name: "Not started" }).getByText("TARGET_REFUSED").waitFor();
  await page.getByRole("heading", { name: "2 paths" }).waitFor();
  await expectFine(window, "paths-two");
});

describe("a command on several workers", () => {
  async function run(script: string): Promise<void> {
    await page.goto("/units");
    await page.getByRole("button", { name: "Run…" }).click();
    for (const name of ["south-1", "south-2"]) await page.getByRole("checkbox", { name }).check();
    await page.getByLabel("Input", { exact: true }).fill(script);
    await page.getByRole("button", { name: "Run", exact: true }).click();
  }

  test("ends on each as it does there; each output is seen whole, also by who comes in its middle", async () => {
    await run("for i in $(seq 60); do echo line-$i; sleep 0.1; done; exit 4");
    const units = page.getByRole("region", { name: "Units" });
    await page.getByRole("button", { name: "Output of south-2" }).click();
    await page.getByRole("region", { name: "Output" }).getByText("line-3", { exact: true }).waitFor();
    await page.reload();
    await page.getByRole("button", { name: "Output of south-2" }).click();
    await page.getByRole("status", { name: "Running" }).getByText("all over").waitFor({ timeout: 40_000 });
    expect(await units.getByText("exit code 4").count()).toBe(2);
    await page.getByText("sha256 checked").waitFor();
    await page.getByRole("region", { name: "Output" }).getByText("line-60", { exact: true }).waitFor();
    await expectFine(window, "units-together");
  });

  test("is cancelled on all of them at once", async () => {
    await run("echo here; exec sleep 1000");
    const status = page.getByRole("status", { name: "Running" });
    await status.getByText("2 not over").waitFor();
    await page.getByRole("region", { name: "Output" }).getByText("here").waitFor();
    await page.getByRole("button", { name: "Cancel all…" }).click();
    await expectFine(window, "units-cancel");
    await page.getByRole("button", { name: "Cancel them" }).click();
    await status.getByText("all over").waitFor();
    const units = page.getByRole("region", { name: "Units" });
    await expect.poll(() => units.getByText("canceled", { exact: true }).count()).toBe(2);
    await page.getByRole("button", { name: "Cancel all…" }).waitFor({ state: "detached" });
  });
});

describe("a shell and its recording", () => {
  /** What the terminal in the page shows. */
  const screen = () => page.locator(".xterm-rows").first();

  test("is opened, typed in, left by the keyboard, and says its exit code", async () => {
    await page.goto("/workers/south-1");
    await page.getByRole("link", { name: "Shell…" }).click();
    await expectFine(window, "shell-before");
    await page.getByRole("button", { name: "Open a shell" }).click();
    await page.getByText("connected", { exact: true }).waitFor();
    await page.keyboard.type("echo $((40 + 2))-seen\n");
    await expect.poll(() => screen().textContent(), { timeout: 20_000 }).toContain("42-seen");
    await page.keyboard.press("Control+]");
    const cut = page.getByRole("button", { name: "Cut it off" });
    expect(await cut.evaluate((element) => element === document.activeElement)).toBe(true);
    await expectFine(window, "shell");
    await page.locator(".xterm-helper-textarea").focus();
    await page.keyboard.type("stty size; exit 3\n");
    await page.getByText("ended with exit code 3").waitFor();
    expect(window.complaints).toEqual([]);
  });

  test("CAT-68, CAT-111: asks for the second factor where it is too old, and says who may have none", async () => {
    const { server } = pages;
    const tess = await server.user("tess", "admin");
    const { json } = await server.ask("POST", "/api/me/totp", tess);
    const secret = unbase32(String(json["secret"]));
    const code = totpCode(secret, Date.now());
    const made = await server.ask("POST", "/api/me/totp/confirm", { auth: tess.auth, body: { code } });
    const [first = "", second = ""] = made.json["recoveryCodes"] as string[];
    await using other = await pages.window();
    await other.page.goto("/workers/south-1/shell");
    await fillLogin(other.page, "tess", goodPassword);
    await other.page.getByLabel("Code of your second factor").fill(first);
    await other.page.getByRole("button", { name: "Go on" }).click();
    const open = other.page.getByRole("button", { name: "Open a shell" });
    await open.waitFor();
    const { db } = server.running.core.store;
    await db.updateTable("session").set({ factor_at: 1 }).where("user_id", "=", tess.id).execute();
    await open.click();
    await other.page.getByRole("heading", { name: "Show your second factor" }).waitFor();
    await other.page.getByLabel("Code").fill(second);
    await other.page.getByRole("button", { name: "Show it" }).click();
    await other.page.getByText("connected", { exact: true }).waitFor();
    await other.page.getByRole("button", { name: "Cut it off" }).click();

    await server.user("vera", "operator");
    await using third = await pages.loggedIn("vera");
    await third.page.goto("/workers/south-1/shell");
    await third.page.getByText("a shell is for its admins").waitFor();
    expect(await third.page.getByRole("button", { name: "Open a shell" }).isDisabled()).toBe(true);
    await third.page.goto("/recordings");
    await third.page.getByRole("alert").getByText("LEVEL_TOO_LOW").waitFor();
    await page.goto("/workers/north-1/shell");
    await page.getByRole("button", { name: "Open a shell" }).click();
    await page.getByRole("alert").getByText("SHELL_REFUSED").waitFor();
    await expectFine(window, "shell-refused");
  });

  test("CAT-122: that goes on is watched as it happens", async () => {
    await page.goto("/workers/south-2/shell");
    await page.getByRole("button", { name: "Open a shell" }).click();
    await page.getByText("connected", { exact: true }).waitFor();
    const watcher = await page.context().newPage();
    await watcher.goto("/recordings");
    await watcher.getByLabel("only those that go on").check();
    await watcher.getByRole("row").filter({ hasText: "south-2" }).getByRole("link").click();
    await watcher.getByText("shown as it happens").waitFor();
    await page.keyboard.type("echo $((40 + 3))-live\n");
    const watched = () => watcher.locator(".xterm-rows").first().textContent();
    await expect.poll(watched, { timeout: 20_000 }).toContain("43-live");
    await page.getByRole("button", { name: "Cut it off" }).click();
    await watcher.getByRole("button", { name: "Play" }).waitFor();
    await watcher.close();
  });

  test("CAT-122: is listed as whole, and played back with pause, speed and position", async () => {
    await page.goto("/recordings");
    const list = page.getByRole("region", { name: "Recordings" });
    const row = list.getByRole("row").filter({ hasText: "south-1" }).last();
    await row.getByText("whole").waitFor();
    await expectFine(window, "recordings");
    await row.getByRole("link").click();
    await page.getByRole("status", { name: "Reading" }).getByText("none altered").waitFor();
    await page.getByRole("button", { name: "To its end" }).click();
    await expect.poll(() => screen().textContent()).toContain("exit 3");
    await page.getByRole("slider", { name: "Position" }).fill("0");
    await expect.poll(() => screen().textContent()).not.toContain("42-seen");
    await page.getByLabel("Speed").selectOption("16");
    await page.getByRole("button", { name: "Play" }).click();
    await expect.poll(() => screen().textContent(), { timeout: 20_000 }).toContain("42-seen");
    await page.getByRole("button", { name: "Play" }).waitFor();
    await expectFine(window, "recording");
  });

  test("CAT-122: that was altered says so, where it was", async () => {
    const folder = join(pages.server.folder.path, "server", "recordings");
    const [name = ""] = readdirSync(folder).toSorted();
    const bytes = readFileSync(join(folder, name));
    // The last byte of what was on the screen: before the record that ends it, and its trailer.
    const at = bytes.length - 16 - bytes.readUInt32BE(bytes.length - 8) - 1;
    writeFileSync(join(folder, name), bytes.with(at, (bytes[at] ?? 0) ^ 1));
    await page.goto(`/recordings/${name.replace(".recording", "")}`);
    await page.getByRole("status", { name: "Reading" }).getByText("altered behind").waitFor();
    // That an answer broke off is all that a browser says of it.
    const others = window.complaints.splice(0).filter((text) => !text.includes("ERR_INCOMPLETE_CHUNKED_ENCODING"));
    expect(others).toEqual([]);
    await expectFine(window, "recording-altered");
    writeFileSync(join(folder, name), "no recording");
    await page.reload();
    await page.getByRole("alert").getByText("RECORDING_ALTERED").waitFor();
    expect(window.complaints.splice(0)).toEqual([expect.stringMatching(/status of 500 .*\/content/)]);
    await page.goto("/recordings");
    await page.getByRole("region", { name: "Recordings" }).getByText("altered", { exact: true }).waitFor();
  });
});

test("the clipboard has what its button says", async () => {
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"], { origin: pages.server.url });
  await page.goto("/enrolment");
  await page.getByRole("button", { name: "Copy: Command without a token" }).click();
  await page.getByText("It is on the clipboard.").waitFor();
  const shown = await page.getByRole("group", { name: "Command without a token" }).locator("code").textContent();
  expect(shown).toContain(pages.server.url);
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(shown);
});

describe("a roll-out by stages", () => {
  let folder: TempFolder;
  let pods: CloudWorker[] = [];

  beforeAll(async () => {
    folder = await tempFolder();
    const { core } = pages.server.running;
    const document = { log: { level: "info" }, workTypes: [{ worktype: "echo", command: "echo" }] };
    await core.configurations.put("web", { document, ifMatch: 0 }, "somebody");
    const server = { core, url: pages.server.url };
    pods = await Promise.all(
      ["first", "later"].map((stage) =>
        cloudWorker({ server, folder, name: `pod-${stage}`, config: "web", labels: { stage } }),
      ),
    );
  }, 120_000);
  afterAll(async () => {
    for (const pod of pods) await pod[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  test("CAT-80: those with a label get it first, and the others when somebody gives it to all", async () => {
    await page.goto("/configurations/web");
    const row = (name: string) => page.getByRole("row").filter({ hasText: name });
    for (const name of ["pod-first", "pod-later"])
      await row(name).getByRole("cell", { name: "applied 1" }).waitFor({ timeout: 60_000 });
    await page.getByRole("tab", { name: "Edit" }).click();
    await page.getByRole("textbox", { name: "Document of web" }).click();
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.insertText("log:\n  level: debug\nworkTypes:\n  - worktype: echo\n    command: echo\n");
    await page.getByText("The server finds nothing wrong with it.").waitFor();
    await page.getByRole("button", { name: "Save…" }).click();
    await page.getByLabel("Note").fill("more to read");
    await page.getByLabel("Who gets it").selectOption("labels");
    await page.getByLabel("Labels", { exact: true }).fill("stage=first");
    await page.getByLabel("They must be well for").selectOption("3600000");
    await expectFine(window, "rollout-by-label");
    await page.getByRole("button", { name: "Save it" }).click();
    const rollout = page.getByRole("region", { name: "Roll-out" });
    await rollout.getByText(/must be well for/).waitFor({ timeout: 60_000 });
    await row("pod-first").getByRole("cell", { name: "applied 2" }).waitFor({ timeout: 60_000 });
    expect(await row("pod-later").getByRole("cell", { name: "applied 1" }).count()).toBe(1);
    await rollout.getByRole("button", { name: "Give it to all…" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Give it to all" }).click();
    await rollout.getByText("all workers get it").waitFor();
    await row("pod-later").getByRole("cell", { name: "applied 2" }).waitFor({ timeout: 60_000 });
    expect(window.complaints).toEqual([]);
  });
});
