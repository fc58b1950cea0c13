import { expect, test } from "vitest";
import type { Outcome } from "#fleet";
import { eventually } from "../../../test/kit/units.ts";
import { Conversing } from "./conversing.ts";
import type { Asked, Desk } from "./desk.ts";
import { Visitor } from "./visitor.ts";

/** A connection whose calls are answered when the test says so: they work, or only wait. */
function conversing() {
  const [asked, said, ends] = [[] as string[], [] as string[], new Map<string, () => void>()];
  const answer = async ({ method, aside }: Asked): Promise<Outcome> => {
    asked.push(method);
    const end = new Promise<void>((resolve) => ends.set(method, resolve));
    await (method.startsWith("wait") ? aside?.(end) : end);
    return { result: {} };
  };
  const desk = { answer } as unknown as Desk;
  const visitor = new Visitor("socket", "socket", "test");
  const talk = new Conversing(desk, visitor, { send: async (text) => void said.push(text) });
  const say = (method: string, filler = ""): Promise<void> =>
    talk.take(Buffer.from(JSON.stringify({ jsonrpc: "2.0", id: method, method, params: { filler } })));
  return { asked, said, say, talk, end: (method: string) => ends.get(method)?.() };
}

/** Whether the next message may come. */
async function isRead(taken: Promise<void>): Promise<boolean> {
  const later = new Promise<false>((resolve) => setTimeout(() => resolve(false), 50));
  return await Promise.race([taken.then(() => true), later]);
}

test("sixteen calls of a connection are worked at; it is not read further until one of them ends", async () => {
  const at = conversing();
  for (let n = 1; n < 16; n++) expect(await isRead(at.say(`work.${n}`))).toBe(true);
  const last = at.say("work.16");
  expect(await isRead(last)).toBe(false);
  at.end("work.3");
  await last;
  expect(await isRead(at.say("work.17"))).toBe(false);
});

test("calls that only wait are none of the sixteen", async () => {
  const at = conversing();
  for (let n = 0; n < 200; n++) await at.say(`wait.${n}`);
  expect(await isRead(at.say("work.1"))).toBe(true);
  at.end("work.1");
  at.end("wait.150");
  await eventually("two answers", () => at.said.length === 2);
});

test("what waits is bounded too: by number, and by bytes", async () => {
  const many = conversing();
  for (let n = 0; n < 1_024 + 15; n++) await many.say(`wait.${n}`);
  expect(await isRead(many.say("wait.last"))).toBe(false);
  const large = conversing();
  for (let n = 0; n < 4 + 15; n++) await large.say(`wait.${n}`, "x".repeat(1_000_000));
  expect(await isRead(large.say("wait.last", "x".repeat(1_000_000)))).toBe(false);
});
