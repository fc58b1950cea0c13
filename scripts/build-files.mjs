/** Files as the build reads and writes them. */
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";

/** Replace a file by rename, so that nobody reads half of it. What is the same already is only touched. */
export function put(path, bytes, mode) {
  if (existsSync(path) && readFileSync(path).equals(bytes)) {
    chmodSync(path, mode);
    utimesSync(path, new Date(), new Date());
    return;
  }
  mkdirSync(dirname(path), { recursive: true });
  const fresh = `${path}.${process.pid}.fresh`;
  writeFileSync(fresh, bytes);
  chmodSync(fresh, mode);
  renameSync(fresh, path);
}

/** Every file below a folder, in order; none where there is no such folder. */
export function filesUnder(top) {
  if (!existsSync(top)) return [];
  return readdirSync(top, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** SHA-256 over names, modes and bytes. */
export function hashOf(root, paths) {
  const hash = createHash("sha256");
  for (const path of paths) {
    const bytes = readFileSync(path);
    hash.update(`${relative(root, path)} ${statSync(path).mode} ${bytes.length}\n`).update(bytes);
  }
  return hash.digest("hex");
}
