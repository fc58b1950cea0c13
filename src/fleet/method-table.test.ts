import { describe, expect, test } from "vitest";
import { type Log, silentLog } from "#core";
import { FleetError } from "./errors.ts";
import { faultOfRpcError, RemoteError, rpcErrorOf } from "./fault.ts";
import { heartbeat } from "./heartbeat-schema.ts";
import { includesLevel, levels } from "./levels.ts";
import { type Caller, type Handler, type Method, serve } from "./method.ts";
import { dispatch, methodTable } from "./method-table.ts";
import { hello, type Hello, register } from "./registration-schema.ts";

const caller: Caller = { name: "server", level: "admin", carrier: "fleet" };
const said: Hello = {
  ...{
    apiVersion: { major: 1, minor: 0 },
    serviceVersion: "0.1.0",
    mode: "session",
    state: "configured",
    features: [],
  },
};
const request = (method: string, params: object = said, signal = new AbortController().signal) => ({
  ...{ id: "c1", method, params: params as Record<string, unknown>, signal },
});
/** One that orders something: each word of its params counts. */
const { tells: _, ...ordering } = hello;
const ask = (served: Handler<Hello, Hello>, params?: object, log: Log = silentLog) =>
  dispatch(methodTable([serve(ordering, served)]), request("hello", params), caller, log);

describe("dispatch()", () => {
  test("gives the handler what the schema let through, who calls, and a signal", async () => {
    const outcome = await ask((params, context) => {
      expect(context).toMatchObject({ caller, id: "c1", signal: expect.any(AbortSignal) as unknown });
      return params;
    });
    expect(outcome).toEqual({ result: said });
  });

  test("says METHOD_UNKNOWN also for what every object has", async () => {
    for (const name of ["nothing", "constructor", "__proto__", "toString"])
      expect(await dispatch(methodTable([]), request(name), caller, silentLog)).toMatchObject({
        fault: { code: "METHOD_UNKNOWN", status: 404 },
      });
  });

  test.each([
    ["a field too many", { ...said, colour: "red" }],
    ["__proto__", JSON.parse(JSON.stringify(said).replace("{", '{"__proto__":{},')) as object],
    ["a field too few", { ...said, mode: undefined }],
    ["one of another type", { ...said, features: "all" }],
  ])("says PARAMS_INVALID for %s, and runs nothing", async (_name, params) => {
    const outcome = await ask(() => expect.unreachable(), params);
    expect(outcome).toMatchObject({ fault: { code: "PARAMS_INVALID", status: 400 } });
  });

  test("leaves out of what is only told what a later version tells more, and asks for the rest as ever", async () => {
    const told = (params: object) =>
      dispatch(methodTable([serve(hello, (known) => known)]), request("hello", params), caller, silentLog);
    expect(await told({ ...said, colour: "red" })).toEqual({ result: said });
    expect(await told({ ...said, colour: "red", features: "all" })).toMatchObject({
      fault: { code: "PARAMS_INVALID" },
    });
  });

  test("names a few faults of many, and briefly", async () => {
    const features = Array.from({ length: 50 }, () => "?".repeat(10_000));
    const outcome = await ask(() => expect.unreachable(), { ...said, features });
    expect(outcome).toMatchObject({ fault: { message: expect.stringContaining("and 45 more") as unknown } });
    expect(JSON.stringify(outcome).length).toBeLessThan(2_000);
  });

  test("asks for the method's level, whatever way the call came", async () => {
    for (const needed of levels) {
      const method: Method<Hello, Hello> = { ...hello, level: needed };
      const table = methodTable([serve(method, (params) => params)]);
      for (const level of levels)
        for (const carrier of ["fleet", "socket", "https", "websocket", "forwarded"]) {
          const outcome = await dispatch(table, request("hello"), { name: "u", level, carrier }, silentLog);
          const isLow = "fault" in outcome && outcome.fault.code === "LEVEL_TOO_LOW" && outcome.fault.status === 403;
          expect(isLow, `${level} on ${carrier} for ${needed}`).toBe(!includesLevel(level, needed));
        }
    }
  });

  test("looks at the level before the parameters", async () => {
    const table = methodTable([serve({ ...hello, level: "operate" }, (params) => params)]);
    const outcome = await dispatch(table, request("hello", { x: 1 }), { ...caller, level: "monitor" }, silentLog);
    expect(outcome).toMatchObject({ fault: { code: "LEVEL_TOO_LOW" } });
  });

  test("passes on what was thrown on purpose, without its stack or cause", async () => {
    const outcome = await ask(() => {
      throw new FleetError("BACKLOG_FULL", "later", { cause: new Error("secret") });
    });
    expect(outcome).toEqual({ fault: { code: "BACKLOG_FULL", message: "later", status: 503 } });
  });

  test.each([
    ["an error", () => Promise.reject(new Error("secret at line 5"))],
    ["anything", () => Promise.reject({ secret: 1 })],
    ["a result that it does not declare", () => ({ ...said, secret: "secret" })],
  ])("tells the caller nothing of %s, and the log everything", async (_name, handler) => {
    const logged: unknown[] = [];
    const log = { ...silentLog, error: (...all: unknown[]) => void logged.push(...all) };
    const outcome = await ask(handler, said, log);
    expect(outcome).toMatchObject({ fault: { code: "INTERNAL", status: 500 } });
    expect(JSON.stringify(outcome)).not.toContain("secret");
    expect(logged).toEqual([expect.any(String), expect.objectContaining({ caller: "server", carrier: "fleet" })]);
  });

  test("says CALL_CANCELLED when the handler stopped because it was told to", async () => {
    const controller = new AbortController();
    const table = methodTable([
      serve(hello, (_params, { signal }) => {
        controller.abort();
        signal.throwIfAborted();
        return said;
      }),
    ]);
    const outcome = await dispatch(table, request("hello", said, controller.signal), caller, silentLog);
    expect(outcome).toMatchObject({ fault: { code: "CALL_CANCELLED" } });
  });
});

test("methodTable() refuses names that are none, that stand twice, or that the conversation needs", () => {
  const named = (name: string) => serve({ ...hello, name }, (params) => params);
  expect(() => methodTable([named("hello"), named("hello")])).toThrow(TypeError);
  expect(() => methodTable([named("no name")])).toThrow(TypeError);
  expect(() => methodTable([named("rpc.ack")])).toThrow(TypeError);
});

test("a fault is a JSON-RPC error on the way and the same fault behind it", () => {
  const fault = { code: "PARAMS_INVALID", message: "no", status: 400 };
  expect(rpcErrorOf(fault)).toEqual({ code: -32_602, message: "no", data: { code: "PARAMS_INVALID", status: 400 } });
  expect(rpcErrorOf({ ...fault, code: "UNIT_NOT_FOUND" }).code).toBe(-32_000);
  expect(faultOfRpcError(rpcErrorOf(fault))).toEqual(fault);
  expect(new RemoteError(fault)).toMatchObject(fault);
});

const beat = {
  ...{ epoch: 1, beat: 1, state: "registered", cpuPercent: 12.5, memoryUsedBytes: 1, memoryTotalBytes: 2 ** 40 },
  ...{ loadAverage1m: 0.5, loadAverage5m: null, loadAverage15m: null, diskFreeBytes: 0, diskTotalBytes: null },
  ...{ uptimeSeconds: 3, machineUptimeSeconds: null, responseTimeMs: null, clockOffsetMs: -7_200_000 },
  ...{ helpersRunning: 1, helpersBusy: 0, helperSlots: 4, unitsRunning: 1_000, unitsPending: 0 },
};
const registration = {
  ...{ name: "Zoë", machineIdHash: "0f".repeat(32), hostName: "h", serviceVersion: "0.1.0" },
  ...{ mode: "session", startedAtMs: 1, instanceNonce: "A".repeat(22), capabilities: ["shell"], labels: { site: "a" } },
  ...{ helperSlots: 4, publicKey: "A".repeat(60), forwardSecret: "A".repeat(43) },
  ...{ nonce: "A".repeat(43), signature: "A".repeat(88) },
};

test.each([
  ["heartbeat", heartbeat, beat],
  ["register", register, registration],
  ["hello", hello, said],
] as const)("%s takes just what it declares", (_name, method, params) => {
  expect(method.params.safeParse(params)).toEqual({ success: true, data: params });
  for (const field of Object.keys(params)) {
    expect(method.params.safeParse({ ...params, [field]: undefined }).success, `without ${field}`).toBe(false);
    expect(method.params.safeParse({ ...params, [field]: { toString: 1 } }).success, `wrong ${field}`).toBe(false);
  }
  expect(method.params.safeParse({ ...params, more: 1 }).success).toBe(false);
});

test.each([
  ["NaN", Number.NaN],
  ["infinity", Infinity],
  ["101 %", 101],
  ["-1 %", -1],
])("a heartbeat with %s is refused", (_name, cpuPercent) => {
  expect(heartbeat.params.safeParse({ ...beat, cpuPercent }).success).toBe(false);
});
