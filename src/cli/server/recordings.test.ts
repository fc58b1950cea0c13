import { PassThrough } from "node:stream";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loggedIn } from "../../../test/kit/cli-session.ts";
import { type TestServer, testServer } from "../../../test/kit/server.ts";
import { tempFolder } from "../../../test/kit/temp-folder.ts";

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
  await server.worker("shed", [], {
    shell: { enabled: true, command: "PS1='$ ' exec bash --norc --noprofile --noediting", level: "admin" },
    tcpServices: () => ({}),
  });
}, 120_000);
afterAll(() => server?.[Symbol.asyncDispose]());

test("what a shell has shown is listed, played and exported, and what it says to the terminal is not played (CAT-122)", {
  timeout: 120_000,
}, async () => {
  await using folder = await tempFolder();
  const session = await loggedIn(server, folder.path);
  const stdin = Object.assign(new PassThrough(), { isTTY: true as const });
  let screen = "";
  const write = async (chunk: Uint8Array): Promise<void> => {
    if (screen === "") stdin.write("printf '\\033]52;c;ZXZpbA==\\007-%s-' seen; sleep 3; exit 7\r");
    screen += Buffer.from(chunk).toString();
  };
  expect(await session.farhandOn({ stdin, write }, "shell", "shed")).toMatchObject({ exit: 7 });
  expect(screen).toContain("\u001b]52;c;ZXZpbA==\u0007-seen-");

  const listed = JSON.parse((await session.farhand("recordings", "--json")).out) as { id: string; state: string }[];
  expect(listed).toMatchObject([{ state: "whole", kind: "shell", user: { name: "admin" }, worker: { name: "shed" } }]);
  const id = listed[0]?.id ?? "";
  expect((await session.farhand("recordings")).out).toMatch(new RegExp(`${id}.*admin.*shed.*shell`));
  expect((await session.farhand("recordings", "--live", "--json")).out.trim()).toBe("[]");

  const played = await session.farhand("recordings", "play", id, "--speed", "100", "--max-pause", "1");
  expect(played).toMatchObject({ exit: 0 });
  expect(played.out).toContain("-seen-");
  expect(played.out).not.toContain("\u001b]52");

  const exported = (await session.farhand("recordings", "export", id)).out.trim().split("\n");
  expect(JSON.parse(exported[0] ?? "")).toMatchObject({ version: 2, title: `admin on shed (${id})` });
  const shown = exported.slice(1).map((line) => JSON.parse(line) as [number, string, string]);
  expect(
    shown
      .filter(([, kind]) => kind === "o")
      .map(([, , text]) => text)
      .join(""),
  ).toBe(screen);

  expect(await session.farhand("recordings", "play", `${id.slice(0, -1)}x`)).toMatchObject({ exit: 4 });
  expect(await session.farhand("recordings", "play", id, "--speed", "0")).toMatchObject({ exit: 2 });
});
