import { writeFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { decodeEnrolmentToken } from "#fleet";
import { axeFindings, type Browser, openBrowser, openWindow, type Page, screenshot } from "../kit/browser.ts";
import { freshBuild, programs } from "../kit/daemon.ts";
import { endMarkedProcesses, processMark } from "../kit/marked-processes.ts";
import { runProcess, startProcess } from "../kit/processes.ts";
import { type TempFolder, tempFolder } from "../kit/temp-folder.ts";
import { wholeServer } from "../kit/whole-server.ts";

let home: TempFolder;
let browser: Browser;
let env: Record<string, string | undefined>;

beforeAll(async () => {
  await freshBuild();
  browser = await openBrowser();
});
afterAll(() => browser?.close());

beforeEach(async () => {
  home = await tempFolder();
  env = {
    ...{
      HOME: home.path,
      XDG_CONFIG_HOME: home.file("c"),
      XDG_STATE_HOME: home.file("s"),
      XDG_RUNTIME_DIR: home.file("r"),
    },
    ...{ FARHAND_WORKER_SOCKET: undefined, FARHAND_SOCKET: undefined, RECEPTORCTL_SOCKET: undefined },
    ...processMark(home.path),
  };
});
afterEach(async () => {
  endMarkedProcesses(home.path);
  await home[Symbol.asyncDispose]();
});

const farhand = (...args: string[]) => runProcess(process.execPath, [programs.farhand, ...args], { env });

/** `farhand worker ui`, with what it printed. */
async function localUi() {
  const ui = await startProcess(process.execPath, [programs.farhand, "worker", "ui", "--session"], { env });
  const found = (word: string): string | undefined => new RegExp(`^${word}: +(\\S+)$`, "m").exec(ui.stdout())?.[1];
  await expect.poll(() => found("Code"), { timeout: 30_000 }).toBeDefined();
  const url = (found("Address") ?? "").replace(/\/$/, "");
  return { url, code: found("Code") ?? "", ui };
}

/** Press Tab until what is wanted has the focus. */
async function tabTo(page: Page, name: string): Promise<void> {
  const focused = (): Promise<string> =>
    page.evaluate(() => {
      const { activeElement: element } = document;
      const label = element instanceof HTMLInputElement ? element.labels?.[0]?.textContent : undefined;
      return (label ?? element?.textContent ?? "").trim();
    });
  for (let presses = 0; presses < 60; presses++) {
    if ((await focused()) === name) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`no Tab leads to ${name}`);
}

async function goTo(page: Page, name: string): Promise<void> {
  await page.getByRole("link", { name }).click();
  await page.getByRole("heading", { name, level: 1 }).waitFor();
}

test("CAT-108, CAT-112: a first run by keyboard only; then switches, a task's output, the configuration, reset, the log, health; a worker that stops", async () => {
  await using server = await wholeServer();
  const { token } = await server.running.core.enrolments.make({ name: "shed" }, "u1");
  const opened = await localUi();
  await using _ui = opened.ui;
  await using window = await openWindow(browser, opened.url);
  const { page } = window;
  const { keyboard } = page;

  await page.goto("/");
  await page.getByRole("heading", { name: "The worker of this machine" }).waitFor();
  await tabTo(page, "Code");
  // CAT-111: what is refused says so where it was asked.
  await keyboard.type("wrong");
  await keyboard.press("Enter");
  const refused = page.getByRole("alert");
  await refused.getByText("CAT-22").waitFor();
  await refused.getByText("by running `farhand worker ui` again").waitFor();
  await refused.getByText("it prints a new code").waitFor();
  // The browser notes the answer 401, and nothing else.
  expect(window.complaints.filter((each) => !each.includes("Failed to load resource"))).toEqual([]);
  window.complaints.length = 0;
  await tabTo(page, "Code");
  await keyboard.press("Control+A");
  await keyboard.type(opened.code);
  await keyboard.press("Enter");
  await page.getByText("does not run").waitFor();
  await page.getByText("unconfigured").waitFor();
  await screenshot(page, "local-first");
  await tabTo(page, "Basic setup");
  await keyboard.press("Enter");
  await page.getByRole("heading", { name: "Basic setup" }).waitFor();
  await tabTo(page, "Server");
  await keyboard.type(server.url);
  await tabTo(page, "Server’s pin");
  await keyboard.type(decodeEnrolmentToken(token).pin ?? "");
  await tabTo(page, "Name");
  await keyboard.type("shed");
  // Without a token a person has to let it in, by the fingerprint that both show.
  await keyboard.press("Enter");
  const fingerprint = await page.getByLabel("Fingerprint of this machine").innerText();
  const pending = await server.running.core.pending.list();
  expect(pending.map((each) => each.fingerprint)).toEqual([fingerprint]);
  await screenshot(page, "local-waiting");
  expect(await axeFindings(page)).toEqual([]);
  await page.getByRole("button", { name: "Give up" }).click();
  await page.getByLabel("Fingerprint of this machine").waitFor({ state: "detached" });
  await tabTo(page, "Enrolment token");
  await keyboard.type("fh1.nonsense");
  await tabTo(page, "Service password");
  await keyboard.type("short");
  await keyboard.press("Enter");
  await page.getByText("this is no enrolment token").waitFor();
  await page.getByText("it is too short").waitFor();
  await screenshot(page, "local-setup-faults");
  expect(await axeFindings(page)).toEqual([]);
  // Nothing is lost, and the focus is where the first fault is.
  expect(await page.getByLabel("Server", { exact: true }).inputValue()).toBe(server.url);
  await keyboard.press("Control+A");
  await keyboard.type(token);
  await tabTo(page, "Service password");
  await keyboard.press("Control+A");
  await keyboard.type("ein langes gutes Passwort");
  await keyboard.press("Enter");
  await page.getByText(`this machine is shed now, a worker of ${server.url}`).waitFor({ timeout: 60_000 });
  await page.getByText("the service password is set").waitFor();
  await tabTo(page, "State");
  await keyboard.press("Enter");
  await page.getByText("registered", { exact: true }).waitFor();
  await screenshot(page, "local-state");
  expect(await axeFindings(page)).toEqual([]);

  await page.getByRole("checkbox", { name: "workers" }).click();
  await expect.poll(async () => (await farhand("worker", "switches", "--session")).stdout).toMatch(/workers\W+off/);
  await page.getByRole("checkbox", { name: "workers" }).click();
  await expect.poll(() => page.getByRole("checkbox", { name: "workers" }).isChecked()).toBe(true);

  const control = home.file("r/farhand/control.sock");
  const script = "echo first; while [ ! -e go ]; do sleep 0.1; done; echo second; sleep 600";
  const submitted = await farhand(
    "work",
    "submit",
    "run",
    "-l",
    script.replace("go", home.file("go")),
    "--socket",
    control,
  );
  expect(submitted).toMatchObject({ code: 0 });
  await goTo(page, "Tasks");
  await page.getByRole("button", { name: "Output" }).click();
  await page.getByRole("region", { name: "Output of" }).getByText("first").waitFor();
  await runProcess("touch", [home.file("go")]);
  await page.getByRole("region", { name: "Output of" }).getByText("second").waitFor();
  await screenshot(page, "local-tasks");
  expect(await axeFindings(page)).toEqual([]);
  await page.getByRole("button", { name: "Cancel…" }).click();
  await page.getByRole("button", { name: "Cancel it" }).click();
  await page.getByText("canceled", { exact: true }).waitFor();

  await goTo(page, "Configuration");
  await page.getByText("/identity/name", { exact: true }).waitFor();
  await screenshot(page, "local-configuration");
  expect(await axeFindings(page)).toEqual([]);
  await page.getByRole("button", { name: "Edit" }).click();
  const editor = page.getByRole("textbox", { name: "Configuration of this worker" });
  await editor.waitFor();
  await page.getByText("The worker finds nothing wrong with it.").waitFor();
  await editor.press("Control+End");
  await keyboard.insertText("\nlog:\n  level: loud");
  await page.getByRole("list", { name: "What is wrong with it" }).getByText("/log/level").waitFor();
  await page.getByRole("button", { name: /^line \d+$/ }).waitFor();
  await screenshot(page, "local-configuration-fault");
  expect(await axeFindings(page)).toEqual([]);
  // Another page is looked at meanwhile: what was typed is there afterwards. Somebody else is faster.
  await goTo(page, "Tasks");
  await goTo(page, "Configuration");
  await editor.getByText("loud").waitFor();
  await editor.press("Control+End");
  for (const _letter of "loud") await keyboard.press("Backspace");
  await keyboard.insertText("warning");
  await page.getByText("The worker finds nothing wrong with it.").waitFor();
  const theirs = { env: { ...env, EDITOR: "sed -i s/shed/hut/" } };
  const others = await runProcess(process.execPath, [programs.farhand, "worker", "edit", "--session"], theirs);
  expect(others).toMatchObject({ code: 0 });
  const save = async () => {
    await page.getByRole("button", { name: "Save…" }).click();
    await page.getByRole("button", { name: "Save it" }).click();
  };
  await save();
  await page.getByText("Your text is here as you typed it").waitFor();
  await screenshot(page, "local-configuration-stale");
  expect(await axeFindings(page)).toEqual([]);
  await page.getByRole("button", { name: "Keep my text, over theirs" }).click();
  await save();
  await page.getByText(/Version \d+ is written\. The worker has it\./).waitFor();
  await page.getByText('"warning"', { exact: true }).waitFor();

  await goTo(page, "Reset");
  await page.getByRole("checkbox", { name: "clear the service password" }).click();
  await page.getByRole("button", { name: "Reset…" }).click();
  await page.getByRole("dialog").getByText("This cannot be taken back").waitFor();
  await page.getByRole("button", { name: "Reset it" }).click();
  await page.getByText("there is no service password").waitFor();
  await goTo(page, "State");
  await page.getByText("does not run", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Start" }).click();
  await page.getByText("runs", { exact: true }).waitFor({ timeout: 60_000 });

  await goTo(page, "Log");
  const lines = page.getByRole("list", { name: "Lines of the log" });
  // It is there since before anybody looked.
  await lines.getByText("registered with the server as").first().waitFor();
  // What changes something is logged; until the worker that has just come is heard, it is told nobody.
  const switched = async (): Promise<number> => {
    await farhand("worker", "switches", "--session", "watchers=off");
    return await lines.getByText("management: worker.switches.set").count();
  };
  await expect.poll(switched, { timeout: 20_000 }).toBeGreaterThan(0);
  await page.getByLabel("From level").selectOption("error");
  await page.getByText("No line yet").waitFor();
  await page.getByLabel("From level").selectOption("info");
  await lines.waitFor();
  await screenshot(page, "local-log");
  expect(await axeFindings(page)).toEqual([]);

  await goTo(page, "Health");
  const findings = page.getByRole("list", { name: "Findings" });
  await findings.getByText("socket", { exact: true }).waitFor();
  await page.getByText(/^\d+ s ago in \d+(\.\d+)? m?s, every \d+ s$/).waitFor();
  await screenshot(page, "local-health");
  expect(await axeFindings(page)).toEqual([]);

  await page.setViewportSize({ width: 390, height: 844 });
  await page.emulateMedia({ colorScheme: "dark" });
  for (const name of ["State", "Basic setup", "Tasks", "Health", "Log", "Configuration", "Reset"]) {
    await goTo(page, name);
    expect(await axeFindings(page)).toEqual([]);
    await screenshot(page, `local-dark-390-${name.replace(" ", "-").toLowerCase()}`);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  }

  expect(window.complaints).toEqual([]);
  // CAT-112: stopped hard while somebody looks; then gone.
  const { stdout } = await farhand("worker", "status", "--session", "--json");
  const { pid } = JSON.parse(stdout) as { pid: number };
  await goTo(page, "Health");
  await page.getByText("Memory of the worker itself").waitFor();
  process.kill(pid, "SIGSTOP");
  await page.getByText(/The worker tells no numbers now; these are \d+ s old/).waitFor({ timeout: 30_000 });
  await page.getByText("the worker does not answer", { exact: false }).first().waitFor();
  await goTo(page, "State");
  await page.getByText(/What stands below is \d+ s old/).waitFor();
  await screenshot(page, "local-stopped-390");
  expect(await axeFindings(page)).toEqual([]);
  process.kill(pid, "SIGKILL");
  await page.getByText("does not run", { exact: true }).waitFor({ timeout: 30_000 });
  await goTo(page, "Health");
  await page.getByText(/The worker does not run\. What it told is \d+ s old/).waitFor();
  await screenshot(page, "local-killed-390");
  await goTo(page, "Log");
  const note = page.getByRole("region", { name: "It does not run" });
  await note.getByText(/^The worker does not run\. The last was written at .+ Start it on the page State\.$/).waitFor();
  await lines.getByText("registered with the server as").first().waitFor();
  await screenshot(page, "local-killed-log-390");
  expect(await axeFindings(page)).toEqual([]);
  // What was asked of a worker that is killed fails, and the browser notes that; nothing else may be amiss.
  expect(window.complaints.filter((each) => !each.includes("Failed to load resource"))).toEqual([]);
}, 240_000);

test("CAT-33, CAT-111: a worker without a token works once a person lets it in; what it refuses by itself says which rule, who and what to try", async () => {
  await using server = await wholeServer();
  const opened = await localUi();
  await using _ui = opened.ui;
  await using window = await openWindow(browser, opened.url);
  const { page } = window;
  await page.goto("/");
  await page.getByLabel("Code").fill(opened.code);
  await page.keyboard.press("Enter");
  await page.getByText("unconfigured").waitFor();
  await goTo(page, "Basic setup");
  await page.getByLabel("Server", { exact: true }).fill(server.url);
  const { token } = await server.running.core.enrolments.make({}, "u1");
  await page.getByLabel("Server’s pin").fill(decodeEnrolmentToken(token).pin ?? "");
  await page.getByLabel("Name", { exact: true }).fill("attic");
  await page.getByLabel("Service password").fill("ein langes gutes Passwort");
  await page.getByRole("button", { name: "Set up" }).click();
  const fingerprint = page.getByLabel("Fingerprint of this machine");
  await server.running.core.pending.approve(await fingerprint.innerText(), { labels: { floor: "3" } }, "u1");
  await fingerprint.waitFor({ state: "detached", timeout: 60_000 });
  await goTo(page, "State");
  await page.getByText("registered", { exact: true }).waitFor({ timeout: 60_000 });
  await screenshot(page, "local-let-in");
  const listed = await server.running.core.registry.list("", 10);
  expect(listed).toMatchObject([{ name: "attic", labels: { floor: "3" }, state: "online" }]);

  // From now on the socket alone only lets look on: these pages too.
  const editor = home.file("editor");
  writeFileSync(editor, `#!/bin/sh\nprintf 'legacyPassword:\\n  requireLocally: true\\n' >> "$1"\n`, { mode: 0o755 });
  const others = { env: { ...env, EDITOR: editor } };
  const edited = await runProcess(process.execPath, [programs.farhand, "worker", "edit", "--session"], others);
  expect(edited).toMatchObject({ code: 0 });
  await page.getByRole("checkbox", { name: "workers" }).click();
  const refused = page.getByRole("alert");
  await refused.getByText("LEVEL_TOO_LOW").waitFor();
  await refused.getByText("CAT-24", { exact: true }).waitFor();
  await refused.getByText("by showing the service password").waitFor();
  await refused.getByText("--password-file FILE").waitFor();
  expect(await page.getByRole("checkbox", { name: "workers" }).isChecked()).toBe(true);
  await screenshot(page, "local-refused");
  expect(await axeFindings(page)).toEqual([]);
  expect(window.complaints.filter((each) => !each.includes("Failed to load resource"))).toEqual([]);
}, 240_000);
