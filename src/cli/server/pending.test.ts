import { afterAll, beforeAll, expect, test } from "vitest";
import { cliSession, type CliSession } from "../../../test/kit/cli-session.ts";
import { join, portServer, type PortServer } from "../../../test/kit/port-server.ts";
import { type TempFolder, tempFolder } from "../../../test/kit/temp-folder.ts";
import { writeFile } from "node:fs/promises";

let folder: TempFolder;
let server: PortServer;
let person: CliSession;

beforeAll(async () => {
  folder = await tempFolder();
  server = await portServer(folder);
  person = cliSession(folder.path);
  const password = folder.file("password");
  await writeFile(password, `${server.running.firstAdmin?.password}\n`, { mode: 0o600 });
  const ca = server.running.core.authority.files.certificate;
  const words = ["login", server.url, "--ca", ca, "--user", "admin", "--password-file", password];
  const { exit, err } = await person.farhand(...words);
  if (exit !== 0) throw new Error(err.join("\n"));
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await folder?.[Symbol.asyncDispose]();
});

/** A machine that comes without a token: its fingerprint as it prints it, and how its joining ends. */
function coming(name: string) {
  const { resolve, promise: fingerprint } = deferred<string>();
  const pin = server.running.core.authority.certificate;
  const joined = join({ folder, name, serverUrl: server.url, ca: pin, waiting: resolve });
  joined.catch(() => {});
  return { fingerprint, joined };
}

function deferred<T>() {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { resolve, promise };
}

test("a worker that a person approved by the fingerprint it shows comes in, and one that was rejected does not (CAT-33)", async () => {
  const [shed, other] = [coming("shed"), coming("other")];
  const [wanted, unwanted] = [await shed.fingerprint, await other.fingerprint];
  const { out } = await person.farhand("workers", "pending");
  expect(out).toContain(wanted);
  expect(out).toContain(unwanted);
  expect((await person.farhand("workers")).out).not.toContain("shed");
  expect(await person.farhand("run", "shed", "--", "true")).toMatchObject({ exit: 4 });

  expect(await person.farhand("workers", "approve", wanted, "--label", "site=brno")).toMatchObject({ exit: 0 });
  expect(await person.farhand("workers", "reject", unwanted)).toMatchObject({ exit: 0 });
  expect(await shed.joined).toMatchObject({ name: "shed", serverUrl: server.url });
  await expect(other.joined).rejects.toMatchObject({ code: "ENROLMENT_REFUSED" });
  expect((await person.farhand("workers", "--json")).out).toContain('"site":"brno"');
  expect(await person.farhand("workers", "approve", unwanted)).toMatchObject({ exit: 4 });
  expect(await person.farhand("workers", "approve", "shed")).toMatchObject({ exit: 2 });
});

test("an administrator makes the token of a service account, and of nobody else", async () => {
  expect(await person.farhand("users", "add", "fleet", "--service", "--role", "admin")).toMatchObject({ exit: 0 });
  const made = await person.farhand("tokens", "make", "pods", "--user", "fleet", "--scope", "enrolment:admin");
  expect(made).toMatchObject({ exit: 0 });
  const refused = await person.farhand("tokens", "make", "pods", "--user", "admin", "--scope", "enrolment:admin");
  expect(refused.err.join("\n")).toContain("only service accounts");

  const listed = await person.farhand("tokens", "--user", "fleet", "--json");
  const [{ id }] = JSON.parse(listed.out) as [{ readonly id: string }];
  expect(await person.farhand("tokens", "revoke", id, "--user", "fleet")).toMatchObject({ exit: 0 });
  expect((await person.farhand("tokens", "--user", "fleet", "--json")).out.trim()).toBe("[]");
  const none = await person.farhand("sessions", "end", "no-such", "--user", "fleet");
  expect(none.err.join("\n")).toContain("there is no session");
});
