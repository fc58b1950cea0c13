import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { freshBuild, programs } from "../../kit/daemon.ts";
import { freePort } from "../../kit/free-port.ts";
import { runProcess, startProcess } from "../../kit/processes.ts";
import { type TempFolder, tempFolder } from "../../kit/temp-folder.ts";

const soon = () => AbortSignal.timeout(60_000);

beforeAll(freshBuild);

/** The programs of somebody at the server's machine, on a server that runs. */
async function machine(home: TempFolder, ...options: string[]) {
  const env = { XDG_STATE_HOME: home.path, XDG_CONFIG_HOME: join(home.path, "me"), FARHAND_DATABASE_URL: undefined };
  const farhand = (...words: string[]) => runProcess(process.execPath, [programs.farhand, ...words], { env });
  const listen = `127.0.0.1:${await freePort()}`;
  const words = [programs.farhand, "server", "--listen", listen, ...options];
  const server = await startProcess(process.execPath, words, { env });
  const [, first = ""] = /password (\S+)/.exec(await server.line(/^First login/, soon())) ?? [];
  const inFile = async (text: string): Promise<string> => {
    const path = home.file("secret");
    await writeFile(path, `${text}\n`, { mode: 0o600 });
    return path;
  };
  const ca = join(home.path, "farhand", "server", "authority.crt");
  const login = async (password: string, user = "admin") => {
    const file = await inFile(password);
    return await farhand("login", `https://${listen}`, "--user", user, "--ca", ca, "--password-file", file);
  };
  return { server, first, farhand, inFile, login, listen, ca };
}

test("a lost admin comes back by a password of the server's machine, which is good once (CAT-117)", async () => {
  await using home = await tempFolder();
  const { server, farhand, inFile, login } = await machine(home);
  await using _server = server;
  const recovered = await farhand("server", "admin-recover");
  expect(recovered).toMatchObject({ code: 0, stderr: expect.stringContaining("It is in the audit") as string });
  const [, password = ""] = /^user admin, password (fhr_\S{43})$/m.exec(recovered.stdout) ?? [];
  expect(await login(password)).toMatchObject({ code: 0 });
  expect(await login(password)).toMatchObject({ code: 4, stderr: expect.stringContaining("wrong") as string });

  // Loudly: the log of the server, and the audit, which stays whole though another process has written to it.
  await server.line(/admin logged in with a password of admin-recover/, soon());
  const audit = (await farhand("audit", "export")).stdout;
  expect(audit).toMatch(/"action":"admin.recover".*\n(.*\n)*.*"action":"login.recovery"/);
  expect(audit + server.stdout() + server.stderr()).not.toContain(password);
  expect(await farhand("audit", "verify")).toMatchObject({ code: 0 });

  // A new password, and still there to go on.
  const file = await inFile("a lamp on the far hill");
  expect(await farhand("users", "password", "admin", "--password-file", file)).toMatchObject({ code: 0 });
  expect(await farhand("users", "reset-factor", "admin")).toMatchObject({ code: 0 });
  expect(await farhand("whoami")).toMatchObject({ code: 0 });
  expect(await login("a lamp on the far hill")).toMatchObject({ code: 0 });
});

test("admin-recover makes no database, and says where it looked", async () => {
  await using home = await tempFolder();
  const env = { XDG_STATE_HOME: home.path, FARHAND_DATABASE_URL: undefined };
  const words = [programs.farhand, "server", "admin-recover", "--data-dir", home.file("none")];
  const said = await runProcess(process.execPath, words, { env });
  expect(said).toMatchObject({ code: 5, stderr: expect.stringContaining(home.file("none")) as string });
});

test("a server whose admins must have a second factor gives them nothing before, by command line too (CAT-66)", async () => {
  await using home = await tempFolder();
  const { server, first, farhand, login } = await machine(home, "--factor", "admin=required");
  await using _server = server;
  expect(await login(first)).toMatchObject({ code: 0 });
  for (const words of [["workers"], ["users"], ["tokens", "make", "t", "--scope", "*:admin"]])
    expect(await farhand(...words)).toMatchObject({
      code: 4,
      stderr: expect.stringContaining("second factor") as string,
    });
  const bad = await farhand("server", "--factor", "admin=perhaps");
  expect(bad).toMatchObject({ code: 2, stderr: expect.stringContaining("off, optional, required") as string });
});
