import { mkdirSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { programs } from "../../kit/daemon.ts";
import { endMarkedProcesses, processMark } from "../../kit/marked-processes.ts";
import { describeWithNamespaces, type Host, type Network, openNetwork } from "../../kit/namespaces.ts";
import { runProcess, type StartedProcess, startProcess } from "../../kit/processes.ts";
import { type TempFolder, tempFolder } from "../../kit/temp-folder.ts";
import { builtHelpers } from "../../kit/units.ts";

const soon = () => AbortSignal.timeout(60_000);

describeWithNamespaces("CAT-87: a helper on another machine", () => {
  let folder: TempFolder;
  let network: Network;
  let hosts: readonly [worker: Host, helper: Host];
  let address: string;
  let worker: StartedProcess;

  const env = () => ({
    ...{
      HOME: folder.path,
      XDG_CONFIG_HOME: folder.file("c"),
      XDG_STATE_HOME: folder.file("s"),
      XDG_RUNTIME_DIR: folder.file("r"),
    },
    ...{
      FARHAND_WORKER_SOCKET: folder.file("r/farhand/worker.sock"),
      FARHAND_SOCKET: folder.file("r/farhand/control.sock"),
    },
    ...processMark(folder.path),
  });
  const words = (host: Host, ...rest: string[]): [string, string[]] => {
    const [first = "", ...more] = [...host.words, process.execPath, programs.farhand, ...rest];
    return [first, more];
  };
  const farhand = (...rest: string[]) => runProcess(...words(hosts[0], ...rest), { env: env() });

  beforeAll(async () => {
    await builtHelpers();
    folder = await tempFolder();
    network = await openNetwork();
    hosts = [await network.host(), await network.host()];
    const { addresses } = await network.cable(...hosts);
    [address] = addresses;
    const { cert, key } = await certificateFor(address);
    mkdirSync(folder.file("c/farhand"), { recursive: true, mode: 0o700 });
    const text = [
      "identity: {name: w1}",
      `dataDir: ${folder.file("data")}`,
      `api: {enabled: true, listen: ${address}, port: 8889, cert: ${cert}, key: ${key}}`,
      "workTypes:",
      "  - {kind: loop, worktype: far, remote: true, lease: 5s}",
    ];
    writeFileSync(folder.file("c/farhand/worker.yaml"), text.join("\n"), { mode: 0o600 });
    worker = await startProcess(...words(hosts[0], "worker", "start", "--session"), { env: env() });
    await worker.line(/Initialization complete/, soon());
    const made = await farhand("helper-token", "--type", "far");
    if (made.code !== 0) throw new Error(made.stderr);
    writeFileSync(folder.file("token"), made.stdout, { mode: 0o600 });
  }, 120_000);
  afterAll(async () => {
    await worker?.stop("SIGKILL");
    if (folder) endMarkedProcesses(folder.path);
    await network?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  /** Its own authority. */
  const certificateFor = async (ip: string) => {
    const files = { cert: folder.file("w1.crt"), key: folder.file("w1.key") };
    const made = await runProcess("openssl", [
      ...[
        "req",
        "-x509",
        "-subj",
        "/CN=w1",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
      ],
      ...["-out", files.cert, "-keyout", files.key, "-addext", `subjectAltName=IP:${ip}`],
    ]);
    if (made.code !== 0) throw new Error(made.stderr);
    return files;
  };
  const helper = (token = folder.file("token")) =>
    startProcess(
      ...words(
        hosts[1],
        ...["helper", "--url", `https://${address}:8889`, "--ca", folder.file("w1.crt"), "--token-file", token],
        ...["--", "sh", "-c", "cat; ip -o -4 address"],
      ),
      { env: env() },
    );

  test("takes a task by the worker's port, does it there, and gives its output back", async () => {
    await using there = await helper();
    await there.line(/waits for tasks/, soon());
    const { code, stdout } = await farhand("work", "submit", "far", "-l", "payload\n", "-f");
    expect(code).toBe(0);
    // Its machine has the other end of the cable.
    expect(stdout).toMatch(/^payload\n/);
    expect(stdout).toContain("10.77.");
    expect(stdout).not.toContain(address);
    const { stdout: listed } = await farhand("helper-token", "list", "--json");
    expect(JSON.parse(listed)).toMatchObject([{ workTypes: ["far"], inUse: true }]);
    expect((await there.stop()).code).toBe(0);
  });

  test("is cut off when its token is revoked, and ends with the reason", async () => {
    await using there = await helper();
    await there.line(/waits for tasks/, soon());
    const [token] = JSON.parse((await farhand("helper-token", "list", "--json")).stdout) as { id: string }[];
    expect((await farhand("helper-token", "revoke", token?.id ?? "")).code).toBe(0);
    expect(await there.ended).toMatchObject({ code: 4 });
    expect(there.stderr()).toContain("lets this helper in no (more)");
  });
});
