import { describe, expect, test } from "vitest";
import type { JsonObject, Outcome } from "#fleet";
import { answerRpc } from "./rpc.ts";

const echo = (method: string, params: JsonObject): Promise<Outcome> =>
  Promise.resolve(
    method === "fail"
      ? { fault: { code: "UNIT_NOT_FOUND", message: "no", status: 404 } }
      : { result: { method, params } },
  );
const say = async (text: string | Buffer, answer = echo) => {
  const { text: said, fault } = await answerRpc(Buffer.from(text), answer);
  return { said: said === undefined ? undefined : JSON.parse(said), fault };
};
const nested = (depth: number) =>
  `{"jsonrpc":"2.0","id":1,"method":"a","params":${'{"a":'.repeat(depth)}1${"}".repeat(depth + 1)}`;

describe("answerRpc()", () => {
  test("answers a call", async () => {
    const { said } = await say('{"jsonrpc":"2.0","id":"a","method":"m","params":{"x":1}}');
    expect(said).toEqual({ jsonrpc: "2.0", id: "a", result: { method: "m", params: { x: 1 } } });
  });

  test("params may be left out; an id may be null", async () => {
    const { said } = await say('{"jsonrpc":"2.0","id":null,"method":"m"}');
    expect(said).toEqual({ jsonrpc: "2.0", id: null, result: { method: "m", params: {} } });
  });

  test("an error has the code for programs and no stack", async () => {
    const { said, fault } = await say('{"jsonrpc":"2.0","id":1,"method":"fail"}');
    expect(said).toEqual({
      ...{ jsonrpc: "2.0", id: 1 },
      error: { code: -32_000, message: "no", data: { code: "UNIT_NOT_FOUND", status: 404 } },
    });
    expect(fault).toMatchObject({ status: 404 });
  });

  test("a result that is undefined is null", async () => {
    const { said } = await say('{"jsonrpc":"2.0","id":1,"method":"m"}', () => Promise.resolve({ result: undefined }));
    expect(said).toEqual({ jsonrpc: "2.0", id: 1, result: null });
  });

  test.each([
    ["nothing", "", -32_700],
    ["no JSON", "{", -32_700],
    ["no UTF-8", Buffer.from([0x22, 0xff, 0x22]), -32_700],
    ["a number", "1", -32_600],
    ["null", "null", -32_600],
    ["an empty batch", "[]", -32_600],
    ["a batch of 51", `[${Array.from({ length: 51 }, () => "1").join()}]`, -32_600],
    ["another version", '{"jsonrpc":"1.0","id":1,"method":"m"}', -32_600],
    ["a field too many", '{"jsonrpc":"2.0","id":1,"method":"m","colour":1}', -32_600],
    ["__proto__ as one", '{"jsonrpc":"2.0","id":1,"method":"m","__proto__":{}}', -32_600],
    ["params in a list", '{"jsonrpc":"2.0","id":1,"method":"m","params":[1]}', -32_600],
    ["an id that is an object", '{"jsonrpc":"2.0","id":{},"method":"m"}', -32_600],
    ["a long id", `{"jsonrpc":"2.0","id":"${"x".repeat(65)}","method":"m"}`, -32_600],
    ["no method", '{"jsonrpc":"2.0","id":1}', -32_600],
    ["33 levels", nested(32), -32_600],
    ["an array of 10,001", `{"jsonrpc":"2.0","id":1,"method":"m","params":{"a":[${"1,".repeat(10_000)}1]}}`, -32_600],
    ["more than 1 MiB", `"${"x".repeat(1024 * 1024)}"`, -32_600],
  ])("CAT-18: refuses %s, and calls nothing", async (_name, text, code) => {
    const { said } = await say(text, () => expect.unreachable());
    expect(said).toMatchObject({ jsonrpc: "2.0", error: { code, data: { status: expect.any(Number) as unknown } } });
    expect(JSON.stringify(said)).not.toContain(".ts:");
  });

  test("CAT-18: 32 levels are allowed, and __proto__ in params is plain data", async () => {
    expect(await say(nested(31))).toHaveProperty("said.result");
    const { said } = await say('{"jsonrpc":"2.0","id":1,"method":"m","params":{"__proto__":{"level":"admin"}}}');
    expect(JSON.stringify(said.result.params)).toBe('{"__proto__":{"level":"admin"}}');
    expect(({} as { level?: string }).level).toBeUndefined();
  });

  test("of a batch each call is answered, notifications are not", async () => {
    const { said } = await say('[{"jsonrpc":"2.0","method":"n"},{"jsonrpc":"2.0","id":1,"method":"m"},5]');
    expect(said).toMatchObject([{ id: 1 }, { id: null, error: { code: -32_600 } }]);
  });

  test("a batch of notifications is answered with nothing", async () => {
    expect((await say('[{"jsonrpc":"2.0","method":"n"}]')).said).toBeUndefined();
    expect((await say('{"jsonrpc":"2.0","method":"fail"}')).said).toBeUndefined();
  });

  test("a batch whose answers grow too large is cut short", async () => {
    const large = () => Promise.resolve({ result: "x".repeat(1024 * 1024) });
    const calls = Array.from({ length: 50 }, (_, id) => ({ jsonrpc: "2.0", id, method: "m" }));
    const { said } = await say(JSON.stringify(calls), large);
    expect(said).toHaveLength(50);
    expect(said[49]).toMatchObject({ id: 49, error: { data: { code: "MESSAGE_TOO_LARGE" } } });
    expect(JSON.stringify(said).length).toBeLessThan(6 * 1024 * 1024);
  });
});
