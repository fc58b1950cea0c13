import { describe, expect, test } from "vitest";
import { connectControl, ControlError, type ControlSession } from "#control";
import { command, openTestService, type TestService } from "../../test/kit/control-service.ts";
import { cancelUnit, listUnits, releaseUnit, submitUnit, unitOutput, unitStatus } from "./client.ts";

const report = {
  State: 2,
  StateName: "Succeeded",
  Detail: "exit status 0",
  StdoutSize: 3,
  WorkType: "x",
  ExtraData: null,
};

/** A service whose `work` answers with what the test says, and keeps the requests. */
async function openWork(answer: (request: string, session: ControlSession) => Promise<object | "close">) {
  const requests: string[] = [];
  const run = async (request: object, session: ControlSession) => {
    const text = "rest" in request ? String(request.rest) : JSON.stringify(request);
    requests.push(text);
    return (await answer(text, session)) as Record<string, unknown> | "close";
  };
  const service = await openTestService("unix", { commands: [command("work", run)] });
  return { service, requests };
}

async function asking<T>(
  service: TestService,
  ask: (control: Awaited<ReturnType<typeof connectControl>>) => Promise<T>,
) {
  const control = await connectControl(service.address);
  try {
    return await ask(control);
  } finally {
    control.close();
  }
}

async function* chunks(...texts: string[]) {
  for (const text of texts) yield Buffer.from(text);
}

describe("submitUnit()", () => {
  test("sends keys in the order of receptorctl, then the payload, and names the unit before that", async () => {
    const order: string[] = [];
    const { service, requests } = await openWork(async (_request, session) => {
      await session.writeLine("Work unit created with ID abcd1234. Send stdin data and EOF.");
      for await (const chunk of session.payload()) order.push(chunk.toString());
      return { result: "Job Submitted", unitid: "abcd1234" };
    });
    await using _ = service;
    const request = {
      node: "n2",
      workType: "echo",
      params: { params: "a\nb" },
      tlsClient: "t",
      ttl: "1h",
      signWork: true,
    };
    const unit = await asking(service, (control) =>
      submitUnit(control, request, chunks("hi"), (id) => order.push(`id ${id}`)),
    );
    expect(unit).toEqual({ unitId: "abcd1234", result: "Job Submitted" });
    expect(order).toEqual(["id abcd1234", "hi"]);
    expect(requests).toEqual([
      '{"command":"work","subcommand":"submit","node":"n2","worktype":"echo","tlsclient":"t","ttl":"1h","signwork":"true","params":"a\\nb"}',
    ]);
  });

  test("refuses a parameter the protocol uses itself", async () => {
    const { service } = await openWork(async () => ({}));
    await using _ = service;
    const request = { node: "n", workType: "x", params: { node: "other" } };
    await expect(asking(service, (control) => submitUnit(control, request, chunks()))).rejects.toMatchObject({
      code: "REQUEST_INVALID",
    });
  });

  test.each([
    ["unknown work type x", "WORK_TYPE_UNKNOWN"],
    ["extra params provided but not allowed", "PARAMS_REFUSED"],
    ["no route to node n", "NODE_UNREACHABLE"],
    ["no unit can be stored: EROFS: read-only file system", "STORAGE_FAILED"],
    ["ttl option is intended for remote work only", "REQUEST_INVALID"],
    ["work type did not expect a signature", "SIGNATURE_UNEXPECTED"],
    ["work of type shut is not allowed from node foo", "WORK_REFUSED"],
    ["work of type shut for node baz is not allowed over tcp", "WORK_REFUSED"],
    ["something else", "REMOTE_ERROR"],
  ])("gives the refusal %j a code: %s", async (text, code) => {
    const { service } = await openWork(async () => {
      throw new ControlError("REQUEST_INVALID", text);
    });
    await using _ = service;
    const submit = asking(service, (control) => submitUnit(control, { node: "n", workType: "x" }, chunks()));
    await expect(submit).rejects.toMatchObject({ code, message: text });
  });
});

test.each([
  ["exec: not found", "START_FAILED"],
  ["EOF found when expecting closing quote", "PARAMS_REFUSED"],
  ["EOF found after escape character", "PARAMS_REFUSED"],
  ["Error reading input data: connection lost", "PAYLOAD_FAILED"],
  ["Error reading input data: ENOSPC: no space left on device, write", "STORAGE_FAILED"],
])("submitUnit() names the unit that was made and not started: %s is %s", async (text, code) => {
  const { service } = await openWork(async (_request, session) => {
    await session.writeLine("Work unit created with ID abcd1234. Send stdin data and EOF.");
    for await (const _chunk of session.payload());
    throw new ControlError("REQUEST_INVALID", text);
  });
  await using _ = service;
  const submit = asking(service, (control) => submitUnit(control, { node: "n", workType: "x" }, chunks("hi")));
  await expect(submit).rejects.toMatchObject({ code, message: `unit abcd1234 was not started: ${text}` });
});

test("releaseUnit() says when processes or files of the unit stay", async () => {
  const texts = [
    "processes of unit abcd1234 do not end; see them with ps",
    "files of unit abcd1234 not deleted: EACCES",
  ];
  const { service } = await openWork(async () => {
    throw new ControlError("REQUEST_INVALID", texts.shift() ?? "");
  });
  await using _ = service;
  const release = () => asking(service, (control) => releaseUnit(control, "abcd1234"));
  await expect(release()).rejects.toMatchObject({ code: "UNIT_STUCK" });
  await expect(release()).rejects.toMatchObject({ code: "STORAGE_FAILED" });
});

test("listUnits() and unitStatus() give reports, and refuse what is none", async () => {
  const { service } = await openWork(async (request) => {
    if (request.includes("list")) return { abcd1234: report };
    return request.endsWith("good") ? report : { State: "2" };
  });
  await using _ = service;
  expect(await asking(service, listUnits)).toEqual({ abcd1234: report });
  expect(await asking(service, (control) => unitStatus(control, "good"))).toEqual(report);
  await expect(asking(service, (control) => unitStatus(control, "bad"))).rejects.toMatchObject({
    code: "REPLY_INVALID",
  });
});

test("cancelUnit() and releaseUnit() say whether it is done or only noted", async () => {
  const { service, requests } = await openWork(async (request) =>
    request.startsWith("cancel") ? { "cancel pending": "a" } : { released: "a" },
  );
  await using _ = service;
  expect(await asking(service, (control) => cancelUnit(control, "a"))).toEqual({ unitId: "a", isPending: true });
  expect(await asking(service, (control) => releaseUnit(control, "a"))).toEqual({ unitId: "a", isPending: false });
  await asking(service, (control) => releaseUnit(control, "a", { force: true }));
  expect(requests).toEqual(["cancel a", "release a", "force-release a"]);
});

test("an id that would change the request is never sent", async () => {
  const { service, requests } = await openWork(async () => ({}));
  await using _ = service;
  const ask = asking(service, (control) => unitStatus(control, "a\nwork release b"));
  await expect(ask).rejects.toMatchObject({ code: "UNIT_NOT_FOUND" });
  expect(requests).toEqual([]);
});

test("unitOutput() gives the bytes behind the announcement, from the offset asked for", async () => {
  const { service, requests } = await openWork(async (_request, session) => {
    await session.writeLine("Streaming results for work unit a");
    await session.write(Buffer.from("ERROR: is output like any other\n"));
    return "close";
  });
  await using _ = service;
  const text = await asking(service, async (control) => {
    let text = "";
    for await (const chunk of unitOutput(control, "a", 7)) text += Buffer.from(chunk).toString();
    return text;
  });
  expect(text).toBe("ERROR: is output like any other\n");
  expect(requests).toEqual(["results a 7"]);
});
