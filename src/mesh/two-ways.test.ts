import { expect, test } from "vitest";
import { MemoryMesh, untilSo } from "../../test/kit/memory-mesh.ts";
import { messageType } from "./packet/message-types.ts";
import type { MeshStream } from "./stream/stream.ts";

test("a stream whose way dies without a word goes on over another as soon as that is found", async () => {
  await using nodes = new MemoryMesh();
  const [near, around, far] = ["near", "around", "far"].map((id) => nodes.node(id, { maxIdleMs: 12_000 }));
  const straight = await nodes.join(far!, near!);
  const first = await nodes.join(around!, near!);
  await nodes.join(far!, around!);
  const accepted = new Promise<MeshStream>((resolve) => far!.listen("take", { accept: resolve }));
  await untilSo(() => near!.status().RoutingTable["far"] === "far");
  await untilSo(() => far!.status().RoutingTable["near"] === "near");
  const stream = await near!.dial("far", "take");
  const taken = await accepted;
  let text = "";
  taken.on("data", (chunk: Buffer) => (text += chunk.toString()));
  stream.write("before");
  await untilSo(() => text === "before");

  straight.cut("silent");
  // Nobody has noticed yet: it is sent, and sent again, and lost each time.
  stream.end(" and behind");
  await untilSo(() => near!.status().RoutingTable["far"] === "around");
  await untilSo(() => text === "before and behind");
  // What arrived is what had been lost, byte for byte: the engine itself would have waited for its next turn.
  const data = (sent: readonly Uint8Array[]) =>
    sent.filter(([type]) => type === messageType.data).map((message) => Buffer.from(message).toString("base64"));
  const lost = new Set(data(straight.sent));
  expect(data(first.sent).some((message) => lost.has(message))).toBe(true);
});
