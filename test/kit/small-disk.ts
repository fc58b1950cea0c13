import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runProcess } from "./processes.ts";
import { tempFolder } from "./temp-folder.ts";

/** A disk of its own that can be filled. At the end of its scope it is gone with everything on it. */
export interface SmallDisk extends AsyncDisposable {
  readonly path: string;
  file(name: string): string;
  /** To the last byte, and the last file of one byte. */
  fill(): void;
  /** Take away what {@link fill} has put there. */
  makeRoom(): void;
  /** As `mount -o remount,OPTION`. @returns whether it could be. */
  remount(option: string): Promise<boolean>;
}

/** Mount one. @param size as tmpfs takes it: `4m`. @returns undefined where this user may not mount any. */
export async function smallDisk(size: string): Promise<SmallDisk | undefined> {
  const folder = await tempFolder();
  const path = folder.file("disk");
  mkdirSync(path);
  const mount = async (...args: string[]) => (await runProcess("mount", args)).code === 0;
  if (!(await mount("-t", "tmpfs", "-o", `size=${size},mode=0700`, "farhand-test", path))) {
    await folder[Symbol.asyncDispose]();
    return undefined;
  }
  return {
    path,
    file: (name) => join(path, name),
    fill: () => fill(path),
    makeRoom: () => makeRoom(path),
    remount: (option) => mount("-o", `remount,${option}`, path),
    [Symbol.asyncDispose]: async () => {
      await runProcess("umount", ["--lazy", path]);
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Whether this user may mount one. */
export const canMount = await smallDisk("1m").then(async (disk) => {
  await disk?.[Symbol.asyncDispose]();
  return disk !== undefined;
});

function fill(path: string): void {
  for (const bytes of [1024 * 1024, 4096]) {
    try {
      for (;;) writeFileSync(join(path, "filler"), Buffer.alloc(bytes), { flag: "a" });
    } catch {
      // Full.
    }
  }
  try {
    for (let n = 0; ; n++) writeFileSync(join(path, `filler.${n}`), "x");
  } catch {
    // Fuller.
  }
}

function makeRoom(path: string): void {
  for (const name of readdirSync(path)) if (name.startsWith("filler")) rmSync(join(path, name), { force: true });
}
