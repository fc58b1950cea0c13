import { expect, test } from "vitest";
import { noColours } from "../colours.ts";
import { mostLines } from "./live-block.ts";
import { PacedDrawing } from "./paced-drawing.ts";
import { ScanText } from "./scan-text.ts";

const port = (n: number) => ({
  type: "port",
  address: `10.0.${n >> 8}.${n & 255}`,
  port: n,
  protocol: "tcp",
  state: "open",
});

test("a flood of lines is drawn once for each turn of the clock, and costs no more than what is on the screen", async () => {
  let formatted = 0;
  const good = (text: string): string => {
    formatted++;
    return text;
  };
  const view = new ScanText(["shed"], { columns: 100, colours: { ...noColours, good } });
  const turns: (() => void)[] = [];
  const drawn: (readonly string[])[] = [];
  const sleep = (): Promise<void> => new Promise((resolve) => void turns.push(resolve));
  const drawing = new PacedDrawing(() => void drawn.push(view.text(mostLines)), { sleep });
  for (let n = 1; n <= 50_000; n++) {
    view.take("shed", port(n));
    drawing.changed();
    if (n % 10_000 !== 0) continue;
    expect(turns).toHaveLength(n / 10_000);
    turns.at(-1)?.();
    await Promise.resolve();
  }
  expect(drawn).toHaveLength(5);
  expect(formatted).toBeLessThanOrEqual(5 * mostLines);
  expect(drawn.at(-1)).toHaveLength(mostLines);
  expect(drawn.at(-1)?.[0]).toBe("… the latest of 50000 ports");
  expect(drawn.at(-1)?.at(-1)).toContain("50000/tcp");
  drawing.end();
  drawing.changed();
  expect(turns).toHaveLength(5);
});

test("what was found is told whole at the end, however much that is", () => {
  const view = new ScanText(["shed"], { columns: undefined, colours: noColours });
  for (let n = 1; n <= 200_000; n++) view.take("shed", port(n % 65_536));
  expect(view.text()).toHaveLength(200_000);
});
