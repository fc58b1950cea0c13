import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freshBuild, programs } from "../../kit/daemon.ts";
import { endMarkedProcesses, processMark } from "../../kit/marked-processes.ts";
import { describeWithNamespaces, type Host, type Network, openNetwork } from "../../kit/namespaces.ts";
import { runProcess, type StartedProcess, startProcess } from "../../kit/processes.ts";
import { type TempFolder, tempFolder } from "../../kit/temp-folder.ts";

const soon = () => AbortSignal.timeout(60_000);
const [innerPort, publishedPort] = [8889, 18_889];

/**
 * A machine with a container on it: the container's own address means nothing to the server, and its port 8889 is published
 * as 18889 of the machine. Outward the machine stands in the middle, as translation of addresses does.
 */
describeWithNamespaces("CAT-102: a worker in a container with a published port", () => {
  let folder: TempFolder;
  let network: Network;
  let serverHost: Host;
  let containerHost: Host;
  let published: StartedProcess;
  let inner: string;
  let outer: string;
  const started: StartedProcess[] = [];

  const envOf = (who: string) => ({
    ...{ XDG_STATE_HOME: folder.file(`${who}-state`), XDG_CONFIG_HOME: folder.file(`${who}-config`) },
    ...{ XDG_RUNTIME_DIR: undefined, FARHAND_SERVER: undefined, FARHAND_TOKEN: undefined },
    ...processMark(folder.path),
  });
  const on = ({ words }: Host, ...rest: string[]): [string, string[]] => {
    const [first = "", ...more] = [...words, process.execPath, ...rest];
    return [first, more];
  };
  const keep = async (process: Promise<StartedProcess>): Promise<StartedProcess> => {
    const one = await process;
    started.push(one);
    return one;
  };
  const farhand = (...words: string[]) =>
    runProcess(...on(serverHost, programs.farhand, ...words), { env: envOf("person") });
  const relay = async (host: Host, ...words: string[]): Promise<StartedProcess> => {
    const env = envOf("relay");
    const one = await keep(startProcess(...on(host, join(import.meta.dirname, "relay.mjs"), ...words), { env }));
    await one.line(/relay ready/, soon());
    return one;
  };

  beforeAll(async () => {
    await freshBuild();
    folder = await tempFolder();
    network = await openNetwork();
    const machine = await network.host();
    [serverHost, containerHost] = [await network.host(), await network.host()];
    const [server, outside] = (await network.cable(serverHost, machine)).addresses;
    const [bridge, container] = (await network.cable(machine, containerHost)).addresses;
    [inner, outer] = [container, outside];
    // The server could answer nobody else: it knows no way into the container.
    if ((await serverHost.run("ip", "route", "get", inner)).code === 0) throw new Error(`${inner} can be reached`);
    await relay(machine, bridge, "8443", server, "8443");
    published = await relay(machine, outside, String(publishedPort), container, String(innerPort));
    await relay(containerHost, container, String(innerPort), container, "1");

    const listen = ["--listen", `${server}:8443`, "--host-name", bridge];
    const words = [programs.farhand, "server", "--data-dir", folder.file("server"), ...listen];
    const running = await keep(startProcess(...on(serverHost, ...words), { env: envOf("server") }));
    const login = await running.line(/^First login, .*password (\S+)$/, soon());
    await writeFile(folder.file("password"), /password (\S+)$/.exec(login)?.[1] ?? "", { mode: 0o600 });
    const ca = join(folder.file("server"), "authority.crt");
    const as = ["--user", "admin", "--ca", ca, "--password-file", folder.file("password")];
    const logged = await farhand("login", `https://${server}:8443`, ...as);
    if (logged.code !== 0) throw new Error(logged.stderr);
    const { token } = JSON.parse((await farhand("enrol-token", "--json")).stdout) as { token: string };
    await writeFile(folder.file("token"), token, { mode: 0o600 });
    const wish = ["--session", "--token-file", folder.file("token"), "--name", "pod"];
    const worker = [programs.farhand, "worker", "join", `https://${bridge}:8443`, ...wish];
    const joined = await keep(startProcess(...on(containerHost, ...worker), { env: envOf("worker") }));
    await joined.line(/registered with the server as pod/, soon());
  }, 180_000);
  afterAll(async () => {
    for (const one of started.reverse()) await one.stop("SIGKILL");
    if (folder) endMarkedProcesses(folder.path);
    await network?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  test("works outward with nothing configured, and nobody uses an address or a port of it", async () => {
    const run = await farhand("run", "pod", "--", "sh", "-c", "echo from within; exit 4");
    expect(run).toMatchObject({ code: 4, stdout: "from within\n" });
    const shown = JSON.parse((await farhand("workers", "show", "pod", "--json")).stdout) as object;
    // It does not guess: known is what the server has seen, and that is the machine.
    expect(shown).toMatchObject({ state: "online" });
    expect(JSON.stringify(shown)).not.toContain(inner);
    expect(published.stdout()).not.toContain("from ");
  });

  test("the published port leads into the container, had anybody asked it", async () => {
    const ask = `require("node:net").connect(${publishedPort}, "${outer}", function () { this.end() })`;
    expect(await runProcess(...on(serverHost, "-e", ask))).toMatchObject({ code: 0 });
    await published.line(/^from /, soon());
  });
});
