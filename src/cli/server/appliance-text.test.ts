import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { nextLines, ownName } from "./appliance-text.ts";

test("what the appliance says one may try names the program as it can be typed: in a clone by its way", async () => {
  await using folder = await tempFolder();
  const program = join(folder.path, "bin", "farhand");
  await mkdir(join(folder.path, "bin"));
  await mkdir(join(folder.path, "path"));
  await writeFile(program, "");
  await chmod(program, 0o755);
  const env = { PATH: `/usr/bin:${join(folder.path, "path")}` };
  expect(ownName(program, env, folder.path)).toBe("bin/farhand");
  expect(ownName(program, env, join(folder.path, "bin"))).toBe("./farhand");
  expect(ownName(program, env, "/usr")).toBe(program);
  await symlink(program, join(folder.path, "path", "farhand"));
  expect(ownName(program, env, "/usr")).toBe("farhand");
});

test("but for paths, no line of it is wider than a terminal", () => {
  const places = { state: "/s", units: "/s/units", socket: "/s/control.sock" };
  const lines = nextLines({ url: "https://127.0.0.1:8443", worker: "vm", farhand: "bin/farhand" }, places);
  expect(lines.filter((line) => line.length > 80 && !line.includes("/s/"))).toEqual([]);
  expect(lines).toContain("  bin/farhand run vm -- uname -sr   # a command there, or ./script.sh of yours");
});
