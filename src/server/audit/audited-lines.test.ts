import { describe, expect, test } from "vitest";
import { silentLog } from "#core";
import { RemoteError } from "#fleet";
import { streamPair, TestLines } from "../../../test/kit/api.ts";
import type { Asker } from "../line/worker-lines.ts";
import { AuditedLines } from "./audited-lines.ts";

const ada: Asker = {
  ...{ userId: "u1", name: "ada", roles: ["admin"], level: "admin", methods: ["pwd"], loggedInAt: 1 },
  ...{ session: "s1", source: "192.0.2.7" },
};
const never = new AbortController().signal;

function audited() {
  const lines = new TestLines();
  const rows: { actor: string; action: string; subject: string; detail: Record<string, unknown> }[] = [];
  const audit = {
    recordSoon: async (actor: string, action: string, subject: string, detail = {}) =>
      void rows.push({ actor, action, subject, detail }),
  };
  const clock = { at: 0, elapsed: () => clock.at };
  return { lines, rows, clock, over: new AuditedLines({ lines, audit, clock, log: silentLog }) };
}

describe("what is forwarded stands in the audit (CAT-121)", () => {
  test("a call: who, worker, method, jti, verdict, bytes and time; the worker is told the same jti", async () => {
    const { lines, rows, clock, over } = audited();
    lines.answer = () => {
      clock.at += 12.4;
      return { ok: "é" };
    };
    const request = { method: "units.cancel", params: { unit: "AbCd1234" } };
    await over.call("w1", request, ada, never);
    const jti = lines.asked[0]?.asker.request;
    expect(Buffer.from(jti ?? "", "base64url")).toHaveLength(16);
    expect(rows).toEqual([
      {
        ...{ actor: "u1", action: "forward", subject: "w1" },
        detail: {
          ...{ method: "units.cancel", jti, verdict: "done", session: "s1", source: "192.0.2.7" },
          ...{ bytesUp: JSON.stringify(request).length, bytesDown: 11, ms: 12 },
        },
      },
    ]);
    await over.call("w1", request, ada, never);
    expect(rows[1]?.detail["jti"]).not.toBe(jti);
  });

  test("a refusal, with the worker's code", async () => {
    const { lines, rows, over } = audited();
    lines.answer = () => {
      throw new RemoteError({ code: "LEVEL_TOO_LOW", message: "no", status: 403 });
    };
    const call = over.call("w1", { method: "worker.stop", params: {} }, ada, never);
    await expect(call).rejects.toMatchObject({ code: "LEVEL_TOO_LOW" });
    expect(rows).toMatchObject([{ action: "forward", detail: { method: "worker.stop", verdict: "LEVEL_TOO_LOW" } }]);
  });

  test("a stream, when it is over: the bytes both ways, and how it ended", async () => {
    const { lines, rows, over } = audited();
    const pair = streamPair();
    lines.output = () => ({ result: {}, stream: pair.server });
    const { stream } = await over.open("w1", { method: "shell.open", params: {} }, ada, never);
    stream.write(Buffer.from("ls\n"));
    pair.worker.end("a file\nanother\n");
    let got = "";
    for await (const chunk of stream) got += String(chunk);
    expect(got).toBe("a file\nanother\n");
    expect(rows).toEqual([]);
    stream.end();
    stream.destroy();
    await pair.closed;
    expect(rows).toMatchObject([{ detail: { method: "shell.open", verdict: "done", bytesUp: 3, bytesDown: 15 } }]);
  });

  test("a payload: as much of it as the worker took", async () => {
    const { lines, rows, over } = audited();
    lines.answer = () => ({ unit: "AbCd1234", state: "started" });
    const payload = async function* () {
      yield Buffer.alloc(1_000);
      yield Buffer.alloc(24);
    };
    await over.submit("w1", { workType: "sh" }, payload(), ada, never);
    expect(rows).toMatchObject([{ detail: { method: "units.submit", verdict: "done", bytesUp: 1_024 } }]);
    const breaking = async function* () {
      yield Buffer.alloc(7);
      throw new Error("the client is gone");
    };
    await expect(over.submit("w1", { workType: "sh" }, breaking(), ada, never)).rejects.toThrow("gone");
    expect(rows[1]).toMatchObject({ detail: { verdict: "BROKEN", bytesUp: 7 } });
  });
});
