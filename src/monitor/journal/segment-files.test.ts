import { open } from "node:fs/promises";
import { expect, test, vi } from "vitest";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { SegmentFolder } from "./segment-files.ts";

/** What every open file asks the disk with. */
async function everyFile(path: string): Promise<{ datasync(): Promise<void> }> {
  await using handle = await open(path, "w");
  return Object.getPrototypeOf(handle) as { datasync(): Promise<void> };
}

test("what the disk did not take when it was waited for is waited for again", async () => {
  await using folder = await tempFolder();
  const files = await SegmentFolder.open(folder.path);
  for (const segment of [1, 2, 3]) await files.write(segment, 0, Buffer.from("x"));
  const waited = vi.spyOn(await everyFile(folder.file("other")), "datasync");
  try {
    waited.mockRejectedValueOnce(new Error("EIO: i/o error, fdatasync"));
    await expect(files.sync()).rejects.toThrow("EIO");
    waited.mockClear();
    await files.sync();
    expect(waited).toHaveBeenCalledTimes(3);
    waited.mockClear();
    await files.sync();
    expect(waited).not.toHaveBeenCalled();
  } finally {
    waited.mockRestore();
    await files.close();
  }
});
