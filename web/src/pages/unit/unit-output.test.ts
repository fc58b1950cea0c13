import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { followOutput } from "../../api/output.ts";
import { followUnit, type OutputProgress } from "./unit-output.ts";

const whole = "line 1\nline 2\nline 3\n";
const final = { id: "u", state: 2, stdoutSize: whole.length };
const running = { ...final, state: 1, stdoutSize: 7 };
const over: (() => void)[] = [];

afterEach(() => {
  vi.unstubAllGlobals();
  for (const close of over.splice(0)) close();
});

/** A server of our own; a page's addresses have no host, so they are given this one. */
async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<void> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  over.push(() => server.close().closeAllConnections());
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const really = globalThis.fetch;
  vi.stubGlobal("fetch", (path: string, options: RequestInit) => really(new URL(path, base), options));
}

function json(response: ServerResponse, value: unknown): void {
  response.setHeader("content-type", "application/json").end(JSON.stringify(value));
}

/** What a page would show of it. */
async function followed() {
  let shown = "";
  const progress: OutputProgress[] = [];
  const states: number[] = [];
  const events = {
    write: async (bytes: Uint8Array) => void (shown += Buffer.from(bytes).toString()),
    progress: (next: OutputProgress) => void progress.push(next),
    status: ({ state }: { state: number }) => void states.push(state),
  };
  await followUnit("w", "u", 0, events, AbortSignal.timeout(30_000));
  return { shown, progress, states, last: progress.at(-1) };
}

const sha256 = createHash("sha256").update(whole).digest("hex");

test("followUnit() shows each byte once when the line breaks before the unit's first status has come", async () => {
  const asked: string[] = [];
  let streaming: ServerResponse | undefined;
  await serve(({ url = "" }, response) => {
    const from = /output\?from=(\d+)/.exec(url)?.[1];
    asked.push(from ?? "status");
    if (from === "0") {
      streaming = response;
      response.write(whole.slice(0, 7));
    } else if (from !== undefined) response.end(whole.slice(Number(from)));
    else if (asked.filter((word) => word === "status").length === 1) {
      response.destroy();
      streaming?.destroy();
    } else json(response, final);
  });
  const { shown, last, progress } = await followed();
  expect(shown).toBe(whole);
  expect(asked.slice(0, 3)).toEqual(["0", "status", "7"]);
  expect(progress.some(({ cut }) => cut !== undefined)).toBe(true);
  expect(last).toEqual({ from: 0, at: whole.length, sha256 });
});

test("followUnit() asks again for the ending when the line breaks behind the last byte", async () => {
  let asked = 0;
  await serve(({ url = "" }, response) => {
    if (/output/.test(url)) return void response.end(whole);
    asked++;
    if (asked === 2) response.destroy();
    else json(response, asked === 1 ? running : final);
  });
  const { shown, last, progress, states } = await followed();
  expect(shown).toBe(whole);
  expect(states).toEqual([1, 2]);
  expect(progress.at(-2)).toMatchObject({ cut: undefined });
  expect(progress.some(({ cut }) => cut === "the server did not answer")).toBe(true);
  expect(last).toEqual({ from: 0, at: whole.length, sha256 });
});

/** Follow an output that may be silent for a fifth of a second; gives what came and what was said of the line. */
async function listened() {
  let shown = "";
  const cuts: (string | undefined)[] = [];
  const bytes = (chunk: Uint8Array): void => void (shown += Buffer.from(chunk).toString());
  const cut = (why: string | undefined): void => void cuts.push(why);
  const at = await followOutput("w", "u", 0, { bytes, cut }, AbortSignal.timeout(30_000), 200);
  return { shown, cuts, at };
}

test("a line that is open and dead is asked again from the byte reached, and nobody hears of it", async () => {
  const asked: string[] = [];
  await serve(({ url = "" }, response) => {
    asked.push(/from=(\d+)/.exec(url)?.[1] ?? "");
    if (asked.length === 1) response.write(whole.slice(0, 7));
    else response.end(whole.slice(7));
  });
  expect(await listened()).toEqual({ shown: whole, cuts: [undefined, undefined], at: whole.length });
  expect(asked).toEqual(["0", "7"]);
});

test("a server that does not answer at all is told as that, until it does", async () => {
  let asked = 0;
  await serve((_, response) => {
    if (++asked > 1) response.end(whole);
  });
  expect(await listened()).toEqual({
    ...{ shown: whole, at: whole.length },
    cuts: ["the server did not answer", undefined],
  });
});
