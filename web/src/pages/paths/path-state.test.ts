import { expect, test } from "vitest";
import { noPath, takePath } from "./path-state.ts";

const hop = (number: number, received: number) => ({
  ...{ type: "hop", hop: number, addresses: [`10.0.0.${number}`], sent: 3, received, loss: 0 },
});

test("takePath() keeps the last word on each hop, in the order of the path", () => {
  const first = takePath(noPath, [hop(2, 1), hop(1, 1)]);
  const { hops } = takePath(first, [hop(1, 3)]);
  expect(hops.map(({ hop: number, received }) => [number, received])).toEqual([
    [1, 3],
    [2, 1],
  ]);
});

test("takePath() drops what lies behind the end that the summary tells", () => {
  const summary = { type: "summary", target: "a", address: "10.0.0.1", reached: true, hops: 1, seconds: 1 };
  expect(takePath(noPath, [hop(1, 3), hop(2, 0), summary]).hops).toHaveLength(1);
});

test("takePath() shows the picture of a worker of Quokka, and nothing that is none", () => {
  const summary = { type: "summary", target: "a", program: "quokka", method: "tcp", picture: true };
  const drawn = takePath(noPath, [{ type: "picture", mediaType: "image/png", base64: "iVBORw0KGgo=" }, summary]);
  expect(drawn).toMatchObject({ picture: "data:image/png;base64,iVBORw0KGgo=", drawn: { target: "a" }, hops: [] });
  for (const base64 of ['" onerror="x', "", 7, "https://evil.example/x.png"])
    expect(takePath(noPath, [{ type: "picture", base64 }])).not.toHaveProperty("picture");
});
