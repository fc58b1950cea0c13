import { expect, test } from "vitest";
import { noScan, serviceText, takeScan } from "./scan-state.ts";

const port = (number: number, more: object = {}) => ({
  ...{ type: "port", address: "10.0.0.1", port: number, protocol: "tcp", state: "open", ...more },
});

test("takeScan() keeps the last word on each port", () => {
  const { ports } = takeScan(takeScan(noScan, [port(22), port(80)]), [port(22, { banner: "SSH-2.0" })]);
  expect([...ports.values()].map(({ port: number, banner }) => [number, banner])).toEqual([
    [22, "SSH-2.0"],
    [80, undefined],
  ]);
});

test("serviceText() marks what only the number says", () => {
  expect(serviceText({ service: { name: "ssh", guessed: true } })).toBe("ssh?");
  expect(serviceText({ service: { name: "http", product: "nginx", version: "1.22", guessed: false } })).toBe(
    "http nginx 1.22",
  );
  expect(serviceText({})).toBe("");
});
