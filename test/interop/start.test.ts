import { beforeAll, describe, expect, test } from "vitest";
import { freshBuild, programs, startDaemon } from "../kit/daemon.ts";
import { runProcess } from "../kit/processes.ts";
import { describeWithReceptorctl, receptorctl } from "../kit/receptorctl.ts";
import { alpha, workerPlace } from "./worker.ts";

const receptor = (...args: string[]) => runProcess(process.execPath, [programs.receptor, ...args]);

beforeAll(freshBuild);

describe("bin/receptor", () => {
  test("--version prints the version alone", async () => {
    expect(await receptor("--version")).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  });

  test.each([["--help"], ["-h"], []])("%s prints how it is used", async (...args) => {
    const { code, stdout } = await receptor(...args);
    expect(stdout).toMatch(/^Usage: receptor /);
    for (const word of ["--config", "--node", "--control-service", "--work-command", "worktype"]) {
      expect(stdout).toContain(word);
    }
    expect(code).toBe(0);
  });

  /** Sections behind a whole node, and the one line the start ends with. */
  const refused: [string, string, string][] = [
    ["an unknown section", "- nosuch: {}", "could not get config type for command nosuch: unknown config type nosuch"],
    ["an unknown key", "- log-level: {colour: red}", "field colour not defined for command log-level"],
    ["a missing key", "- work-command: {worktype: a}", "error in work-command: required parameter missing: command"],
    ["two nodes", "- node: {id: beta}", "only one node directive is allowed"],
    ["an unknown log level", "- log-level: loud", "loud is not a valid log level name"],
    ["a negative cost", "- tcp-peer: {address: 'a:1', cost: -1}", "connection cost must be positive"],
    [
      "one work type twice",
      "- work-command: {worktype: a, command: ls}\n- work-command: {worktype: a, command: ls}",
      "work type a already registered",
    ],
    ["work named remote", "- work-command: {worktype: remote, command: ls}", "work type remote already registered"],
    [
      "a certificate that is not there",
      "- tls-server: {name: x, cert: /nowhere/cert, key: ''}",
      "error preparing tls server config: /nowhere/cert does not exist",
    ],
    [
      "a mesh listener that cannot bind",
      "- tcp-listener: {port: 2222, bindaddr: 192.0.2.1}",
      "tcp-listener 192.0.2.1:2222 cannot listen",
    ],
    ["a terminal service", "- command-service: {service: a, command: ls}", "command-service at {file}:5: "],
    ["a tun device", "- ip-router: {networkname: a, localnet: 10.0.0.0/30}", "ip-router at {file}:5: "],
    [
      "a service name too long",
      "- tcp-client: {service: ninebytes, address: 'a:1'}",
      "service name ninebytes too long",
    ],
    [
      "work to be signed that nobody can verify",
      "- work-command: {worktype: a, command: ls, verifysignature: true}",
      "VerifySignature for work command 'a' is true, but the work verification public key is not specified",
    ],
    ["a Kubernetes type", "- work-kubernetes: {worktype: a}", "work-kubernetes at {file}:5: "],
  ];

  test.each(refused)("does not start with %s, and says why in one line", async (_name, section, line) => {
    await using place = await workerPlace(`${alpha}${section}\n`);
    const { code, stdout } = await receptor("-c", place.settings);
    expect(stdout.trimEnd().split("\n")).toEqual([expect.stringContaining(line.replace("{file}", place.settings))]);
    expect(stdout).toMatch(/^Error: /);
    expect(code).toBe(1);
  });

  test.each(["tcp-listener", "ws-listener", "udp-listener"])(
    "%s cost=-1 is refused by Receptor's words",
    async (name) => {
      const { code, stdout } = await receptor("--node", "id=a", `--${name}`, "port=0", "cost=-1");
      expect(stdout).toMatch(/^Error: connection cost must be positive/);
      expect(code).toBe(1);
    },
  );

  test.each([
    ["a file that is not there", "/nowhere/foo.yml", "error loading config file: open /nowhere/foo.yml"],
    ["a file that is no YAML", undefined, "error loading config file: "],
  ])("does not start from %s", async (_name, path, line) => {
    await using place = await workerPlace("- node: {id: [\n");
    const { code, stdout } = await receptor("-c", path ?? place.settings);
    expect(stdout).toContain(line);
    expect(code).toBe(1);
  });

  test("does not start where nobody could give it work", async () => {
    const { code, stdout } = await receptor("--node", "id=a", "--control-service", "service=control");
    expect(stdout).toMatch(/^Error: Nothing to do/);
    expect(code).toBe(1);
  });
});

describeWithReceptorctl("a worker", () => {
  test("is described by flags alone", async () => {
    await using place = await workerPlace("");
    await using daemon = await place.start({
      args: [
        ...["--node", "id=flagged", `datadir=${place.dataDir}`, "--local-only"],
        ...["--control-service", "service=control", `filename=${place.socket}`],
        ...["--work-command", "worktype=greet", "command=echo", "params=hello 'two  blanks'", "allowruntimeparams=yes"],
        ...["--log-level", "debug"],
      ],
    });
    expect(daemon.nodeId).toBe("flagged");
    expect((await place.ctl("work", "submit", "greet", "-n", "-f", "you")).stdout).toBe("hello two  blanks you\n");
    const { code, stderr } = await place.ctl("reload");
    expect(stderr).toContain("no configuration file was provided, reload function not set");
    expect(code).toBe(4);
  });

  test("takes flags beside a file", async () => {
    await using place = await workerPlace(alpha);
    const flags = ["--work-command", "worktype=added", "command=echo", "params=added"];
    await using _daemon = await place.start({ args: ["--config", place.settings, ...flags] });
    expect((await place.ctl("work", "submit", "added", "-n", "-f")).stdout).toBe("added\n");
  });

  test("is the same under bin/farhand worker", async () => {
    await using place = await workerPlace(`${alpha}- work-command: {worktype: cat, command: cat}\n`);
    const args = ["worker", "-c", place.settings];
    await using _daemon = await startDaemon({ program: "farhand", args, socket: place.socket });
    expect((await place.ctl("work", "submit", "cat", "-l", "hi", "-f")).stdout).toBe("hi\n");
  });

  test("reports the version its file tells it to, so that receptorctl does not warn", async () => {
    await using place = await workerPlace(alpha);
    const [, own = ""] = /^receptorctl +(\S+)$/m.exec(await versionsOf(alpha)) ?? [];
    place.write(
      "settings.yml",
      alpha.replaceAll("{place}", place.path).replace("alpha,", `alpha, reportversion: ${own},`),
    );
    await using _daemon = await place.start();
    const { stdout, stderr } = await place.ctl("version");
    expect(stdout).toBe(`receptorctl  ${own}\nreceptor     ${own}\n`);
    expect(stderr).toBe("");
  });
});

async function versionsOf(settings: string): Promise<string> {
  await using place = await workerPlace(settings);
  await using _daemon = await place.start();
  return (await receptorctl(place.socket, "version")).stdout;
}
