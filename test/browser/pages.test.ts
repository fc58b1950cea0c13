import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { goodPassword } from "../kit/access.ts";
import type { Page, Window } from "../kit/browser.ts";
import { expectFineNow, fourLooks } from "../kit/looks.ts";
import { fillLogin, openPages, type OpenPages, runScript } from "../kit/pages.ts";

const built = join(import.meta.dirname, "..", "..", "dist", "web");
let pages: OpenPages;

beforeAll(async () => {
  pages = await openPages();
});
afterAll(async () => await pages[Symbol.asyncDispose]());

/** What is very small is sent as it is. */
const sentBytes = (path: string): number => statSync(existsSync(`${path}.gz`) ? `${path}.gz` : path).size;

test("the first page is at most 250 KB on the line, and draws and terminals come later", () => {
  const page = readFileSync(join(built, "index.html"), "utf8");
  const names = [...page.matchAll(/(?:src|href)="\.\/(assets\/[^"]+)"/g)].map(([, name = ""]) => name);
  const bytes = names.reduce((sum, name) => sum + sentBytes(join(built, name)), page.length);
  expect(bytes).toBeLessThanOrEqual(250_000);
  const code = names.map((name) => readFileSync(join(built, name), "utf8")).join("");
  expect(code).not.toMatch(/xterm-rows|u-hz/);
  expect(page).not.toMatch(/<style|<script(?![^>]*src=)| style=| on[a-z]+=/);
});

describe.each(fourLooks)("the pages, $width wide and $theme", (look) => {
  const { width, theme } = look;
  let window: Window;
  let page: Page;
  beforeAll(async () => {
    window = await pages.window(look);
    ({ page } = window);
  });
  afterAll(async () => await window[Symbol.asyncDispose]());
  const expectFine = (name: string) => expectFineNow(window, `${name}-${width}-${theme}`);

  test("login says what was wrong, and lets in", async () => {
    await page.goto("/workers");
    await fillLogin(page, "ada", "not it at all");
    await page.getByRole("alert").getByText("LOGIN_REFUSED").waitFor();
    await expectFine("login");
    await fillLogin(page, "ada", goodPassword);
    // One comes to the page that one asked for.
    await page.getByRole("heading", { name: "Workers" }).waitFor();
  });

  test("the overview counts, live", async () => {
    await page.goto("/");
    await page
      .getByRole("status", { name: "Connection to the server" })
      .filter({ visible: true })
      .getByText("live")
      .waitFor();
    await page.getByRole("region", { name: "Last changes" }).getByRole("link", { name: "north-1" }).waitFor();
    await expectFine("overview");
  });

  test("the workers are listed with what their heartbeats say, and found", async () => {
    await page.goto("/workers");
    const row = page.getByRole("row").filter({ hasText: "north-1" });
    await row.getByText("online").waitFor();
    await expectFine("workers");
    await page.getByLabel("Search by name, host or label").fill("nobody of that name");
    await page.getByText("No worker fits.").waitFor();
    await page.getByRole("button", { name: "Show all of them" }).click();
    await row.getByText("online").waitFor();
    await page.getByRole("button", { name: "Actions of north-1" }).click();
    await page.getByRole("menuitem", { name: "Run…" }).click();
    await page.getByRole("heading", { name: "Run on north-1" }).waitFor();
    await expectFine("run");
    await page.keyboard.press("Escape");
    await page.getByRole("heading", { name: "Run on north-1" }).waitFor({ state: "detached" });
  });

  test("a worker shows graphs, units, findings and what it is", async () => {
    await page.goto("/workers/north-1");
    await page.getByRole("figure").filter({ hasText: "Response time" }).waitFor();
    await page.locator(".uplot canvas").first().waitFor();
    await expectFine("worker");
    await page.getByRole("tab", { name: "Findings" }).click();
    await page.getByRole("region", { name: "Reaching it" }).waitFor();
    await expectFine("worker-findings");
    await page.getByRole("tab", { name: "About" }).click();
    await page.getByText(pages.joined.workerId).waitFor();
    await expectFine("worker-about");
  });

  test("a command is run, seen in colour, checked, and released", async () => {
    await runScript(page, String.raw`printf 'plain \033[32mgreen\033[0m \033[38;2;255;0;255mpink\033[0m\n'`);
    await page.getByText("sha256 checked").waitFor();
    await page.getByText("exit code 0").waitFor();
    await page.locator(".xterm-rows").getByText("green").waitFor();
    await expectFine("unit");
    const unit = (await page.getByRole("heading", { level: 1 }).textContent()) ?? "";
    await page.goto("/units");
    await page
      .getByRole("row")
      .filter({ hasText: unit.slice(0, 12) })
      .getByText("succeeded")
      .waitFor();
    await expectFine("units");
    await page.goBack();
    await page.getByText("sha256 checked").waitFor();
    await page.getByRole("button", { name: "Release" }).click();
    await page.getByRole("button", { name: "Release it" }).click();
    await page.getByRole("tab", { name: "Units", selected: true }).waitFor();
    await expectFine("worker-units");
  });
});
