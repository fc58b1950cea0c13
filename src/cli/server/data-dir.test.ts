import { statSync } from "node:fs";
import { expect, test } from "vitest";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { makeDataDir } from "./data-dir.ts";

test("the folder of a server is made for its owner alone, or what is wrong is told with the option", async () => {
  await using folder = await tempFolder();
  makeDataDir(folder.file("a/server"));
  expect(statSync(folder.file("a/server")).mode & 0o777).toBe(0o700);
  for (const path of ["/etc/passwd/server", "/proc/farhand/server"])
    expect(() => makeDataDir(path)).toThrow(
      expect.objectContaining({
        code: "STATE_UNUSABLE",
        message: expect.stringContaining(`data-dir: the folder ${path} cannot be used`),
        remedy: expect.stringContaining("--data-dir FOLDER"),
      }),
    );
});
