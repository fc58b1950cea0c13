import { expect, test } from "vitest";
import { editPlace } from "./edit-place.ts";

test("CAT-78: a worker that takes a configuration of the server is edited there, any other through its service", () => {
  const labels = { "farhand/config": "web" };
  expect(editPlace({ name: "a", mode: "cloud", labels })).toMatchObject({
    params: { name: "web" },
    search: { tab: "edit" },
  });
  const own = { params: { worker: "a" }, search: { tab: "configuration" } };
  expect(editPlace({ name: "a", mode: "system", labels })).toMatchObject(own);
  expect(editPlace({ name: "a", mode: "cloud", labels: {} })).toMatchObject(own);
});
