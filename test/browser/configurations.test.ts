import { afterAll, beforeAll, expect, test } from "vitest";
import type { Page, Window } from "../kit/browser.ts";
import { type CloudWorker, cloudWorker } from "../kit/cloud-worker.ts";
import { type FileWorker, fileWorker } from "../kit/file-worker.ts";
import { expectFine } from "../kit/looks.ts";
import { openPages, type OpenPages } from "../kit/pages.ts";
import { type TempFolder, tempFolder } from "../kit/temp-folder.ts";

let pages: OpenPages;
let window: Window;
let folder: TempFolder;
let pod: CloudWorker | undefined;
let shed: FileWorker | undefined;

beforeAll(async () => {
  folder = await tempFolder();
  pages = await openPages();
  window = await pages.loggedIn("ada");
});
afterAll(async () => {
  await window[Symbol.asyncDispose]();
  await pod?.[Symbol.asyncDispose]();
  await shed?.[Symbol.asyncDispose]();
  await pages[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

/** Type a whole document in place of what stands in the editor, as people do. */
async function write(page: Page, editor: string, text: string): Promise<void> {
  await page.getByRole("textbox", { name: editor }).click();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.insertText(text);
}

async function save(page: Page, note: string): Promise<void> {
  await page.getByRole("button", { name: "Save…" }).click();
  await page.getByLabel("Note").fill(note);
  await page.getByRole("button", { name: "Save it" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
}

const ofServer = () => ({ core: pages.server.running.core, url: pages.server.url });
const echo = "workTypes:\n  - worktype: echo\n    command: echo\n";

test("CAT-110: a configuration is made in a page; what is wrong is shown at its line and not saved", async () => {
  const { page } = window;
  await page.goto("/configurations");
  await page.getByText("This server holds no configuration").waitFor();
  await expectFine(window, "configurations-empty");
  await page.getByRole("button", { name: "New configuration…" }).click();
  await page.getByLabel("Name", { exact: true }).fill("web");
  await page.getByRole("button", { name: "Write it" }).click();
  await write(page, "Document of web", `log:\n  level: loud\n${echo}`);
  await page.getByText("wrong", { exact: true }).waitFor();
  await page.getByRole("button", { name: "line 2" }).click();
  await expectFine(window, "configuration-fault");
  await page.getByRole("button", { name: "Save…" }).click();
  expect(await page.getByRole("dialog").count()).toBe(0);
  await write(page, "Document of web", `log:\n  level: info\n${echo}`);
  await page.getByText("The server finds nothing wrong with it.").waitFor();
  await save(page, "the first");
  await page.getByText("No worker goes by it.").waitFor();
  pod = await cloudWorker({ server: ofServer(), folder, name: "pod", config: "web" });
  await expect
    .poll(() => pages.server.running.core.registry.list().then((all) => all.length), { timeout: 60_000 })
    .toBe(2);
});

test("CAT-80, CAT-75: a version that could cut workers off comes to one first, is paused, and given to all or taken back", async () => {
  const { page } = window;
  await page.goto("/configurations/web");
  await page.getByRole("cell", { name: "applied 1" }).waitFor({ timeout: 60_000 });
  await page.getByRole("tab", { name: "Edit" }).click();
  await write(page, "Document of web", `log:\n  level: debug\nremoteAccess:\n  roles:\n    admin: admin\n${echo}`);
  await page.getByText("look twice").waitFor();
  await page.getByRole("button", { name: "Save…" }).click();
  await page.getByRole("list", { name: "Look twice" }).getByText("/remoteAccess/roles").waitFor();
  await page.getByLabel("Note").fill("admins alone");
  expect(await page.getByLabel("How many first").inputValue()).toBe("1");
  await page.getByLabel("They must be well for").selectOption("3600000");
  await expectFine(window, "configuration-save");
  await page.getByRole("button", { name: "Save it" }).click();
  const rollout = page.getByRole("region", { name: "Roll-out" });
  await rollout.getByText(/must be well for \d+ s more/).waitFor({ timeout: 60_000 });
  await page.getByRole("cell", { name: "applied 2" }).waitFor();
  const asked: string[] = [];
  const note = (request: { url(): string }): void => void asked.push(request.url());
  page.on("request", note);
  // It counts down, and nobody asks for that.
  const before = await rollout.getByRole("status").innerText();
  await expect.poll(() => rollout.getByRole("status").innerText(), { timeout: 30_000 }).not.toBe(before);
  expect(asked).toEqual([]);
  page.off("request", note);
  await expectFine(window, "configuration-rollout");
  await rollout.getByRole("button", { name: "Pause" }).click();
  await rollout.getByText("paused: some workers have it").waitFor();
  await rollout.getByRole("button", { name: "Go back…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Go back" }).click();
  await rollout.getByText("aborted, and taken back").waitFor();
  await page.getByRole("cell", { name: "applied 3" }).waitFor({ timeout: 60_000 });
  await page.goto("/configurations");
  await page.getByText("with all").waitFor();
  await expectFine(window, "configurations");
});

test("CAT-74: any two versions are compared, by sign and not by colour alone, and an old one is put back", async () => {
  const { page } = window;
  await page.goto("/configurations/web?tab=versions&from=1&to=2");
  const diff = page.getByRole("region", { name: "From version 1 to version 2" });
  await diff.getByRole("row").filter({ hasText: "+" }).filter({ hasText: "level: debug" }).waitFor();
  await diff.getByRole("row").filter({ hasText: "-" }).filter({ hasText: "level: info" }).waitFor();
  await expectFine(window, "configuration-versions");
  await page.getByRole("button", { name: "Actions of version 2" }).click();
  await page.getByRole("menuitem", { name: "Put it back…" }).click();
  await page.getByRole("button", { name: "Put it back", exact: true }).click();
  await page.getByText("as version 2", { exact: true }).waitFor();
  const { configurations } = pages.server.running.core;
  expect(await configurations.get("web")).toMatchObject({ version: 4 });
  // One that somebody else writes is seen by itself.
  const { document } = await configurations.get("web");
  await configurations.put("web", { document, ifMatch: 4, comment: "from elsewhere" }, "somebody");
  await page.getByText("from elsewhere", { exact: true }).waitFor();
});

test("CAT-72: who was slower loses nothing of what was typed, and sees what differs", async () => {
  const { page } = window;
  await page.goto("/configurations/web?tab=edit");
  await write(page, "Document of web", `log:\n  level: warning\n${echo}`);
  const { configurations } = pages.server.running.core;
  const { document } = await configurations.get("web");
  await configurations.put("web", { document: { ...document, log: { level: "error" } }, ifMatch: 5 }, "somebody");
  await page.getByRole("button", { name: "Save…" }).click();
  await page.getByRole("button", { name: "Save it" }).click();
  const note = page.getByRole("region", { name: "Somebody else was faster" });
  await note.getByRole("row").filter({ hasText: "/log/level" }).getByText("both changed it").waitFor();
  await expectFine(window, "configuration-conflict");
  await page.getByRole("tab", { name: "Workers" }).click();
  await page.getByRole("button", { name: "No", exact: true }).click();
  await note.getByRole("button", { name: "Keep my text, over theirs" }).click();
  await save(page, "mine");
  expect(await configurations.get("web")).toMatchObject({ version: 7, document: { log: { level: "warning" } } });
});

test("CAT-78, CAT-109: a worker's page says what it is to go by and what it does, and edits at the right place", async () => {
  const { page } = window;
  await page.goto("/workers/pod?tab=configuration");
  const held = page.getByRole("region", { name: "Configuration of the server" });
  await held.getByText("version 7", { exact: true }).first().waitFor();
  await page.getByText("cloud:web@7").first().waitFor({ timeout: 60_000 });
  await expectFine(window, "worker-configuration");
  await held.getByRole("link", { name: "Edit" }).click();
  await page.getByRole("textbox", { name: "Document of web" }).waitFor();
  await page.goto("/workers");
  await page.getByRole("button", { name: "Actions of pod" }).click();
  await page.getByRole("menuitem", { name: "Configuration" }).click();
  await page.getByRole("textbox", { name: "Document of web" }).waitFor();
});

test("CAT-71, CAT-75: a worker's own file is edited through its service, and confirmed over a new connection", async () => {
  const { page } = window;
  shed = await fileWorker({ server: ofServer(), folder, name: "shed" });
  const { core } = pages.server.running;
  const isThere = async () => {
    const one = (await core.registry.list()).find(({ name }) => name === "shed");
    return one !== undefined && one.epoch > 1 && core.lines.isConnected(one.id);
  };
  await expect.poll(isThere, { timeout: 60_000 }).toBe(true);
  await page.goto("/workers/shed?tab=configuration");
  const add = async (more: string) => {
    await page.getByRole("button", { name: "Edit" }).click();
    const editor = page.getByRole("textbox", { name: "Own configuration of shed" });
    await editor.click();
    await page.keyboard.press("ControlOrMeta+End");
    await page.keyboard.insertText(`\n${more}`);
  };
  const roles = "remoteAccess:\n  roles:\n    admin: admin\n    viewer:";
  const waiting = page.getByRole("region", { name: "To be confirmed" });
  await add(`${roles} everything\n`);
  await page.getByText("/remoteAccess/roles/viewer").waitFor();
  await page.getByRole("button", { name: "Back" }).click();
  await page.getByRole("button", { name: "Leave it" }).click();
  await add(`${roles} operate\n`);
  await page.getByText("you confirm it afterwards").waitFor();
  await save(page, "viewers operate");
  await waiting.getByRole("timer").waitFor();
  await expectFine(window, "worker-confirm");
  await waiting.getByRole("button", { name: "Confirm it" }).click();
  await waiting.waitFor({ state: "detached" });
  await page.getByText('{"admin":"admin","viewer":"operate"}').waitFor();

  // What is in force only after a restart is taken back, and then written again, with the restart.
  await add("shell:\n  enabled: true\n");
  await save(page, "a shell");
  await waiting.getByRole("button", { name: "Go back now" }).click();
  await waiting.waitFor({ state: "detached" });
  expect(await page.getByText("/shell/enabled").count()).toBe(0);
  await add("shell:\n  enabled: true\n");
  await save(page, "a shell after all");
  await waiting.getByRole("button", { name: "Restart it" }).click();
  await waiting.getByText("has started anew").waitFor({ state: "detached" });
  await waiting.getByRole("button", { name: "Confirm it" }).click();
  await waiting.waitFor({ state: "detached" });
  await page.getByRole("listitem").filter({ hasText: "/shell/enabled" }).getByText("true").waitFor();
  expect(shed.starts()).toBe(2);
});

test("CAT-110: an admin chooses which workers a configuration is for", async () => {
  const { page } = window;
  const document = { workTypes: [{ worktype: "echo", command: "echo" }] };
  await pages.server.running.core.configurations.put("spare", { document, ifMatch: 0 }, "somebody");
  await page.goto("/configurations/spare");
  await page.getByRole("button", { name: "Choose its workers…" }).click();
  await page
    .getByRole("listitem")
    .filter({ hasText: "goes by web now" })
    .getByRole("checkbox", { name: /pod/ })
    .check();
  await expectFine(window, "configuration-workers");
  await page.getByRole("button", { name: "Keep it" }).click();
  await page.getByRole("cell", { name: "applied 1" }).waitFor({ timeout: 60_000 });
});

test("CAT-103: the test of a connection names the stage that fails; its address is kept", async () => {
  const { page } = window;
  await page.goto("/workers/shed?tab=connection");
  await page.getByRole("button", { name: "Test connection" }).click();
  await page.getByText(/^It answered in /).waitFor();
  await page.getByText("it has proved the key it was registered with").waitFor();
  await page.getByLabel("Host or address, and published port").fill("shed.example:18889");
  await page.getByRole("button", { name: "Keep it" }).click();
  await expectFine(window, "worker-connection");
  await shed?.[Symbol.asyncDispose]();
  shed = undefined;
  await page.getByRole("button", { name: "Test connection" }).click();
  await page.getByText("It fails at the stage “Connection”.").waitFor();
  await expectFine(window, "worker-connection-lost");
  await page.reload();
  expect(await page.getByLabel("Host or address, and published port").inputValue()).toBe("shed.example:18889");
});

test("who may only look finds no way to write", async () => {
  await pages.server.user("vera", "viewer");
  await using other = await pages.loggedIn("vera");
  await other.page.goto("/configurations");
  expect(await other.page.getByRole("button", { name: "New configuration…" }).isDisabled()).toBe(true);
  await other.page.goto("/configurations/web?tab=edit");
  await other.page.getByText("your role may not configure").first().waitFor();
  expect(await other.page.getByRole("button", { name: "Save…" }).isDisabled()).toBe(true);
});
