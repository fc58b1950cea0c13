import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { decodeEnrolmentToken } from "#fleet";
import { enrol } from "../../src/worker/agent/enrol.ts";
import { Identity } from "../../src/worker/agent/identity.ts";
import { Instance } from "../../src/worker/agent/instance.ts";
import { screenshot, type Window } from "../kit/browser.ts";
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
  await window?.[Symbol.asyncDispose]();
  await pages?.[Symbol.asyncDispose]();
});

/** A machine that registers as `farhand worker join` does; without a token it asks once, and says its fingerprint. */
function machine(name: string) {
  const stateDir = pages.server.folder.file(name);
  const identity = new Identity(stateDir);
  const self = { name, labels: {}, mode: "session" as const, version: "0.1.0", capabilities: [], helperSlots: 1 };
  let resolve: (fingerprint: string) => void = () => {};
  const fingerprint = new Promise<string>((settle) => (resolve = settle));
  const trust = { ca: pages.server.running.core.authority.certificate };
  return {
    fingerprint,
    join: (token?: string) =>
      enrol({
        ...{ serverUrl: pages.server.url, trust, identity, instance: new Instance(Date.now()), self },
        ...(token === undefined ? {} : { token: decodeEnrolmentToken(token) }),
        // Each of them is this machine.
        sameMachine: "add",
        waiting: (shown) => resolve(shown),
        signal: AbortSignal.timeout(60_000),
      }),
  };
}

test("CAT-110: the mesh is drawn and listed alike, reached by keyboard, and changes as it does", async () => {
  const { page } = window;
  await page.goto("/map");
  const drawing = page.getByRole("region", { name: "Drawing of the mesh" });
  const node = drawing.getByRole("button", { name: "north-1, worker" });
  await node.waitFor();
  await node.focus();
  await page.keyboard.press("Enter");
  const about = page.getByRole("region", { name: "The chosen node" });
  await about.getByRole("link", { name: "north-1" }).waitFor();
  await about.getByText("straight").waitFor();
  const listed = page.getByRole("region", { name: "Nodes" }).getByRole("row");
  expect(await listed.count()).toBe(1 + (await drawing.getByRole("button").count()));
  const links = page.getByRole("region", { name: "Links" });
  await links.getByRole("cell", { name: "server", exact: true }).first().waitFor();
  await expectFine(window, "mesh");
  await pages.server.worker("south-1");
  await drawing.getByRole("button", { name: "south-1, worker" }).waitFor();
});

test("CAT-112: pages at rest ask for nothing, and yet show a machine that begins to wait, a link and a version that come", async () => {
  const { context } = window;
  const { configurations } = pages.server.running.core;
  await configurations.put("web", { document: {}, ifMatch: 0 }, "somebody");
  const [enrolment, map, list] = [await context.newPage(), await context.newPage(), await context.newPage()];
  await enrolment.goto("/enrolment");
  const waiting = enrolment.getByRole("region", { name: "Waiting to be let in" });
  await waiting.getByText("No machine waits.").waitFor();
  await enrolment.getByRole("region", { name: "Enrolment tokens" }).waitFor();
  await map.goto("/map");
  const drawing = map.getByRole("region", { name: "Drawing of the mesh" });
  await drawing.getByRole("button", { name: "north-1, worker" }).waitFor();
  await list.goto("/configurations");
  await list.getByRole("link", { name: "web" }).waitFor();

  const asked: string[] = [];
  const note = (request: { url(): string }): void => void asked.push(new URL(request.url()).pathname);
  for (const page of [enrolment, map, list]) page.on("request", note);
  await sleep(10_000);
  expect(asked).toEqual([]);

  const cellar = machine("cellar-1");
  const refused = cellar.join().catch(({ code }: { readonly code: string }) => code);
  await waiting.getByText(await cellar.fingerprint).waitFor();
  // It asks again and again; the page does not.
  expect(asked).toEqual([]);
  await waiting.getByRole("button", { name: "Send it away… cellar-1" }).click();
  await enrolment.getByRole("button", { name: "Send it away", exact: true }).click();
  await waiting.getByText("No machine waits.").waitFor();
  expect(await refused).toBe("ENROLMENT_REFUSED");
  expect(asked).toEqual([expect.stringMatching(/^\/api\/pending-workers\/.*\/reject$/)]);

  await pages.server.worker("cellar-2");
  await drawing.getByRole("button", { name: "cellar-2, worker" }).waitFor();
  await configurations.put("mail", { document: {}, ifMatch: 0 }, "somebody");
  await list.getByRole("link", { name: "mail" }).waitFor();
  for (const page of [enrolment, map, list]) await page.close();
});

test("CAT-33: a token is made, told once with its command, lets a worker in that shows up by itself, and is revoked", async () => {
  const { page } = window;
  await page.goto("/enrolment");
  await page.getByRole("region", { name: "Enrolment tokens" }).waitFor();
  await page.getByLabel("Labels", { exact: true }).fill("site=brno");
  await page.getByRole("button", { name: "Make a token" }).click();
  const command = page.getByRole("group", { name: "Command with the token" }).locator("code");
  const lines = (await command.innerText()).split("\n");
  expect(lines[0]).toBe(`farhand worker join ${pages.server.url} --token-file - <<'END'`);
  await expectFine(window, "enrolment-token");
  await machine("shed-1").join(lines[1]);
  await page.getByRole("region", { name: "Just joined" }).getByRole("link", { name: "shed-1" }).waitFor();
  const row = page.getByRole("row").filter({ hasText: "site=brno" });
  await row.getByText("used", { exact: true }).waitFor();
  await row.getByRole("link", { name: "shed-1" }).waitFor();

  await page.getByRole("button", { name: "Make another one" }).click();
  expect(await page.getByRole("group", { name: "Command with the token" }).count()).toBe(0);
  await page.getByLabel("It lets in").selectOption("many");
  await page.getByRole("button", { name: "Make a token" }).click();
  await command.waitFor();
  const [, many = ""] = (await command.innerText()).split("\n");
  for (const name of ["barn-1", "barn-2", "barn-3"]) await machine(name).join(many);
  await page.getByRole("row").filter({ hasText: "any number" }).getByText("the last of 3").waitFor();
  await page.getByRole("button", { name: /^Revoke en-/ }).click();
  await page.getByRole("button", { name: "Revoke", exact: true }).click();
  await page.getByRole("button", { name: /^Revoke en-/ }).waitFor({ state: "detached" });
  await expect(machine("shed-2").join(many)).rejects.toMatchObject({ code: "ENROLMENT_REFUSED" });
});

test("CAT-33: a machine without a token shows what it claims and its fingerprint, and a person lets it in or sends it away", async () => {
  const { page } = window;
  await page.goto("/enrolment");
  const [wanted, unwanted] = [machine("attic-1"), machine("attic-2")];
  const joined = wanted.join();
  const refused = unwanted.join().then(
    () => "let in",
    ({ code }: { readonly code: string }) => code,
  );
  const waiting = page.getByRole("region", { name: "Waiting to be let in" });
  await waiting.getByText(await wanted.fingerprint).waitFor();
  await waiting.getByText(await unwanted.fingerprint).waitFor();
  await expectFine(window, "enrolment-waiting");
  await page.getByRole("button", { name: "Send it away… attic-2" }).click();
  await page.getByRole("button", { name: "Send it away", exact: true }).click();
  await page.getByRole("button", { name: "Let it in… attic-1" }).click();
  const dialog = page.getByRole("dialog", { name: "Let attic-1 in" });
  await screenshot(page, "enrolment-approve");
  await dialog.getByLabel("I compared it with what the machine shows").check();
  await dialog.getByLabel("Labels").fill("floor=3");
  await dialog.getByRole("button", { name: "Let it in" }).click();
  await waiting.getByText("No machine waits.").waitFor();
  expect(await refused).toBe("ENROLMENT_REFUSED");
  expect((await joined).workerId).not.toBe("");
  await page.getByRole("region", { name: "Just joined" }).getByRole("link", { name: "attic-1" }).waitFor();
  const { registry } = pages.server.running.core;
  expect((await registry.list("", 10)).find(({ name }) => name === "attic-1")?.labels).toMatchObject({ floor: "3" });
});

test("CAT-110: sixty nodes have names that can be read, and a name is no markup", async () => {
  const { page } = window;
  const names = Array.from({ length: 58 }, (_, n) => `site-${String(n).padStart(2, "0")}-worker`);
  const hostile = "<img src=x onerror=alert(1)>\u{202e}";
  const kinds = { kind: "node", stub: false, nextHop: "hub" } as const;
  const map = {
    ...{ server: "server", hidden: 0 },
    nodes: [
      { node: "server", kind: "server", stub: false, nextHop: null },
      ...["hub", hostile, ...names].map((one) => ({ ...kinds, node: one })),
    ],
    links: [
      { from: "server", to: "hub", cost: 1 },
      { from: "server", to: hostile, cost: 2.5 },
      ...names.map((one, at) => ({ from: at % 3 ? "hub" : "server", to: one, cost: 1 + (at % 4) })),
      { from: names[5], to: names[20], cost: 7 },
    ],
  };
  await page.route("**/api/mesh", (route) => route.fulfill({ json: map }));
  await page.goto("/map");
  const drawing = page.getByRole("region", { name: "Drawing of the mesh" });
  await drawing.getByRole("button").nth(60).waitFor();
  expect(await drawing.getByRole("button").count()).toBe(61);
  expect(await page.locator("img").count()).toBe(0);
  await drawing.locator("text", { hasText: "<img src=x onerror=" }).waitFor();
  const overlaps = await drawing.evaluate((region) => {
    const dots = [...region.querySelectorAll("[data-node] > path")].map((dot) => dot.getBoundingClientRect());
    const middle = ({ x, y, width, height }: DOMRect) => [x + width / 2, y + height / 2] as const;
    const places = dots.map(middle);
    return places.filter(([x, y], at) => places.slice(at + 1).some(([a, b]) => Math.hypot(a - x, b - y) < 17)).length;
  });
  expect(overlaps).toBe(0);
  await page.getByRole("button", { name: "Smaller" }).click();
  await page.getByText("70 %").waitFor();
  await expectFine(window, "mesh-60");
  await page.unroute("**/api/mesh");
});

test("a mesh of two hundred nodes is made to fit, larger under the pointer, and moved, also by keys", async () => {
  const { page } = window;
  const names = Array.from({ length: 200 }, (_, n) => `node-${String(n).padStart(3, "0")}`);
  const one = (node: string) => ({ node, kind: "node", stub: false, nextHop: node }) as const;
  const map = {
    ...{ server: "server", hidden: 0 },
    nodes: [{ ...one("server"), kind: "server" }, ...names.map(one)],
    links: names.map((to) => ({ from: "server", to, cost: 1 })),
  };
  await page.route("**/api/mesh", (route) => route.fulfill({ json: map }));
  await page.goto("/map");
  const drawing = page.getByRole("region", { name: "Drawing of the mesh" });
  const size = page.getByRole("group", { name: "Size of the drawing" }).getByRole("status");
  await drawing.getByRole("button").nth(200).waitFor();
  const hidden = () =>
    drawing.evaluate((element) => [
      element.scrollWidth - element.clientWidth,
      element.scrollHeight - element.clientHeight,
    ]);
  expect(Math.min(...(await hidden()))).toBeGreaterThan(0);
  await page.getByRole("button", { name: "All of it" }).click();
  await expect.poll(hidden).toEqual([0, 0]);
  await drawing.getByRole("button", { name: "node-150, node" }).click();
  await drawing.locator("text", { hasText: "node-150" }).waitFor();
  expect(await drawing.locator("[data-node] text").count()).toBe(1);
  await expectFine(window, "mesh-200-fit");
  await drawing.press("0");
  const fitted = await size.textContent();
  // What is under the pointer stays there.
  const dot = drawing.locator('[data-node="node-050"] > path');
  const middle = async () => {
    const { x = 0, y = 0, width = 0, height = 0 } = (await dot.boundingBox()) ?? {};
    return [x + width / 2, y + height / 2] as const;
  };
  const before = await middle();
  await page.mouse.move(...before);
  await page.keyboard.down("Control");
  await page.mouse.wheel(0, -400);
  await page.keyboard.up("Control");
  await expect.poll(async () => Number.parseInt((await size.textContent()) ?? "", 10)).toBeGreaterThan(100);
  const after = await middle();
  expect(Math.hypot(after[0] - before[0], after[1] - before[1])).toBeLessThan(40);
  // Dragged, the drawing goes along.
  await page.mouse.move(before[0] - 30, before[1] - 30);
  await page.mouse.down();
  await page.mouse.move(before[0] - 10, before[1], { steps: 4 });
  await page.mouse.up();
  await expect.poll(async () => Math.round((await middle())[0] - after[0])).toBe(20);
  await drawing.press("0");
  await expect.poll(() => size.textContent()).toBe(fitted);
  // A window that gets narrower has all of it too, until another size is chosen.
  const wide = page.viewportSize();
  await page.setViewportSize({ width: 390, height: 844 });
  await expect.poll(() => size.textContent()).not.toBe(fitted);
  expect(await hidden()).toEqual([0, 0]);
  await screenshot(page, "mesh-200-fit-390");
  if (wide) await page.setViewportSize(wide);
  await expect.poll(() => size.textContent()).toBe(fitted);
  await drawing.press("+");
  await expect.poll(() => size.textContent()).not.toBe(fitted);
  await page.unroute("**/api/mesh");
  expect(window.complaints).toEqual([]);
});

test("CAT-66: a second factor is set up by a code for the camera, with the secret as text beside it", async () => {
  const { page } = window;
  await page.goto("/account");
  await page.getByRole("button", { name: "Set one up" }).click();
  const code = page.getByRole("img", { name: "The secret for the camera of the app" });
  await code.waitFor();
  const uri = (await page.getByRole("link", { name: "open it there" }).getAttribute("href")) ?? "";
  const secret = await page.locator("[data-secret]").getAttribute("data-secret");
  expect(uri).toContain(`secret=${secret ?? "none"}`);
  expect(await code.locator("path").getAttribute("d")).toMatch(/^(M\d+ \d+h\d+v1h-\d+z){100,}$/);
  await expectFine(window, "factor");
});

test("CAT-65: a service account is made with a token that is told once and revoked, and one session of a person is ended", async () => {
  const { page } = window;
  await page.goto("/people");
  await page.getByRole("button", { name: "New service account…" }).click();
  await page.getByLabel("Name", { exact: true }).fill("pods");
  await page.getByLabel("Role", { exact: true }).selectOption("operator");
  await page.getByLabel("Only on workers with these labels").fill("region=eu");
  await page.getByRole("button", { name: "Make the account" }).click();
  const tokens = page.getByRole("dialog", { name: "API tokens of pods" });
  await tokens.getByText("There is none.").waitFor();
  await tokens.getByLabel("Token for").fill("nightly job");
  await tokens.getByLabel("It may").selectOption("workers:operate");
  await tokens.getByRole("button", { name: "Make a token" }).click();
  const told = tokens.getByRole("group", { name: "The token" }).locator("code");
  const authorization = `Bearer ${await told.innerText()}`;
  const me = () => pages.server.ask("GET", "/api/me", { auth: { authorization } });
  expect((await me()).json).toMatchObject({ kind: "token", user: { name: "pods", role: "operator" } });
  await expectFine(window, "service-account");
  await tokens.getByRole("button", { name: "Revoke nightly job" }).click();
  await tokens.getByText("There is none.").waitFor();
  expect((await me()).status).toBe(401);
  await tokens.getByRole("button", { name: "Close" }).click();

  const { access } = pages.server.running.core;
  const vera = (await access.accounts.list()).find(({ name }) => name === "vera")?.id ?? "";
  await access.sessions.open(vera, { source: "192.0.2.7", client: "a lost laptop" }, false);
  const before = await access.sessions.list(vera);
  await page.getByRole("button", { name: "Actions of vera" }).click();
  await page.getByRole("menuitem", { name: "Sessions…" }).click();
  const laptop = page.getByRole("listitem").filter({ hasText: "a lost laptop" });
  await laptop.getByRole("button", { name: "End it" }).click();
  await laptop.waitFor({ state: "detached" });
  expect(await access.sessions.list(vera)).toHaveLength(before.length - 1);
});

test("who is no admin finds no page to add workers in the menu, and is refused at its address", async () => {
  await using other = await pages.loggedIn("vera");
  expect(await other.page.getByRole("link", { name: "Add a worker" }).count()).toBe(0);
  await other.page.goto("/enrolment");
  await other.page.getByRole("alert").getByText("LEVEL_TOO_LOW").first().waitFor();
  expect(other.complaints).toEqual([]);
});
