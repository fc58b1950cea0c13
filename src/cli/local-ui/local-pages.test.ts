import { mkdir, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { afterEach, expect, test } from "vitest";
import { type TempFolder, tempFolder } from "../../../test/kit/temp-folder.ts";
import { type LocalPages, openLocalPages } from "./local-pages.ts";
import { LocalWorker } from "./local-worker.ts";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** The pages of a worker that does not run. */
async function openPages(): Promise<LocalPages> {
  const home: TempFolder = await tempFolder();
  closers.push(async () => await home[Symbol.asyncDispose]());
  await mkdir(home.file("web"));
  await writeFile(home.file("web/local.html"), "<!doctype html><title>local</title>");
  const env = { XDG_CONFIG_HOME: home.file("c"), XDG_STATE_HOME: home.file("s"), XDG_RUNTIME_DIR: home.file("r") };
  const pages = await openLocalPages(await LocalWorker.of({ session: true }, env), home.file("web"));
  closers.push(() => pages.close());
  return pages;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly value: { readonly code?: string; readonly key?: string; readonly runs?: boolean; readonly detail?: string };
}

type Heads = Readonly<Record<string, string | undefined>>;

/** Ask as a browser on the page does, with some headers changed; an undefined one is left out. */
function ask(pages: LocalPages, route: string, heads: Heads = {}, body?: object): Promise<Answer> {
  const { origin, host, port } = new URL(pages.url);
  const all = { host, ...(body && { origin, "content-type": "application/json" }), ...heads };
  const headers = Object.fromEntries(
    Object.entries(all).filter((each): each is [string, string] => each[1] !== undefined),
  );
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: "127.0.0.1", port, path: route, method: body ? "POST" : "GET", headers },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => void chunks.push(chunk));
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString();
          const isJson = /json/.test(response.headers["content-type"] ?? "");
          const value = (isJson ? JSON.parse(text) : {}) as Answer["value"];
          resolve({ status: response.statusCode ?? 0, headers: response.headers, value });
        });
      },
    );
    sent.on("error", reject).end(body && JSON.stringify(body));
  });
}

/** Let a browser in. @returns what it shows from then on. */
async function entered(pages: LocalPages) {
  const { headers, value } = await ask(pages, "/api/enter", {}, { code: pages.code });
  const setCookie = String((headers["set-cookie"] as string[] | undefined)?.[0]);
  return { setCookie, shown: { cookie: setCookie.split(";")[0], "x-farhand-page": value.key } };
}

test("CAT-19: the code lets one browser in, by a cookie that no script reads and no other site's page sends", async () => {
  const pages = await openPages();
  expect(pages.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
  const { setCookie, shown } = await entered(pages);
  expect(setCookie).toMatch(/; Path=\/; HttpOnly; SameSite=Strict$/);
  const { status, value, headers } = await ask(pages, "/api/state", shown);
  expect([status, value.runs]).toEqual([200, false]);
  expect(headers).not.toHaveProperty("access-control-allow-origin");
});

test.each<[string, Heads]>([
  ["a foreign host", { host: "evil.test" }],
  ["its host without the port", { host: "127.0.0.1" }],
  ["a foreign origin", { origin: "http://evil.test" }],
  ["no origin", { origin: undefined }],
  ["another port's origin", { origin: "http://127.0.0.1:1" }],
  ["a page of the same site, but another origin", { "sec-fetch-site": "same-site" }],
])("CAT-19: %s is refused before the code is looked at, so that it is not used up", async (_what, heads) => {
  const pages = await openPages();
  const { status, value } = await ask(pages, "/api/enter", heads, { code: pages.code });
  expect([status, value.code]).toEqual([403, "LOCAL_REFUSED"]);
  expect((await ask(pages, "/api/state", (await entered(pages)).shown)).status).toBe(200);
});

test("CAT-22: who comes from loopback without being let in is nobody: no cookie, no key, or that of other pages", async () => {
  const [pages, others] = [await openPages(), await openPages()];
  const { shown } = await entered(pages);
  const { shown: foreign } = await entered(others);
  const name = (shown.cookie ?? "").split("=")[0];
  const forged = `${name}=${(foreign.cookie ?? "").split("=")[1]}`;
  for (const heads of [
    {},
    { ...shown, cookie: undefined },
    { ...shown, "x-farhand-page": undefined },
    foreign,
    { ...foreign, cookie: forged },
  ])
    for (const [route, body] of [["/api/state"], ["/api/notices"], ["/api/ask", { method: "worker.stop" }]] as const)
      expect((await ask(pages, route, heads, body)).value.code).toBe("LOCAL_CODE");
});

test("CAT-27: the code is good once, and for five guesses", async () => {
  const used = await openPages();
  await entered(used);
  expect((await ask(used, "/api/enter", {}, { code: used.code })).value.code).toBe("LOCAL_CODE");
  const guessed = await openPages();
  for (let guess = 0; guess < 5; guess++)
    expect((await ask(guessed, "/api/enter", {}, { code: `guess${guess}` })).status).toBe(401);
  expect((await ask(guessed, "/api/enter", {}, { code: guessed.code })).status).toBe(401);
});

test.each<[string, object, string]>([
  ["/api/ask", { method: "helper.next" }, "method"],
  ["/api/ask", { method: "worker.status", params: 1 }, "params"],
  ["/api/reset", { steps: ["units"] }, "steps"],
  ["/api/reset", { steps: [] }, "steps"],
  ["/api/elsewhere", {}, "/api/elsewhere"],
])("what does not fit is told by its field: %s %j", async (route, body, field) => {
  const pages = await openPages();
  const { value } = await ask(pages, route, (await entered(pages)).shown, body);
  expect([value.code, value.detail]).toEqual(["LOCAL_INVALID", expect.stringContaining(field)]);
});
