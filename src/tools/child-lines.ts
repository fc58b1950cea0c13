import { LineReader } from "#core";
import type { ToolChild } from "./tool.ts";

/** A program that writes a longer line than that is not read on. */
const maxLineBytes = 65_536;

/** What a program writes, line by line, as it comes; the last one also without its end. It is over when the program closes stdout. */
export async function* childLines(child: ToolChild): AsyncGenerator<string> {
  const reader = new LineReader(maxLineBytes);
  for await (const chunk of child.stdout) {
    reader.push(chunk);
    for (let line = reader.next(); line !== undefined; line = reader.next()) yield line.toString("utf8");
    if (reader.tooLong) return;
  }
  const rest = reader.take().toString("utf8");
  if (rest !== "") yield rest;
}

/** Do something while a program runs: it is ended with `signal`, and has ended when this returns, whatever happens. */
export async function whileRunning<T>(child: ToolChild, signal: AbortSignal, act: () => Promise<T>): Promise<T> {
  const end = (): void => child.end();
  if (signal.aborted) end();
  signal.addEventListener("abort", end);
  try {
    return await act();
  } finally {
    signal.removeEventListener("abort", end);
    child.end();
    await child.ended.catch(() => undefined);
  }
}
