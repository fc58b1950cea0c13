import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { builtHelpers, ended, eventually, kill, openTestNode } from "../../../test/kit/units.ts";
import { tempFolder } from "../../../test/kit/temp-folder.ts";

beforeAll(builtHelpers);

test("a data folder may be deeper than a socket address is long, also after a helper was killed", async () => {
  await using folder = await tempFolder();
  const dataDir = join(folder.path, "a".repeat(80), "b".repeat(80));
  mkdirSync(dataDir, { recursive: true });
  await using node = await openTestNode({ folder, dataDir });
  expect(await node.run("echo before")).toMatchObject({ ExitCode: 0 });
  for (const pid of node.units.helperPids) await kill(pid);
  const unit = await node.start("echo after");
  await ended(unit);
  expect(unit.status).toMatchObject({ ExitCode: 0 });
  const sockets = readdirSync(join(dataDir, ".farhand", "alpha", "helpers")).filter((name) => name.endsWith(".sock"));
  expect(sockets).toHaveLength(node.units.helperPids.length);
});

test("a helper that hangs while its units run is replaced, and their endings are told", async () => {
  await using node = await openTestNode();
  const unit = await node.start("sleep 1; exit 7");
  const [hanging] = node.units.helperPids;
  process.kill(hanging ?? 0, "SIGSTOP");
  await ended(unit);
  expect(unit.status).toMatchObject({ Cause: "EXITED", ExitCode: 7 });
  await eventually("the helper that hung is gone", () => !node.units.helperPids.includes(hanging ?? 0));
});
