import { mkdir, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { silentLog } from "#core";
import { type TempFolder, tempFolder } from "../../../test/kit/temp-folder.ts";
import { loadService, type WorkerService } from "#worker";
import { type LocalPages, openLocalPages } from "./local-pages.ts";
import { LocalWorker } from "./local-worker.ts";

let home: TempFolder;
let pages: LocalPages;
let service: WorkerService | undefined;
let heads: Record<string, string>;

/** The column "local UI" of the table above CAT-107: a worker of this user, without any server. */
beforeAll(async () => {
  home = await tempFolder();
  await mkdir(home.file("web"));
  await writeFile(home.file("web/local.html"), "<!doctype html><title>local</title>");
  const env = { XDG_CONFIG_HOME: home.file("c"), XDG_STATE_HOME: home.file("s"), XDG_RUNTIME_DIR: home.file("r") };
  await mkdir(home.file("c/farhand"), { recursive: true, mode: 0o700 });
  const document = { identity: { name: "w1" }, workTypes: [{ worktype: "echo", command: "cat" }] };
  await writeFile(home.file("c/farhand/worker.yaml"), JSON.stringify(document), { mode: 0o600 });
  const { startService } = await loadService();
  service = await startService({ mode: "session", env: { ...env }, log: silentLog });
  pages = await openLocalPages(await LocalWorker.of({ session: true }, env), home.file("web"));
  const { origin } = new URL(pages.url);
  heads = { origin, "content-type": "application/json" };
  const entered = await post("enter", { code: pages.code });
  const { key } = (await entered.json()) as { key: string };
  const cookie = entered.headers.get("set-cookie")?.split(";")[0] ?? "";
  heads = { ...heads, cookie, "x-farhand-page": key };
});
afterAll(async () => {
  await pages.close();
  await service?.close("stopped");
  await home[Symbol.asyncDispose]();
});

const post = (route: string, body: object): Promise<Response> =>
  fetch(`${pages.url}api/${route}`, { method: "POST", headers: heads, body: JSON.stringify(body) });
const look = (route: string): Promise<Response> => fetch(`${pages.url}api/${route}`, { headers: heads });
const json = async (answer: Promise<Response>): Promise<unknown> => await (await answer).json();

test.each<[string, () => Promise<unknown>, object]>([
  [
    "server down: it is managed all the same",
    () => json(look("state")),
    { runs: true, status: expect.objectContaining({ state: "configured" }) as unknown },
  ],
  [
    "switches",
    () => json(post("ask", { method: "worker.switches.set", params: { workers: false } })),
    { workers: false },
  ],
  ["tasks", () => json(post("ask", { method: "units.list" })), { units: [] }],
  [
    "edit configuration",
    () => json(post("setup", { name: "w2" })),
    { done: ["version 2 of the configuration is written"] },
  ],
  [
    "the configuration says where each value is from",
    () => json(look("configuration")),
    {
      values: expect.arrayContaining([
        expect.objectContaining({ path: "/identity/name", value: "w2", source: "file" }),
      ]) as unknown,
    },
  ],
])("CAT-107, the local UI: %s", async (_cell, ask, wanted) => {
  expect(await ask()).toMatchObject(wanted);
});

interface Findings {
  readonly findings: readonly { readonly check: string; readonly kind: string; readonly says: string }[];
}

test("CAT-107, the local UI: what the doctor finds, as the worker that runs says it", async () => {
  const { findings } = (await json(look("findings"))) as Findings;
  expect(findings).toContainEqual(expect.objectContaining({ check: "socket", kind: "ok" }));
});

interface Told {
  readonly version: number;
  readonly text: string;
}
const told = async (): Promise<Told> => (await json(look("configuration"))) as Told;
const checked = async (text: string): Promise<{ document: object }> =>
  (await json(post("configuration/check", { text }))) as { document: object };

/** Edit as the page does: read, check, write. */
async function edit(change: (text: string) => string, ifMatch?: number): Promise<unknown> {
  const { text, version } = await told();
  const { document } = await checked(change(text));
  return await json(post("configuration", { document, ifMatch: ifMatch ?? version, comment: "by hand" }));
}

test("CAT-107, the local UI: the configuration is edited as text; each fault stands at its line, and nothing of it is written", async () => {
  const { text, version } = await told();
  expect(await checked(`log:\n  level: loud\n`)).toMatchObject({
    faults: [{ path: "/log/level", line: 2 }],
  });
  expect(await checked("log: [\n")).toMatchObject({ document: null, faults: [{ line: expect.any(Number) as number }] });
  expect((await told()).text).toBe(text);
  expect(await edit((before) => `${before}log:\n  level: error\n`)).toMatchObject({ version: version + 1 });
  expect((await told()).text).toContain("level: error");
  const { document } = await checked("log: {level: loud}");
  const refused = await json(post("configuration", { document, ifMatch: version + 1, comment: "" }));
  expect(refused).toMatchObject({ code: "CONFIG_REFUSED", detail: expect.stringContaining("/log/level") as string });
});

test("CAT-107, the local UI: who was slower is told what changed meanwhile, and nothing is written over", async () => {
  const { text, version } = await told();
  await edit((before) => before.replace("w2", "w3"));
  expect(await edit(() => text.replace("w2", "w4"), version)).toMatchObject({ code: "CONFIG_STALE" });
  const { document } = await checked(text.replace("w2", "w4"));
  expect(await json(post("configuration/compare", { document, base: version }))).toEqual({
    version: version + 1,
    changes: [{ path: "/identity/name", base: "w2", theirs: "w3", yours: "w4", conflict: true }],
  });
  await edit((before) => before.replace("w3", "w2"));
});

test.each<[string, object, string]>([
  ["configuration", { document: [], ifMatch: 1 }, "document"],
  ["configuration", { document: {}, ifMatch: -1 }, "ifMatch"],
  ["configuration/check", {}, "text"],
  ["configuration/compare", { document: {}, base: "1" }, "base"],
])("what cannot be asked about a configuration is told by its field: %s %j", async (route, body, field) => {
  const refused = await json(post(route, body));
  expect(refused).toMatchObject({ code: "LOCAL_INVALID", detail: expect.stringContaining(`${field}:`) as string });
});

test("CAT-107, the local UI: logs come as they are written", async () => {
  const { body } = await look("notices");
  const reader = (body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader();
  const first = await reader.read();
  expect(first.value).toContain('"topics"');
  await post("ask", { method: "worker.switches.set", params: { workers: true } });
  let text = "";
  while (!text.includes("notice.log")) {
    const { value, done } = await reader.read();
    if (done) throw new Error("the notices ended");
    text += value;
  }
  expect(text).toContain("management: worker.switches.set");
  await reader.cancel();
});

test("CAT-107, the local UI: stop; with the service down the file is read, and reset", async () => {
  expect(await json(post("ask", { method: "worker.stop" }))).toEqual({ accepted: true });
  expect(await service?.ended).toBe("stop");
  await service?.close("stopped");
  service = undefined;
  expect(await json(look("state"))).toMatchObject({ runs: false, state: "configured" });
  const { findings } = (await json(look("findings"))) as Findings;
  expect(findings).toContainEqual(expect.objectContaining({ check: "service", says: "it is not running" }));
  expect(findings).toContainEqual(expect.objectContaining({ check: "configuration file", kind: "ok" }));
  expect((await told()).text).toContain("name: w2");
  const { version } = await told();
  expect(await edit((before) => before.replace("w2", "w5"))).toMatchObject({ version: version + 1 });
  expect((await told()).text).toContain("name: w5");
  expect(await json(post("reset", { steps: ["api"] }))).toEqual([
    { step: "api", says: "the API listens on 127.0.0.1:8889 at the next start" },
  ]);
  expect((await told()).text).toMatch(/api:\n\s+enabled: true/);
});
