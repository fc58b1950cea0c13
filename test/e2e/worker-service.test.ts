import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { freshBuild, programs } from "../kit/daemon.ts";
import { endMarkedProcesses, markedProcesses, processMark } from "../kit/marked-processes.ts";
import { runProcess, startProcess } from "../kit/processes.ts";
import { type TempFolder, tempFolder } from "../kit/temp-folder.ts";

const soon = () => AbortSignal.timeout(60_000);

beforeAll(freshBuild);

/** A user of this machine whose folders are in `home`. */
function userIn(home: TempFolder, variables: Readonly<Record<string, string>> = {}) {
  const env = {
    ...{
      HOME: home.path,
      XDG_CONFIG_HOME: home.file("c"),
      XDG_STATE_HOME: home.file("s"),
      XDG_RUNTIME_DIR: home.file("r"),
    },
    ...{
      FARHAND_WORKER_SOCKET: home.file("r/farhand/worker.sock"),
      FARHAND_SOCKET: undefined,
      RECEPTORCTL_SOCKET: undefined,
    },
    ...processMark(home.path),
    ...variables,
  };
  const farhand = (...args: string[]) => runProcess(process.execPath, [programs.farhand, ...args], { env });
  const ids = ["--reuid", "65534", "--regid", "65534", "--clear-groups"];
  return {
    farhand,
    /** From another account of this machine, with the same folders in mind. */
    asAnother: (...args: string[]) =>
      runProcess("setpriv", [...ids, process.execPath, programs.farhand, ...args], {
        env: { ...env, FARHAND_WORKER_SOCKET: undefined },
      }),
    file: home.file("c/farhand/worker.yaml"),
    start: () => startProcess(process.execPath, [programs.farhand, "worker", "start", "--session"], { env }),
    submit: (...args: string[]) => farhand("work", "submit", ...args, "--socket", home.file("r/farhand/control.sock")),
    write(text: string): void {
      mkdirSync(home.file("c/farhand"), { recursive: true, mode: 0o700 });
      writeFileSync(home.file("c/farhand/worker.yaml"), text, { mode: 0o600 });
    },
    async status() {
      const { stdout } = await farhand("worker", "status", "--json");
      return JSON.parse(stdout) as Record<string, unknown>;
    },
    /** Wait until the worker is in a state. */
    async until(state: string) {
      const signal = soon();
      for (;;) {
        const { stdout } = await farhand("worker", "status", "--json");
        if (stdout.includes(`"state":"${state}"`)) return;
        await sleep(50, undefined, { signal });
      }
    },
  };
}

const echo = "identity: {name: w1}\nworkTypes:\n  - {worktype: echo, command: cat}\n";

describe("farhand worker start --session", () => {
  test("from nothing to a unit in three steps, in the user's own folders (CAT-1, CAT-4, CAT-12)", async () => {
    await using home = await tempFolder();
    const user = userIn(home);
    try {
      await using worker = await user.start();
      await user.until("unconfigured");
      expect(await user.status()).toMatchObject({
        mode: "session",
        nextStep: expect.stringContaining(user.file) as string,
      });
      expect(existsSync(home.file("r/farhand/control.sock"))).toBe(false);
      user.write(echo);
      await user.farhand("worker", "restart");
      await user.until("configured");
      expect(await user.submit("echo", "-l", "hello", "-f")).toMatchObject({ code: 0, stdout: "hello\n" });
      expect(await user.status()).toMatchObject({ settingsFile: user.file, workTypes: ["echo"] });
      expect((await worker.stop("SIGTERM")).code).toBe(0);
    } finally {
      endMarkedProcesses(home.path);
    }
  });

  test("a broken file leaves it misconfigured with its socket open, and it is put right from there (CAT-9)", async () => {
    await using home = await tempFolder();
    const user = userIn(home);
    try {
      user.write(`${echo}helpers: {count: 0}\n`);
      await using _worker = await user.start();
      await user.until("misconfigured");
      expect(await user.status()).toMatchObject({
        reason: expect.stringMatching(/^\/helpers\/count: line 4/) as string,
      });
      expect((await user.farhand("worker", "doctor", "--session")).code).toBe(1);
      user.write(echo);
      await user.farhand("worker", "restart");
      await user.until("configured");
    } finally {
      endMarkedProcesses(home.path);
    }
  });

  test("says which changes wait (CAT-5); a second start says who holds the folder (CAT-11)", async () => {
    await using home = await tempFolder();
    const user = userIn(home);
    try {
      user.write(echo);
      await using worker = await user.start();
      await user.until("configured");
      user.write(`${echo}helpers: {count: 2}\nremoteAccess: {roles: {}}\n`);
      const second = await user.farhand("worker", "start", "--session");
      expect(second).toMatchObject({ code: 3, stderr: expect.stringContaining(`process ${worker.pid} of`) as string });
      await user.farhand("worker", "restart");
      await user.until("configured");
      expect((await user.status())["pending"]).toEqual([]);
    } finally {
      endMarkedProcesses(home.path);
    }
  });

  test.runIf(process.getuid?.() === 0)(
    "another account is told that it may not, never that nothing runs; one that may is told what the worker finds (CAT-113)",
    async () => {
      await using home = await tempFolder();
      const user = userIn(home);
      try {
        user.write(echo);
        await using _worker = await user.start();
        await user.until("configured");
        chmodSync(home.path, 0o711);
        const socket = home.file("r/farhand/worker.sock");
        for (const word of ["status", "doctor", "ui"]) {
          expect(await user.asAnother("worker", word, "--session")).toEqual({
            ...{ code: 4, stdout: "" },
            stderr: `farhand: the worker's socket ${socket} may not be opened by this user
try: as root or a member of the group \`workeradmin\` for a worker of the system; else as the user whose worker it is
`,
          });
        }
        // As for a member of workeradmin: the socket is open to him, the folder of the worker is not.
        for (const [path, mode] of [
          ["r", 0o711],
          ["r/farhand", 0o711],
          ["r/farhand/worker.sock", 0o666],
        ] as const)
          chmodSync(home.file(path), mode);
        const { stdout, stderr, code } = await user.asAnother("worker", "doctor", "--session");
        expect(stdout).toMatch(/^ok +service +process \d+ of root, mode session$/m);
        expect(stderr).toContain(`what the worker at ${socket} says: ${home.file("s/farhand")} is closed to this user`);
        expect(code).toBe(0);
      } finally {
        endMarkedProcesses(home.path);
      }
    },
  );

  test("killed, it comes back with its units as they were (CAT-2)", async () => {
    await using home = await tempFolder();
    const user = userIn(home);
    try {
      user.write(`${echo}  - {worktype: wait, command: sleep, params: "3"}\n`);
      await using first = await user.start();
      await user.until("configured");
      const { stdout } = await user.submit("wait", "-n");
      await first.stop("SIGKILL");
      await using _second = await user.start();
      await user.until("configured");
      const unit = /\w{8}/.exec(stdout)?.[0] ?? "";
      const control = ["--socket", home.file("r/farhand/control.sock")];
      expect(await user.farhand("work", "results", unit, ...control)).toMatchObject({ code: 0 });
      expect((await user.farhand("work", "status", unit, ...control)).stdout).toContain("Succeeded");
    } finally {
      endMarkedProcesses(home.path);
    }
  });
});

test("secrets of the environment reach no helper and no unit (CAT-106)", async () => {
  await using home = await tempFolder();
  writeFileSync(home.file("proxy"), "http://u:hush-hush-file@proxy");
  // A server that enrols nobody: the worker goes on by itself.
  await using server = createServer((_request, response) => response.writeHead(503).end());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const secrets = {
    WORKER_PASSWORD: "hush-hush",
    WORKER_PROXY_FILE: home.file("proxy"),
    MY_SECRET: "hush-hush-reference",
  };
  const user = userIn(home, { ...secrets, WORKER_USER: "service" });
  try {
    user.write(`${echo}  - {worktype: env, command: env}\nlegacyPassword: {hash: {$secret: "env:MY_SECRET"}}\n`);
    await using worker = await user.start();
    await user.until("configured");
    const { stdout } = await user.submit("env", "-n", "-f");
    expect(stdout).toContain("WORKER_USER=service");
    expect(stdout).not.toMatch(/hush-hush|WORKER_PASSWORD|WORKER_PROXY_FILE|MY_SECRET/);
    // Told by what they have inherited: they may be nobody's children.
    const helpers = markedProcesses(home.path).filter((pid) => pid !== worker.pid);
    expect(helpers.length).toBeGreaterThan(0);
    for (const pid of helpers) expect(readFileSync(`/proc/${pid}/environ`, "utf8")).not.toContain("hush-hush");
  } finally {
    server.closeAllConnections();
    endMarkedProcesses(home.path);
  }
});

test("a file that is written while the writer is killed is the old one or the new one (CAT-10)", async () => {
  await using folder = await tempFolder();
  const file = folder.file("worker.yaml");
  const atomic = pathToFileURL(join(programs.farhand, "..", "..", "dist", "worker", "configuration", "atomic-file.js"));
  const script = [
    `const { writeFileAtomic } = await import(${JSON.stringify(atomic.href)});`,
    "for (let n = 0; ; n++) {",
    `  writeFileAtomic(${JSON.stringify(file)}, JSON.stringify({ n, text: String(n).repeat(20_000), end: n }), 0o600);`,
    "  if (n === 3) console.log('writing');",
    "}",
  ].join("\n");
  for (let round = 0; round < 10; round++) {
    await using writer = await startProcess(process.execPath, ["--input-type=module", "-e", script]);
    await writer.line(/^writing$/, soon());
    // Some writes more, at another moment of one each time.
    await sleep(round * 3);
    await writer.stop("SIGKILL");
    const read = JSON.parse(readFileSync(file, "utf8")) as { n: number; end: number };
    expect(read.n).toBe(read.end);
  }
});
