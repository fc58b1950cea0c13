import { closeSync, fchmodSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/**
 * Write a file so that whoever reads it finds the old or the new text and nothing between, also after a power cut
 * (CAT-10): beside it, to the disk, renamed, and the folder to the disk too.
 *
 * @param mode of the new file; the umask takes nothing away.
 */
export function writeFileAtomic(path: string, text: string, mode: number): void {
  const folder = dirname(path);
  // One writer at a time holds the state's lock; a name left behind by a killed one is used again.
  const beside = join(folder, `.${basename(path)}.new`);
  rmSync(beside, { force: true });
  // Never through a link that somebody put there meanwhile: `wx` makes the file or fails.
  const fd = openSync(beside, "wx", mode);
  try {
    fchmodSync(fd, mode);
    writeFileSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(beside, path);
  syncFolder(folder);
}

function syncFolder(folder: string): void {
  const fd = openSync(folder, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
