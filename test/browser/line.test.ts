import { afterAll, beforeAll, expect, test } from "vitest";
import { goodPassword } from "../kit/access.ts";
import { axeFindings, type Page, screenshot, type Window } from "../kit/browser.ts";
import { fillLogin, openPages, type OpenPages, runScript } from "../kit/pages.ts";
import { unsteadyLine } from "../kit/unsteady-line.ts";

let pages: OpenPages;

beforeAll(async () => {
  pages = await openPages();
});
afterAll(async () => await pages?.[Symbol.asyncDispose]());

const lineMark = (page: Page) =>
  page.getByRole("status", { name: "Connection to the server" }).filter({ visible: true });

/** A browser tells of each connection that it did not get: that is what these tests are about. */
const expectNoOther = ({ complaints }: Window): void =>
  expect(complaints.filter((line) => !/WebSocket connection|net::ERR_/.test(line))).toEqual([]);

test("CAT-112: output that was cut in its middle says so, with the age of what is shown, and is whole afterwards", async () => {
  await using line = await unsteadyLine(pages.server.port);
  await using window = await pages.loggedIn("ada", `https://127.0.0.1:${line.port}`);
  const { page } = window;
  await runScript(page, "for i in $(seq 80); do echo line-$i; sleep 0.1; done");
  await page.locator(".xterm-rows").getByText("line-5", { exact: true }).waitFor();
  line.cut();
  const output = page.getByRole("region", { name: "Output" });
  await output.getByText(/^reconnecting at byte \d+: the server did not answer$/).waitFor();
  await lineMark(page).getByText("reconnecting", { exact: false }).waitFor();
  await page.getByText(/^as of .*: no changes come in$/).waitFor();
  await screenshot(page, "output-cut");
  expect(await axeFindings(page)).toEqual([]);
  line.heal();
  await lineMark(page).getByText("live").waitFor();
  await page.locator(".xterm-rows").getByText("line-80", { exact: true }).waitFor({ timeout: 40_000 });
  // Of the bytes that this page took, in their order: one that is missing or came twice makes another.
  await output.getByText("sha256 checked").waitFor();
  expect(await page.getByText(/reconnecting|no changes come in/).count()).toBe(0);
  await screenshot(page, "output-healed");
  expectNoOther(window);
});

test("a line that stands and carries nothing for a minute is given up, and another one is live", async () => {
  await using line = await unsteadyLine(pages.server.port);
  await using window = await pages.window({}, `https://127.0.0.1:${line.port}`);
  const { page } = window;
  await page.clock.install();
  await page.goto("/");
  await fillLogin(page, "ada", goodPassword);
  await lineMark(page).getByText("live").waitFor();
  line.goDead();
  const before = line.made;
  await page.clock.runFor(45_000);
  await lineMark(page).getByText("live").waitFor();
  const gone = page.waitForEvent("websocket");
  await page.clock.runFor(20_000);
  await gone;
  await expect.poll(() => line.made, { timeout: 20_000 }).toBeGreaterThan(before);
  const told = page.getByRole("region", { name: "Needs attention" }).getByText("its disk is full");
  await pages.trouble("its disk is full", () => told.count());
  await lineMark(page).getByText("live").waitFor();
  expectNoOther(window);
});

test("what the page may not watch is asked for again, and comes in when the rights were given", async () => {
  const { access, registry } = pages.server.running.core;
  const labels = { "farhand/config": "boxes", site: "a" };
  await access.accounts.create({ name: "vera", password: goodPassword, role: "viewer", labels });
  await registry.setLabels(pages.joined.workerId, { ...labels, site: "b" }, "u1");
  await using window = await pages.loggedIn("vera");
  const { page, complaints } = window;
  await page.goto("/configurations/boxes?tab=versions");
  await page.getByRole("alert").getByText("LEVEL_TOO_LOW").waitFor();
  const note = page.getByRole("status", { name: "Refused changes" });
  await note.getByText(/in \d+ s$/).waitFor();
  await screenshot(page, "refused-changes");
  await page.setViewportSize({ width: 390, height: 844 });
  await screenshot(page, "refused-changes-390");
  expect(await axeFindings(page)).toEqual([]);
  await registry.setLabels(pages.joined.workerId, labels, "u1");
  // By itself, without a word of the reader.
  await page.getByText("It has no version yet.").waitFor({ timeout: 60_000 });
  await note.waitFor({ state: "detached" });
  expect(complaints).toEqual([]);
});

test("CAT-112: a worker that stops while somebody looks at its graphs is not there in them either", async () => {
  const { worker } = await pages.server.worker("east-1");
  await using window = await pages.loggedIn("ada");
  const { page, complaints } = window;
  await page.goto("/workers/east-1");
  const graph = page.getByRole("figure").filter({ hasText: "Availability" });
  const there = async (): Promise<number> => Number(/there (\d+) % of the time/.exec(await graph.innerText())?.[1]);
  await expect.poll(there).toBeGreaterThan(0);
  const before = await there();
  await worker.close("stopped");
  await expect.poll(there, { timeout: 60_000 }).toBeLessThan(before);
  expect(complaints).toEqual([]);
});
