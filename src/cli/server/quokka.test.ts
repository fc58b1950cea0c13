import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cliSession, type CliSession } from "../../../test/kit/cli-session.ts";
import { portServer, type PortServer } from "../../../test/kit/port-server.ts";
import { type TempFolder, tempFolder } from "../../../test/kit/temp-folder.ts";

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

/** As the program's own server has it (specification of Quokka §6). */
const workersYaml = `---
- name: quokka server
  host: localhost
  worker_type: capture
  connection_type: rabbitmq
  sla_availability: 95
  sla_response_time: 15
  serial: 111-111-111

- name: quokka server
  host: 192.168.254.153
  worker_type: portscan
  connection_type: http
  serial: 222

- name: quokka server
  host: 192.168.254.154
  worker_type: portscan
  connection_type: http
  serial: 333-333-333
`;

const importOf = async (text: string) => {
  await writeFile(folder.file("workers.yaml"), text);
  return await person.farhand("quokka", "import", folder.file("workers.yaml"), "--json");
};

test("the workers of Quokka's own file are entered once, each by serial and type", async () => {
  const first = await importOf(workersYaml);
  expect(first.err).toEqual([]);
  expect(JSON.parse(first.out)).toEqual([
    { name: "quokka-server-capture", isNew: true },
    { name: "quokka-server-portscan", isNew: true },
    // Its name is taken: it is called by what it is.
    { name: "333-333-333-portscan", isNew: true },
  ]);
  const again = JSON.parse((await importOf(workersYaml)).out) as { isNew: boolean }[];
  expect(again.map(({ isNew }) => isNew)).toEqual([false, false, false]);
  const { out } = await person.farhand("workers", "--json");
  expect(out).toContain('"name":"333-333-333-portscan"');
});

test("a file that is no list of workers, or has one of no known kind, is refused", async () => {
  for (const text of ["", "workers: []\n", "- 7\n", "just words\n"])
    expect(await importOf(text), text).toMatchObject({ exit: 2 });
  const { exit, out } = await importOf("- {name: x, host: 192.0.2.1, worker_type: monitor, serial: 1-1}\n");
  expect(exit).not.toBe(0);
  expect(out).toMatch(/type/);
});
