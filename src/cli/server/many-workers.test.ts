import { expect, test } from "vitest";
import { RemoteError } from "#fleet";
import { apiKit, type TestApi } from "../../../test/kit/api.ts";
import { type CliSession, cliSession } from "../../../test/kit/cli-session.ts";
import { tempFolder } from "../../../test/kit/temp-folder.ts";

const kit = apiKit();
const count = 200;
const name = (n: number): string => `w${String(n).padStart(3, "0")}`;

/** Two hundred workers, every fourth of them in Brno, and somebody with a program's token. */
async function manyWorkers(folder: string): Promise<{ api: TestApi; session: CliSession; requests: () => number }> {
  const api = await kit.open({ limits: { perUser: 10_000, perAddress: 10_000 } });
  const root = await api.user("root", "admin");
  for (let n = 0; n < count; n++) await api.worker(name(n), { site: n % 4 === 0 ? "brno" : "praha" });
  const scopes = ["workers:admin"];
  const { token } = await api.access.apiTokens.make(root.id, { name: "ci", scopes, expiresAt: null });
  const session = cliSession(folder);
  Object.assign(session.env, { FARHAND_TOKEN: token, FARHAND_SERVER: api.url, FARHAND_CA: kit.certificates().ca });
  let requests = 0;
  api.api.server.on("request", () => requests++);
  return { api, session, requests: () => requests };
}

test("200 workers are listed by few requests, in their order, a line each and no more (CAT-109)", async () => {
  await using folder = await tempFolder();
  const { api, session, requests } = await manyWorkers(folder.path);
  await using _ = api;
  const { out, exit } = await session.farhand("workers");
  expect(exit).toBe(0);
  const lines = out.trim().split("\n");
  expect(lines).toHaveLength(count + 1);
  expect(lines.slice(1).map((line) => line.split(" ")[0])).toEqual(
    Array.from({ length: count }, (_each, n) => name(n)),
  );
  expect(Buffer.byteLength(out)).toBeLessThan(count * 200);
  expect(requests()).toBeLessThanOrEqual(2);
});

test("a switch is set on all workers of a label, each with its own result, and one that fails keeps no other from it (CAT-109)", async () => {
  await using folder = await tempFolder();
  const { api, session } = await manyWorkers(folder.path);
  await using _ = api;
  const states = { watchers: true, monitors: true, workers: false };
  const failing = (await api.registry.find(name(8))).id;
  api.lines.answer = ({ workerId }) => {
    if (workerId === failing)
      throw new RemoteError({ code: "LEVEL_TOO_LOW", message: "this needs operate", status: 403 });
    return states;
  };
  const said = await session.farhand("workers", "switch", "--label", "site=brno", "workers=off");
  expect(said.exit).toBe(4);
  expect(said.err).toEqual(["49 of 50 done"]);
  const lines = said.out.trim().split("\n");
  expect(lines).toHaveLength(50);
  expect(lines[0]).toBe(`${name(0)}  watchers on, monitors on, workers off`);
  expect(lines[2]).toMatch(/^w008 {2}this needs operate/);
  expect(api.lines.asked.filter(({ method }) => method === "worker.switches.set")).toHaveLength(50);
  expect(api.lines.asked.every(({ params }) => params["workers"] === false)).toBe(true);
  const json = await session.farhand("workers", "switch", name(1), name(2), "workers=off", "--json");
  expect(JSON.parse(json.out)).toEqual([
    { worker: name(1), ok: true, text: "watchers on, monitors on, workers off", result: states },
    { worker: name(2), ok: true, text: "watchers on, monitors on, workers off", result: states },
  ]);
});

test.each([
  [[], "no worker is named"],
  [["w001", "--all"], "name workers in one way"],
  [["--label", "site=none"], "no worker that you may see has these labels"],
  [["w001", "workers=maybe"], "switches nothing"],
])("workers switch %j is refused before anything is asked", async (words, why) => {
  await using folder = await tempFolder();
  const { api, session } = await manyWorkers(folder.path);
  await using _ = api;
  const said = await session.farhand("workers", "switch", ...words);
  expect(said).toMatchObject({ exit: 2, out: "" });
  expect(said.err.join("\n")).toContain(why);
  expect(api.lines.asked).toEqual([]);
});
