import { expect, test } from "vitest";
import { toolWorkers } from "./tool-workers.ts";
import type { WorkersApi } from "./workers-api.ts";

const worker = (name: string, site: string, state = "online") => ({ id: `id-${name}`, name, state, labels: { site } });
const items = [worker("w1", "brno-1"), worker("w2", "brno-2"), worker("w3", "praha"), worker("w4", "brno-3", "lost")];
const api: WorkersApi = { ask: async () => ({ items }), now: () => 0 };

test("toolWorkers() takes names as they are, each once", async () => {
  expect(await toolWorkers(api, ["w9", "w1", "w9"], undefined)).toEqual(["w9", "w1"]);
});

test.each([
  [["site=brno*"], ["w1", "w2"]],
  [["site=*-2"], ["w2"]],
  [["site=praha"], ["w3"]],
  [["*"], ["w1", "w2", "w3"]],
])("toolWorkers() finds those that are connected with %j", async (from, names) => {
  expect(await toolWorkers(api, [], from)).toEqual(names);
});

test("toolWorkers() says how a worker is named where that is no argument", async () => {
  const remedy = "--on WORKER, or --from NAME=VALUE";
  for (const from of [undefined, ["w1"]])
    await expect(toolWorkers(api, [], from, "--on WORKER")).rejects.toMatchObject({ remedy });
});

test.each([
  [[], undefined, "no worker is named"],
  [["w1"], ["*"], "name workers in one way"],
  [[], ["site=b.no-1"], "no worker that is connected has these labels"],
  [[], ["rack=*"], "no worker that is connected has these labels"],
  [[], ["brno"], "is no label"],
])("toolWorkers() refuses %j with %j", async (names, from, why) => {
  await expect(toolWorkers(api, names, from)).rejects.toThrow(why);
});
