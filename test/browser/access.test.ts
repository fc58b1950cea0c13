import { afterAll, beforeAll, expect, test } from "vitest";
import type { Window } from "../kit/browser.ts";
import { expectFine } from "../kit/looks.ts";
import { openPages, type OpenPages } from "../kit/pages.ts";

let pages: OpenPages;
let window: Window;

beforeAll(async () => {
  pages = await openPages();
  await pages.server.user("vera", "viewer");
  window = await pages.loggedIn("ada");
});
afterAll(async () => {
  await window[Symbol.asyncDispose]();
  await pages[Symbol.asyncDispose]();
});

test("CAT-110: people are made with a role and labels, disabled, and what roles may do is told", async () => {
  const { page } = window;
  await page.goto("/people");
  await page.getByRole("button", { name: "New user…" }).click();
  await page.getByLabel("Name", { exact: true }).fill("otto");
  await page.getByLabel("First password").fill("a long enough passphrase 7");
  await page.getByLabel("Role", { exact: true }).selectOption("operator");
  await page.getByLabel("Only on workers with these labels").fill("region=eu");
  await page.getByRole("button", { name: "Make the user" }).click();
  const row = page.getByRole("row").filter({ hasText: "otto" });
  await row.getByText("region=eu").waitFor();
  await page.getByRole("button", { name: "Actions of otto" }).click();
  await page.getByRole("menuitem", { name: "Disable…" }).click();
  await page.getByRole("button", { name: "Disable", exact: true }).click();
  await row.getByText("disabled").waitFor();
  await page.getByRole("region", { name: "What roles may do" }).waitFor();
  await expectFine(window, "people");
  const otto = (await pages.server.running.core.access.accounts.list()).find(({ name }) => name === "otto");
  expect(otto).toMatchObject({ role: "operator", labels: { region: "eu" }, disabled: true });
});

test("CAT-110: the audit names what was done, and is found whole", async () => {
  const { page } = window;
  await page.goto("/audit");
  await page.getByRole("cell", { name: "user.make" }).first().waitFor();
  await page.getByRole("button", { name: "Verify" }).click();
  await page.getByText(/^whole: \d+ rows$/).waitFor();
  await page.getByLabel("What", { exact: true }).fill("nothing.of.that.kind");
  await page.getByRole("button", { name: "Search" }).click();
  await page.getByText("No row fits.").waitFor();
  await page.getByLabel("What", { exact: true }).fill("user.*");
  await page.getByLabel("Who", { exact: true }).fill("ada");
  await page.getByRole("button", { name: "Search" }).click();
  const rows = page.getByRole("region", { name: "Audit" }).locator("tbody tr");
  // The newest first, and who did it by their name.
  await rows.first().getByRole("cell", { name: "user.change" }).waitFor();
  await rows.first().getByRole("cell", { name: "ada" }).waitFor();
  expect(new URL(page.url()).searchParams.get("act")).toBe("user.*");
  await expectFine(window, "audit");
});

test("one's own sessions and tokens are shown; a token is told once and revoked", async () => {
  const { page } = window;
  await page.goto("/account");
  await page.getByText("this session").waitFor();
  await page.getByLabel("Token for").fill("nightly job");
  await page.getByRole("button", { name: "Make a token" }).click();
  await page.getByText("shown this once", { exact: false }).waitFor();
  await page.getByRole("button", { name: "Revoke nightly job" }).waitFor();
  await expectFine(window, "account");
  await page.getByRole("button", { name: "Revoke nightly job" }).click();
  await page.getByRole("button", { name: "Revoke nightly job" }).waitFor({ state: "detached" });
});

test("who is no admin finds neither page in the menu, and is refused at its address", async () => {
  await using other = await pages.loggedIn("vera");
  expect(await other.page.getByRole("link", { name: /^(People|Audit)$/ }).count()).toBe(0);
  await other.page.goto("/people");
  await other.page.getByRole("alert").getByText("LEVEL_TOO_LOW").waitFor();
  expect(await other.page.getByRole("button", { name: "New user…" }).isDisabled()).toBe(true);
  expect(other.complaints).toEqual([]);
});
