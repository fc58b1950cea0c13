import { expect, test } from "vitest";
import type { Caller } from "../auth/callers.ts";
import { OpenCalls } from "./open-calls.ts";

const user = { id: "u", name: "op", role: "operator", labels: null, disabled: false } as Caller["user"];
const caller = (id: string) => ({ kind: "session", user, session: { id } }) as Caller;

/** A database that is asked, and answers when it is told to. */
function slowAccess(alive: ReadonlySet<string>) {
  const [asked, answer] = [new EventTarget(), new EventTarget()];
  const sessions = {
    alive: async (ids: readonly string[]) => {
      asked.dispatchEvent(new Event("asked"));
      await new Promise((resolve) => answer.addEventListener("answer", resolve));
      return new Set(ids.filter((id) => alive.has(id)));
    },
    touch: () => Promise.resolve(),
  };
  const access = { sessions, apiTokens: { alive: () => Promise.resolve(new Set()) }, accounts: { get: () => user } };
  return {
    access: access as never,
    asked: new Promise((resolve) => asked.addEventListener("asked", resolve)),
    answer: () => answer.dispatchEvent(new Event("answer")),
  };
}

test("what begins while the database is asked about the rest is not taken for something that has ended", async () => {
  const { access, asked, answer } = slowAccess(new Set(["new"]));
  const calls = new OpenCalls({ access, findWorker: () => Promise.reject(new Error("none")), perSession: 10 });
  const cut: string[] = [];
  calls.add({ caller: caller("ended"), level: "none", cut: () => void cut.push("ended") });
  const looking = calls.recheck();
  await asked;
  calls.add({ caller: caller("new"), level: "none", cut: () => void cut.push("new") });
  answer();
  await looking;
  expect(cut).toEqual(["ended"]);
});
