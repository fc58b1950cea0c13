import { Agent } from "node:https";
import { beforeAll, expect, test } from "vitest";
import { ask } from "../../kit/api.ts";
import { freshBuild } from "../../kit/daemon.ts";
import { mostMib, serverProcess } from "../../kit/server-process.ts";
import { tempFolder } from "../../kit/temp-folder.ts";

beforeAll(freshBuild);

/** What 1,000 at once may cost besides, in MiB: two hashes of 19 MiB each, and their connections (CAT-27). */
const spareMib = 64;
/** Each connection has TLS, whose buffers are no matter of passwords; those are measured without a password first. */
const tries = 1_000;

test("1,000 guesses at once cost two hashes' memory, reach argon2 a few times, and stop nobody else (CAT-27)", async () => {
  await using folder = await tempFolder();
  await using server = await serverProcess(folder.path);
  const { pid } = server.process;
  const many = async (one: (n: number) => Promise<unknown>) =>
    await Promise.all(Array.from({ length: tries }, (_, n) => one(n)));
  // As many connections and requests, none of them a guess: what they take is taken now, and when it has been taken once, how
  // much of it is in use at the same time.
  const noGuesses = () => many(() => ask(server.port, "POST", "/api/login", { body: { user: "admin" } }));
  await noGuesses();
  const before = await mostMib(pid, noGuesses);
  const codes = new Map<string, number>();
  const over = new AbortController();
  let healthy = 0;
  // From another address: what one may ask in a minute, the guesses use up.
  const agent = new Agent({ keepAlive: true, localAddress: "127.0.0.2" });
  expect((await ask(server.port, "GET", "/healthz", { agent })).status).toBe(200);
  const most = await mostMib(pid, async () => {
    const guessing = many(async (n) => {
      const body = { user: n % 2 ? "admin" : `user ${n}`, password: `wrong password ${n}` };
      const { json } = await ask(server.port, "POST", "/api/login", { body });
      codes.set(json.code, (codes.get(json.code) ?? 0) + 1);
    }).finally(() => over.abort());
    while (!over.signal.aborted) {
      if ((await ask(server.port, "GET", "/healthz", { agent })).status === 200) healthy++;
    }
    await guessing;
  });
  agent.destroy();
  expect(most - before, `MiB, from ${Math.round(before)}`).toBeLessThan(spareMib);
  // Refused by the password: those alone were hashed.
  expect(codes.get("LOGIN_REFUSED") ?? 0).toBeLessThan(25);
  expect([...codes.keys()].toSorted()).toEqual(expect.arrayContaining(["LOGIN_DELAYED", "LOGIN_REFUSED"]));
  expect([...codes.values()].reduce((sum, count) => sum + count, 0)).toBe(tries);
  expect(healthy).toBeGreaterThan(0);
});
