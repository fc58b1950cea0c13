import { expect, test } from "vitest";
import { describeWithStores } from "../../../test/kit/stores.ts";
import { workersWithText } from "../store/config-outcomes.ts";
import { insertWorker } from "../store/workers.ts";
import { userLabelsByConfig, usersOfConfig } from "./config-users.ts";

/** A worker with this configuration. */
function worker(name: string, config: string) {
  const texts = { public_key: "", machine_id: "", instance: "", mode: "cloud", version: "1", cause: "" };
  const addresses = { reported_address: null, observed_address: null, configured_address: null };
  const numbers = { epoch: 1, created_at: 0, seen_at: null, cloneable: 0, state_since: 0 };
  const labels = JSON.stringify({ "farhand/config": config, note: '"farhand/config":"web"' });
  return { id: name, name, node: name, labels, state: "online", enrolment_id: "e", ...texts, ...addresses, ...numbers };
}

describeWithStores("the workers of a configuration", ({ open }) => {
  test("are those that are labelled with its very name", async () => {
    await using store = await open();
    const configs = { a: "web", b: "w_b", c: "wxb", d: "web.2", e: "web", f: 'odd "%\\' };
    for (const [name, config] of Object.entries(configs)) await insertWorker(store.db, worker(name, config));
    const names = async (config: string) => (await usersOfConfig(store, config)).map(({ name }) => name);
    expect(await names("web")).toEqual(["a", "e"]);
    expect(await names("w_b")).toEqual(["b"]);
    expect(await names('odd "%\\')).toEqual(["f"]);
    expect(await names("%")).toEqual([]);
    const users = await userLabelsByConfig(store);
    expect(Object.fromEntries([...users].map(([name, labels]) => [name, labels.length]))).toEqual({
      ...{ web: 2, w_b: 1, wxb: 1, "web.2": 1 },
      'odd "%\\': 1,
    });
  });

  test("are found without a pattern that somebody else has chosen", async () => {
    await using store = await open();
    await insertWorker(store.db, worker("a", "web"));
    expect(await workersWithText(store.db, ':"web"', "", 10)).toHaveLength(1);
    for (const text of ["%w%e%b%", ':"_eb']) expect(await workersWithText(store.db, text, "", 10)).toEqual([]);
  });
});
