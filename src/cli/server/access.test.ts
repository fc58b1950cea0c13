import { chmod, readFile, stat, symlink, unlink, writeFile } from "node:fs/promises";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { dirname } from "node:path";
import { PassThrough } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CliSession, cliSession, loggedIn } from "../../../test/kit/cli-session.ts";
import { type TestServer, testServer } from "../../../test/kit/server.ts";
import { type TempFolder, tempFolder } from "../../../test/kit/temp-folder.ts";
import { fingerprintOf, makeCertificates } from "../../../test/kit/certificates.ts";
import { totpCode } from "../../../test/kit/totp-code.ts";

let folder: TempFolder;
let server: TestServer;
let folders = 0;

beforeAll(async () => {
  folder = await tempFolder();
  server = await testServer();
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await folder?.[Symbol.asyncDispose]();
});

/** Somebody who has never been anywhere. */
function stranger(): CliSession & { readonly file: string } {
  const home = folder.file(`home${++folders}`);
  return { ...cliSession(home), file: `${home}/farhand/servers.json` };
}

/** A keyboard on which these lines are typed, one after another. */
function typed(...lines: string[]) {
  const stdin = Object.assign(new PassThrough(), { isTTY: true as const });
  stdin.write(lines.map((line) => `${line}\r`).join(""));
  return { stdin };
}

const password = (): string => server.admin.password;

describe("farhand login", () => {
  test("asks for user and password, shows neither password nor token, and remembers the session", async () => {
    const { farhand, farhandOn, file } = stranger();
    const said = await farhandOn(typed("admin", password()), "login", server.url, "--ca", server.ca);
    expect(said).toMatchObject({ exit: 0, out: "" });
    expect(said.err.join("")).not.toContain(password());
    const saved = await readFile(file, "utf8");
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(dirname(file))).mode & 0o777).toBe(0o700);
    const { token } = (JSON.parse(saved) as { servers: { token: string }[] }).servers[0] ?? {};
    expect(said.err.join("")).not.toContain(token);
    expect(JSON.parse((await farhand("whoami", "--json")).out)).toMatchObject({ user: { name: "admin" } });
    expect((await farhand("whoami")).out).toContain("admin");
  });

  test("a wrong password is exit code 4, and nothing is remembered", async () => {
    const { farhandOn, farhand } = stranger();
    expect(await farhandOn(typed("admin", "wrong"), "login", server.url, "--ca", server.ca)).toMatchObject({ exit: 4 });
    expect(await farhand("workers")).toMatchObject({
      exit: 4,
      err: ["farhand: you are not logged in to a server", "try: `farhand login URL`"],
    });
  });

  test("without a keyboard and a file it says which option answers", async () => {
    const { farhand } = stranger();
    const said = await farhand("login", server.url, "--ca", server.ca, "--user", "admin");
    expect(said).toMatchObject({ exit: 2 });
    expect(said.err[1]).toContain("--password-file");
  });

  test("no option takes a secret", async () => {
    const said = await stranger().farhand("login", server.url, "--password", "x");
    expect(said.exit).toBe(2);
  });

  test("a server that is gone is exit code 5", async () => {
    const said = await stranger().farhand("login", "https://127.0.0.1:1", "--ca", server.ca, "--user", "a");
    expect(said).toMatchObject({ exit: 5 });
  });
});

describe("trust at first contact", () => {
  const authority = (): string => `sha256:${fingerprintOf(server.ca).replaceAll(":", "").toLowerCase()}`;

  test("an unknown authority shows its fingerprint and is asked about; what is agreed to is remembered", async () => {
    const { farhandOn, farhand, file } = stranger();
    const said = await farhandOn(typed("yes", "admin", password()), "login", server.url);
    expect(said.exit).toBe(0);
    expect(said.err.join("\n")).toContain(`fingerprint: ${authority()}`);
    expect(await readFile(file, "utf8")).toContain('"kind": "authority"');
    expect(await farhand("whoami")).toMatchObject({ exit: 0 });
  });

  test("who says no, or is not there, is not let go on", async () => {
    expect(await stranger().farhandOn(typed("no"), "login", server.url)).toMatchObject({ exit: 7 });
    expect(await stranger().farhand("login", server.url, "--user", "a")).toMatchObject({ exit: 2 });
  });

  test("--pin takes the authority's fingerprint, and no other", async () => {
    const { farhandOn } = stranger();
    const words = ["login", server.url, "--pin"];
    expect(await farhandOn(typed("admin", password()), ...words, authority())).toMatchObject({ exit: 0 });
    expect(await farhandOn(typed("admin", password()), ...words, `sha256:${"0".repeat(64)}`)).toMatchObject({
      exit: 7,
    });
  });

  test("a server with another certificate than before gets nothing", async () => {
    const { farhandOn, farhand, file } = stranger();
    await farhandOn(typed("admin", password()), "login", server.url, "--ca", server.ca);
    const saved = JSON.parse(await readFile(file, "utf8")) as { servers: { trust: unknown }[] };
    for (const trust of [{ kind: "roots" }, { kind: "certificate", sha256: "0".repeat(64) }]) {
      if (saved.servers[0]) saved.servers[0].trust = trust;
      await writeFile(file, JSON.stringify(saved));
      expect(await farhand("whoami")).toMatchObject({ exit: 7 });
    }
  });

  test("a certificate signed by itself is trusted as that one, whatever names it has", async () => {
    const certificates = await tempFolder();
    const { ca } = await makeCertificates(certificates.path);
    const greeting = JSON.stringify({ name: "farhand" });
    const alone = createServer({ cert: await readFile(ca), key: await readFile(ca.replace(".crt", ".key")) });
    alone.on("request", (_request, response) => {
      response.setHeader("content-type", "application/json").end(greeting);
    });
    await new Promise<void>((resolve) => alone.listen(0, "127.0.0.1", resolve));
    const url = `https://127.0.0.1:${(alone.address() as AddressInfo).port}`;
    const { farhandOn, file } = stranger();
    // It is no real server, so the login itself gets no further than its answer.
    expect(await farhandOn(typed("yes", "admin", "x"), "login", url)).toMatchObject({ exit: 8 });
    const pin = `sha256:${fingerprintOf(ca)}`;
    expect(await farhandOn(typed("admin", "x"), "login", url, "--pin", pin)).toMatchObject({ exit: 8 });
    expect(await farhandOn(typed("no"), "login", url)).toMatchObject({ exit: 7 });
    await expect(readFile(file)).rejects.toThrow("ENOENT");
    alone.close();
    alone.closeAllConnections();
    await certificates[Symbol.asyncDispose]();
  });

  test("clear text is for this machine only", async () => {
    expect(await stranger().farhand("login", "http://192.0.2.1:80")).toMatchObject({ exit: 2 });
    expect(await stranger().farhand("login", "https://me:secret@127.0.0.1:1")).toMatchObject({ exit: 2 });
  });
});

describe("the file with the logins", () => {
  test("is not used when others can read it, and not through a link", async () => {
    const { farhandOn, farhand, file } = stranger();
    await farhandOn(typed("admin", password()), "login", server.url, "--ca", server.ca);
    await chmod(file, 0o640);
    const said = await farhand("whoami");
    expect(said.exit).toBe(3);
    expect(said.err[1]).toContain("chmod 600");
    const elsewhere = folder.file("elsewhere");
    await chmod(file, 0o600);
    await writeFile(elsewhere, await readFile(file), { mode: 0o600 });
    await unlink(file);
    await symlink(elsewhere, file);
    expect(await farhand("whoami")).toMatchObject({ exit: 3 });
  });

  test("a damaged one is said, without a piece of it", async () => {
    const { farhandOn, farhand, file } = stranger();
    await farhandOn(typed("admin", password()), "login", server.url, "--ca", server.ca);
    await writeFile(file, '{"servers": [{"token": "fhs_secret');
    const said = await farhand("whoami");
    expect(said.exit).toBe(3);
    expect(said.err.join()).not.toContain("secret");
  });

  test("holds several servers; --server and FARHAND_SERVER choose, and the last login is meant otherwise", async () => {
    const { farhandOn, farhand, env } = stranger();
    await farhandOn(typed("admin", password()), "login", server.url, "--ca", server.ca, "--name", "one");
    await farhandOn(typed("admin", password()), "login", server.url, "--ca", server.ca, "--name", "two");
    expect(await farhand("logout")).toMatchObject({ exit: 0, err: ["logged out of two"] });
    expect(await farhand("whoami", "--server", "two")).toMatchObject({ exit: 2 });
    expect(await farhand("whoami", "--server", server.url)).toMatchObject({ exit: 0 });
    env["FARHAND_SERVER"] = "nowhere";
    expect(await farhand("whoami")).toMatchObject({ exit: 2 });
    expect(await farhand("logout", "--server", "one")).toMatchObject({ exit: 0 });
    delete env["FARHAND_SERVER"];
    expect(await farhand("whoami")).toMatchObject({ exit: 4 });
  });
});

describe("a session", () => {
  test("that was ended elsewhere is said, with the way back", async () => {
    const one = stranger();
    const two = stranger();
    for (const each of [one, two]) {
      await each.farhandOn(typed("admin", password()), "login", server.url, "--ca", server.ca);
    }
    const sessions = JSON.parse((await one.farhand("sessions", "--json")).out) as { id: string; current: boolean }[];
    expect(sessions.filter(({ current }) => current)).toHaveLength(1);
    expect(await one.farhand("sessions", "end", "--others")).toMatchObject({ exit: 0 });
    expect(await two.farhand("whoami")).toMatchObject({ exit: 4 });
    expect((await one.farhand("sessions")).out.trim().split("\n")).toHaveLength(2);
  });

  test("logout ends it on the server too", async () => {
    const { farhandOn, farhand, file } = stranger();
    await farhandOn(typed("admin", password()), "login", server.url, "--ca", server.ca);
    const saved = await readFile(file);
    expect(await farhand("logout")).toMatchObject({ exit: 0 });
    await writeFile(file, saved);
    expect(await farhand("whoami")).toMatchObject({ exit: 4 });
  });
});

describe("a second factor", () => {
  test("is set up with a code, asked for at login and before what is sensitive, and given up with a code", async () => {
    const admin = await loggedIn(server, folder.path);
    const passwordFile = folder.file("ann-password");
    const annsPassword = "a horse in the corridor";
    await writeFile(passwordFile, `${annsPassword}\n`);
    const added = ["users", "add", "ann", "--role", "admin", "--password-file", passwordFile];
    expect(await admin.farhand(...added)).toMatchObject({ exit: 0 });
    const ann = stranger();
    const login = ["login", server.url, "--ca", server.ca, "--user", "ann", "--password-file", passwordFile];
    expect(await ann.farhand(...login)).toMatchObject({ exit: 0 });
    const stdin = Object.assign(new PassThrough(), { isTTY: true as const });
    let secret = "";
    const say = (text: string): void => {
      secret ||= /^ {2}secret +([A-Z2-7]+)$/.exec(text)?.[1] ?? "";
    };
    const sayPart = (text: string): void => {
      if (text.startsWith("Code it shows")) stdin.write(`${totpCode(secret, Date.now())}\r`);
    };
    // Whoever finds the session of a login that was long ago does not get a factor of their own on it.
    await server.core.store.db.updateTable("session").set({ created_at: 1 }).execute();
    expect(await ann.farhandOn(typed("wrong"), "totp", "enable")).toMatchObject({ exit: 4 });
    stdin.write(`${annsPassword}\r`);
    const enabled = await ann.farhandOn({ stdin, say, sayPart }, "totp", "enable");
    expect(enabled.exit).toBe(0);
    expect(enabled.err.join("\n")).not.toContain(annsPassword);
    const recovery = enabled.out.trim().split("\n");
    expect(recovery.length).toBeGreaterThanOrEqual(8);
    // The session goes on with the token that came with it.
    expect((await ann.farhand("whoami")).out).toContain("set up");
    const codeFile = folder.file("ann-code");
    await writeFile(codeFile, `${recovery[0]}\n`);
    expect(await ann.farhand(...login)).toMatchObject({ exit: 2 });
    expect(await ann.farhand(...login, "--code-file", codeFile)).toMatchObject({ exit: 0 });
    expect(await ann.farhand(...login, "--code-file", codeFile)).toMatchObject({ exit: 4 });
    // What is sensitive wants the factor of late (CAT-68): asked for, and the session's new token is kept.
    await server.core.store.db.updateTable("session").set({ factor_at: 1 }).execute();
    const make = ["tokens", "make", "ci", "--scope", "workers:monitor"];
    expect(await ann.farhand(...make)).toMatchObject({ exit: 4 });
    const made = await ann.farhandOn(typed(recovery[2] ?? ""), ...make);
    expect(made.err[0]).toContain("code of your second factor");
    expect(made.out).toMatch(/^fht_/);
    expect(await ann.farhand(...make)).toMatchObject({ exit: 0 });
    await writeFile(codeFile, `${recovery[1]}\n`);
    expect(await ann.farhand("totp", "disable", "--code-file", codeFile)).toMatchObject({ exit: 0 });
    expect(await ann.farhand(...login)).toMatchObject({ exit: 0 });
  });
});
