import { expect, test } from "vitest";
import { openEntitlement, ToldEntitlement } from "./told-entitlement.ts";

test("what the server's policy includes counts from the heartbeat on that tells it (CAT-100)", () => {
  const entitlement = new ToldEntitlement(() => false);
  expect(entitlement.now).toEqual(openEntitlement);
  entitlement.tell(["remote.monitor", "of.tomorrow"]);
  expect(entitlement.now).toEqual({ features: ["remote.monitor"], isOnlyWorker: false });
  entitlement.tell([]);
  expect(entitlement.now.features).toEqual([]);
});

test("a worker that asks for the server's word gives nothing before it, and nothing by a server that has none", () => {
  expect(new ToldEntitlement(() => true).now.features).toEqual([]);
});
