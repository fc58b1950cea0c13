import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, expect, test } from "vitest";
import { freshBuild, programs } from "../kit/daemon.ts";
import { endMarkedProcesses, markedProcesses, processMark } from "../kit/marked-processes.ts";
import { runProcess, startProcess } from "../kit/processes.ts";
import { tempFolder } from "../kit/temp-folder.ts";

const script = join(import.meta.dirname, "..", "..", "scripts", "start.mjs");
const soon = () => AbortSignal.timeout(60_000);

beforeAll(freshBuild);

test("npm start joins two workers, shows a unit of the far one, and leaves nothing behind at Ctrl-C", async () => {
  await using home = await tempFolder();
  const env = {
    ...{ XDG_STATE_HOME: home.path, FARHAND_SOCKET: undefined, RECEPTORCTL_SOCKET: undefined },
    ...processMark(home.path),
  };
  const farhand = (...args: string[]) => runProcess(process.execPath, [programs.farhand, ...args], { env });
  try {
    await using start = await startProcess(process.execPath, [script], { env });
    await start.line(/^Unit \w{8} of work type hello runs on far:$/, soon());
    for (const n of [1, 2, 3, 4, 5]) await start.line(new RegExp(`^ {2}\\| hello ${n} of 5$`), soon());
    await start.line(/^Succeeded: exit code 0, 65 bytes of output in /, soon());
    await start.line(/^sha256 [0-9a-f]{64} \(the same as what was printed\)$/, soon());
    await start.line(/receptorctl --socket .* status/, soon());

    // What it says one may try, works.
    const far = await farhand("work", "submit", "hello", "--node", "far", "--no-payload", "-f");
    expect(far).toMatchObject({ code: 0, stdout: expect.stringMatching(/^hello 1 of 5\n/) });
    expect((await farhand("work", "submit", "uppercase", "-l", "hello there", "-f")).stdout).toBe("HELLO THERE\n");
    expect((await farhand("traceroute", "far")).stdout).toMatch(/^ 1 {2}far /m);
    expect((await farhand("work", "list")).stdout.match(/Succeeded +hello +far/g)).toHaveLength(2);

    expect((await start.stop("SIGINT")).code).toBe(0);
    const signal = soon();
    while (markedProcesses(home.path).length > 0) await sleep(50, undefined, { signal });
  } finally {
    endMarkedProcesses(home.path);
  }
});
