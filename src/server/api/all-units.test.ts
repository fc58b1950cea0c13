import { describe, expect, test } from "vitest";
import type { UnitNews } from "#fleet";
import { apiKit, type TestApi, type TestJson, type TestUser } from "../../../test/kit/api.ts";

const kit = apiKit();

const unit = (id: string, createdAt: number, more: Partial<UnitNews> = {}): UnitNews => ({
  ...{ id, state: 2, detail: "exit status 0", workType: "sh", stdoutSize: 3, createdAt, exitCode: 0, ...more },
});

/** Two sites with a worker and its units each, and somebody who may see the first only. */
async function twoSites(api: TestApi) {
  const [brno, oslo] = [await api.worker("brno-1", { site: "brno" }), await api.worker("oslo-1", { site: "oslo" })];
  await api.units.put(brno, [
    unit("b1", 1_000, { requestedBy: { user: "ann (u-1)", level: "operate", source: "192.0.2.7", session: "s" } }),
    unit("b2", 3_000, { state: 1, params: { params: "-v" } }),
  ]);
  await api.units.put(oslo, [unit("o1", 2_000, { workType: "capture" })]);
  return { brno, oslo, all: await api.user("all", "viewer"), some: await api.user("some", "viewer", { site: "brno" }) };
}

async function listed(api: TestApi, user: TestUser, query = ""): Promise<unknown[]> {
  const { status, json } = await api.ask("GET", `/api/units${query}`, user);
  expect(status, query).toBe(200);
  return json.items.map(({ id }) => id);
}

describe("units of all workers", () => {
  test("are listed newest first, with whose they are and how old that is", async () => {
    await using api = await kit.open();
    const { all, brno } = await twoSites(api);
    const { json } = await api.ask("GET", "/api/units", all);
    expect(json.items.map(({ id }) => id)).toEqual(["b2", "o1", "b1"]);
    expect(json.items[0]).toMatchObject({
      worker: { id: brno, name: "brno-1" },
      ...{ stateName: "Running", params: { params: "-v" }, connected: false, asOf: expect.any(Number) },
    });
    // Where an order came from is for admins.
    expect(json.items[2]).toMatchObject({ requestedBy: { user: "ann (u-1)", level: "operate" } });
    expect(JSON.stringify(json)).not.toContain("192.0.2.7");
    const admin = await api.user("root", "admin");
    expect((await api.ask("GET", "/api/units", admin)).text).toContain("192.0.2.7");
  });

  test("are filtered, and come in pages that go on where they ended", async () => {
    await using api = await kit.open();
    const { all, brno } = await twoSites(api);
    await api.units.release(brno, ["b1"]);
    expect(await listed(api, all, "?worker=oslo-1")).toEqual(["o1"]);
    expect(await listed(api, all, `?worker=${brno}&state=running`)).toEqual(["b2"]);
    expect(await listed(api, all, "?workType=capture")).toEqual(["o1"]);
    expect(await listed(api, all, "?user=ann")).toEqual(["b1"]);
    expect(await listed(api, all, "?released=false")).toEqual(["b2", "o1"]);
    expect(await listed(api, all, "?after=2000")).toEqual(["b2", "o1"]);
    expect(await listed(api, all, "?unit=o1")).toEqual(["o1"]);
    expect(await listed(api, all, "?worker=nobody")).toEqual([]);
    const first = await api.ask("GET", "/api/units?limit=2", all);
    expect(first.json.items).toHaveLength(2);
    // What is new meanwhile stands in front, and moves nothing.
    await api.units.put(brno, [unit("b3", 9_000)]);
    expect(await listed(api, all, `?limit=2&cursor=${String(first.json["next"])}`)).toEqual(["b1"]);
    for (const cursor of ["bm9uZQ", "WzEsMiwzXQ", "%00"])
      expect((await api.ask("GET", `/api/units?cursor=${cursor}`, all)).status, cursor).toBe(400);
  });

  test("of workers that a role does not reach are seen by no list, no filter and no cursor", async () => {
    await using api = await kit.open();
    const { some, all, oslo } = await twoSites(api);
    expect(await listed(api, some)).toEqual(["b2", "b1"]);
    for (const query of ["?worker=oslo-1", `?worker=${oslo}`, "?unit=o1", "?workType=capture"])
      expect(await listed(api, some, query), query).toEqual([]);
    // A cursor of somebody who sees more leads to nothing more.
    const { json } = await api.ask("GET", "/api/units?limit=1", all);
    expect(await listed(api, some, `?cursor=${String(json["next"])}`)).toEqual(["b1"]);
    expect((await api.ask("GET", "/api/units")).status).toBe(401);
  });

  test("of a worker that was removed are listed no more", async () => {
    await using api = await kit.open();
    const { all, oslo } = await twoSites(api);
    const admin = await api.user("root", "admin");
    expect((await api.ask("DELETE", `/api/workers/${oslo}`, admin)).status).toBe(204);
    expect(await listed(api, all)).toEqual(["b2", "b1"]);
  });
});

describe("live changes of units", () => {
  const watching = async (api: TestApi, user: TestUser, start: object = {}) => {
    const socket = await api.socket("/api/live", user.auth);
    socket.socket.send(JSON.stringify({ topics: ["units"], ...start }));
    const next = async (): Promise<TestJson> => {
      for (;;) {
        const message = await socket.next();
        if (message["kind"] === "units" || message["kind"] === "unit") return message;
      }
    };
    return { socket, next };
  };
  const idOf = ({ unit: told }: TestJson & { readonly unit?: unknown }): unknown => (told as TestJson)["id"];

  test("come as they are stored, and go on from a position", async () => {
    await using api = await kit.open();
    const { all, brno } = await twoSites(api);
    const first = await watching(api, all);
    const begun = await first.next();
    expect(begun).toMatchObject({ kind: "units", reset: true, unitsPosition: expect.any(String) });
    await api.units.put(brno, [unit("b4", 4_000, { state: 1 })]);
    expect(await first.next()).toMatchObject({ unit: { id: "b4", stateName: "Running", worker: { name: "brno-1" } } });
    await api.units.release(brno, ["b4"]);
    expect(await first.next()).toMatchObject({ unit: { id: "b4", releasedAt: expect.any(Number) } });
    const again = await watching(api, all, { unitsAfter: begun["unitsPosition"] });
    expect(await again.next()).toMatchObject({ kind: "units", reset: false });
    expect(idOf(await again.next())).toBe("b4");
  });

  test("are told of those workers only that the user may see", async () => {
    await using api = await kit.open();
    const { some, brno, oslo } = await twoSites(api);
    const { next } = await watching(api, some);
    await next();
    await api.units.put(oslo, [unit("o9", 9_000)]);
    await api.units.put(brno, [unit("b9", 9_000)]);
    expect(idOf(await next())).toBe("b9");
  });

  test("begin anew for who is too far behind, or knows another server", async () => {
    await using api = await kit.open();
    const { all, brno } = await twoSites(api);
    for (let n = 0; n < 11; n++)
      await api.units.put(
        brno,
        Array.from({ length: 200 }, (_, at) => unit(`n${n}x${at}`, 1)),
      );
    const { feed } = api.units;
    expect(feed.numberOf(feed.positionOf(1))).toBeUndefined();
    expect(feed.after(1, 10)).toBeUndefined();
    expect(feed.after(feed.last - 1, 10)).toHaveLength(1);
    for (const unitsAfter of [feed.positionOf(1), "000000000000-3", "nonsense"])
      expect(await (await watching(api, all, { unitsAfter })).next()).toMatchObject({ reset: true });
  });
});

describe("the map of the mesh", () => {
  const mesh = {
    nodeId: "server",
    status: () => ({
      Connections: [
        { NodeID: "node-brno-1", Cost: 1 },
        { NodeID: "node-oslo-1", Cost: 1 },
        { NodeID: "stranger", Cost: 2 },
      ],
      RoutingTable: {
        "node-brno-1": "node-brno-1",
        "node-oslo-1": "node-oslo-1",
        stranger: "stranger",
        far: "stranger",
      },
      Advertisements: [],
      KnownConnectionCosts: { server: { stranger: 2 }, stranger: { server: 2, far: 3 }, far: { stranger: 3 } },
    }),
    isStub: (node: string) => node.startsWith("node-"),
    roadTo: () => "websocket from 198.51.100.7",
  };

  test("has the server, its workers and who is behind them, with costs", async () => {
    await using api = await kit.open({ mesh });
    const { all } = await twoSites(api);
    const { json, text } = await api.ask("GET", "/api/mesh", all);
    const nodes = json["nodes"] as TestJson[];
    expect(nodes.map(({ node, kind, stub, nextHop }) => ({ node, kind, stub, nextHop }))).toEqual([
      { node: "far", kind: "node", stub: false, nextHop: "stranger" },
      { node: "node-brno-1", kind: "worker", stub: true, nextHop: "node-brno-1" },
      { node: "node-oslo-1", kind: "worker", stub: true, nextHop: "node-oslo-1" },
      { node: "server", kind: "server", stub: false, nextHop: null },
      { node: "stranger", kind: "node", stub: false, nextHop: "stranger" },
    ]);
    expect(json["links"]).toContainEqual({ from: "stranger", to: "far", cost: 3 });
    expect(json["links"]).toContainEqual({ from: "server", to: "node-brno-1", cost: 1 });
    expect(text).not.toContain("198.51.100.7");
    const admin = await api.user("root", "admin");
    expect((await api.ask("GET", "/api/mesh", admin)).text).toContain("198.51.100.7");
  });

  test("shows nobody workers that they may not see", async () => {
    // Also the way to a worker that he may see leads over one that he may not.
    const over = { ...mesh.status(), RoutingTable: { ...mesh.status().RoutingTable, "node-brno-1": "node-oslo-1" } };
    await using api = await kit.open({ mesh: { ...mesh, status: () => over } });
    const { some } = await twoSites(api);
    const { json, text } = await api.ask("GET", "/api/mesh", some);
    expect((json["nodes"] as TestJson[]).map(({ node }) => node)).toEqual(["node-brno-1", "server"]);
    expect(json["hidden"]).toBe(3);
    expect(text).not.toMatch(/oslo|stranger|far/);
  });
});
