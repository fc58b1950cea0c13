import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { standaloneWorker } from "../../kit/standalone-worker.ts";
import { tempFolder } from "../../kit/temp-folder.ts";
import { builtHelpers } from "../../kit/units.ts";
import { wholeServer } from "../../kit/whole-server.ts";

beforeAll(builtHelpers);

const byHand = ["--server", "standalone"];
/** Heartbeats tell the worker. */
const soon = { timeout: 40_000, interval: 1_000 };

test("CAT-25, CAT-100: the password at a worker's own port opens no more than the policy of its server includes", async () => {
  await using folder = await tempFolder();
  const policy = folder.file("policy.yaml");
  await writeFile(policy, "preset: open\n");
  await using server = await wholeServer({ policy });
  const { token } = await server.running.core.enrolments.make({ name: "shed" }, "u1");
  const { session, entry, close } = await standaloneWorker(folder, "configure", { serverUrl: server.url, token });
  try {
    const list = join(session.env["XDG_CONFIG_HOME"] ?? "", "farhand/workers.yaml");
    await mkdir(join(list, ".."), { recursive: true, mode: 0o700 });
    await writeFile(list, JSON.stringify({ workers: [entry] }), { mode: 0o600 });
    const level = async (): Promise<unknown> => {
      const { out } = await session.farhand("workers", "--json", ...byHand);
      return (JSON.parse(out) as { level: string }[])[0]?.level;
    };
    const switched = async (how: string) => await session.farhand("workers", "switch", "shed", how, ...byHand);
    expect(await level()).toBe("configure");
    expect(await switched("workers=off")).toMatchObject({ exit: 0 });

    await writeFile(policy, "preset: locked\n");
    await expect.poll(level, soon).toBe("monitor");
    const refused = await switched("workers=on");
    expect(refused.exit).not.toBe(0);
    expect(refused.err + refused.out).toMatch(/CAT-97.*policy\.yaml/s);

    await writeFile(policy, "preset: open\n");
    await expect.poll(level, soon).toBe("configure");
    expect(await switched("workers=on")).toMatchObject({ exit: 0 });
  } finally {
    await close();
  }
});
