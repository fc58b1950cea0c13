import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { goodPassword, unbase32 } from "../kit/access.ts";
import { axeFindings, type Page, screenshot } from "../kit/browser.ts";
import { cuttingProxy } from "../kit/cutting-proxy.ts";
import { fillLogin, openPages, type OpenPages, runScript } from "../kit/pages.ts";
import { totpCode } from "../kit/totp.ts";

let pages: OpenPages;

beforeAll(async () => {
  pages = await openPages({ factors: { configurer: "required" } });
  await pages.server.user("vera", "viewer");
  await pages.server.user("carl", "configurer");
});
afterAll(async () => await pages[Symbol.asyncDispose]());

/** Press Tab until what is wanted has the focus. */
async function tabTo(page: Page, name: string): Promise<void> {
  const focused = (): Promise<string> =>
    page.evaluate(
      () => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent ?? "",
    );
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press("Tab");
    if ((await focused()).trim() === name) return;
  }
  throw new Error(`no Tab leads to ${name}`);
}

describe("who logs in", () => {
  test("sets up the second factor that their role needs, and comes back with a recovery code", async () => {
    await using window = await pages.window();
    const { page } = window;
    await page.goto("/");
    await fillLogin(page, "carl", goodPassword);
    await page.getByRole("button", { name: "Set one up" }).click();
    const secret = (await page.locator("[data-secret]").getAttribute("data-secret")) ?? "";
    await page.getByLabel("A code that the app shows now").fill(totpCode(unbase32(secret), Date.now()));
    await page.getByRole("button", { name: "Confirm" }).click();
    const codes = await page.getByRole("listitem").allTextContents();
    expect(codes).toHaveLength(10);
    await screenshot(page, "recovery-codes");
    expect(await axeFindings(page)).toEqual([]);
    await page.getByRole("button", { name: "I have kept them" }).click();
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    await page.getByRole("button", { name: "Log out" }).click();
    await fillLogin(page, "carl", goodPassword);
    await page.getByLabel("Code of your second factor").fill(codes[0] ?? "");
    await page.getByRole("button", { name: "Go on" }).click();
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    expect(window.complaints).toEqual([]);
  });

  test("is at the login again when the session is ended elsewhere", async () => {
    await using window = await pages.loggedIn("vera");
    const { access } = pages.server.running.core;
    const vera = (await access.accounts.list()).find(({ name }) => name === "vera");
    await access.sessions.endAll(vera?.id ?? "", "ended");
    await window.page.getByRole("button", { name: "Log in" }).waitFor();
    expect(window.complaints).toEqual([]);
  });

  test("gets from login to a command's output by keyboard alone", async () => {
    await using window = await pages.window();
    const { page } = window;
    await page.goto("/");
    await page.getByLabel("Name").waitFor();
    await page.keyboard.type("ada");
    await page.keyboard.press("Tab");
    await page.keyboard.type(goodPassword);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    await tabTo(page, "Workers");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Workers" }).waitFor();
    await tabTo(page, "north-1");
    await page.keyboard.press("Enter");
    await page.getByRole("tab", { name: "Health" }).waitFor();
    await tabTo(page, "Run…");
    await page.keyboard.press("Enter");
    await page.getByLabel("Input", { exact: true }).waitFor();
    await page.keyboard.type("echo by keyboard");
    await tabTo(page, "Run");
    await page.keyboard.press("Enter");
    await page.getByText("sha256 checked").waitFor();
    await page.locator(".xterm-rows").getByText("by keyboard").waitFor();
    // And out of the output again.
    await tabTo(page, "Download");
    expect(window.complaints).toEqual([]);
  });
});

describe("what one is told", () => {
  test("CAT-111: a refusal says what, by which rule, and who can change it", async () => {
    await using window = await pages.loggedIn("ada");
    await runScript(window.page, "echo begun; sleep 600");
    await window.page.locator(".xterm-rows").getByText("begun").waitFor();
    await using other = await pages.loggedIn("vera");
    await other.page.goto(window.page.url());
    // Who comes late sees it from the beginning.
    await other.page.locator(".xterm-rows").getByText("begun").waitFor();
    await other.page.getByRole("button", { name: "Cancel" }).click();
    await other.page.getByRole("button", { name: "Cancel the unit" }).click();
    const alert = other.page.getByRole("alert");
    await alert.getByText("LEVEL_TOO_LOW").waitFor();
    await alert.getByText("CAT-54, level").waitFor();
    await alert.getByText("an admin of this server", { exact: false }).waitFor();
    await screenshot(other.page, "refusal");
    expect(await axeFindings(other.page)).toEqual([]);
    await window.page.getByRole("button", { name: "Cancel" }).click();
    await window.page.getByRole("button", { name: "Cancel the unit" }).click();
    // Both see the ending, whoever brought it about.
    for (const { page } of [window, other]) await page.getByText("canceled", { exact: true }).waitFor();
    await window.page.getByText("(CANCELED)").waitFor();
    expect([...window.complaints, ...other.complaints]).toEqual([]);
  });

  test("CAT-112: what is older than three heartbeats is grey, with its age", async () => {
    await using window = await pages.window();
    const { page } = window;
    await page.clock.install();
    await page.goto("/");
    await fillLogin(page, "ada", goodPassword);
    await page.getByRole("link", { name: "Workers" }).first().click();
    const row = page.getByRole("row").filter({ hasText: "north-1" });
    await row
      .getByText(/^\d+(\.\d)? %$/)
      .first()
      .waitFor();
    await page.clock.fastForward(50_000);
    await row.locator(".text-stale").getByText("old)").first().waitFor();
    await screenshot(page, "stale");
    expect(window.complaints).toEqual([]);
  });

  test("the line that is cut is told, and is back by itself with what changed meanwhile", async () => {
    await using proxy = await cuttingProxy(pages.server.port);
    await using window = await pages.loggedIn("ada", `https://127.0.0.1:${proxy.port}`);
    const { page } = window;
    const mark = page.getByRole("status", { name: "Connection to the server" }).filter({ visible: true });
    await mark.getByText("live").waitFor();
    await page.getByRole("link", { name: "Mesh" }).click();
    await page.getByRole("region", { name: "Drawing of the mesh" }).waitFor();
    const old = page.getByText(/^as of .*: no changes come in$/);
    expect(await old.count()).toBe(0);
    await window.context.setOffline(true);
    proxy.cut();
    await mark.getByText("reconnecting", { exact: false }).waitFor();
    await old.waitFor();
    await window.context.setOffline(false);
    await mark.getByText("live").waitFor();
    await old.waitFor({ state: "detached" });
    await page.getByRole("link", { name: "Overview" }).click();
    const told = page.getByRole("region", { name: "Needs attention" }).getByText("its disk is full");
    await pages.trouble("its disk is full", () => told.count());
    expect(window.complaints.filter((line) => line.startsWith("policy"))).toEqual([]);
  });
});
