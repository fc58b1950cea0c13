import { expect, test } from "vitest";
import { MemoryMesh, untilSo } from "../../test/kit/memory-mesh.ts";

test("whoever listens is told when a link comes or goes, here and elsewhere, and no more after that", async () => {
  await using nodes = new MemoryMesh();
  const [near, hub, far] = ["near", "hub", "far"].map((id) => nodes.node(id, { maxIdleMs: 12_000 }));
  const seen: string[] = [];
  const stop = near!.onChange(() => void seen.push(Object.keys(near!.status().RoutingTable).sort().join()));
  const own = await nodes.join(hub!, near!);
  await untilSo(() => seen.at(-1) === "hub");
  const other = await nodes.join(far!, hub!);
  await untilSo(() => seen.at(-1) === "far,hub");
  other.cut();
  await untilSo(() => seen.at(-1) === "hub");
  stop();
  const { length } = seen;
  own.cut();
  await untilSo(() => !near!.hasRoute("hub"));
  expect(seen).toHaveLength(length);
});
