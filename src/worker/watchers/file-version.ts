import type { BigIntStats } from "node:fs";

/** Which file was seen, and in which state. */
export interface FileVersion {
  /** Device of the file system. It may be another one after a mount, with the same files. */
  readonly dev: string;
  /** Inode, time of the last change in nanoseconds, and size: `INODE.MTIME.SIZE`. */
  readonly stamp: string;
}

/** The version that a look at a file has shown. */
export function versionOf({ dev, ino, mtimeNs, size }: BigIntStats): FileVersion {
  return { dev: `${dev}`, stamp: `${ino}.${mtimeNs}.${size}` };
}

/**
 * Whether a path still holds what it held. A file that was written, touched or replaced is another; one whose permissions or
 * owner were changed is not. Some file systems number their files anew with each mount: seen over another device, the inode
 * says nothing.
 */
export function isSameFile(one: FileVersion, other: FileVersion): boolean {
  if (one.dev === other.dev) return one.stamp === other.stamp;
  return withoutInode(one.stamp) === withoutInode(other.stamp);
}

function withoutInode(stamp: string): string {
  return stamp.slice(stamp.indexOf(".") + 1);
}
