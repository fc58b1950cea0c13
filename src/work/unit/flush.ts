import { fdatasync } from "node:fs";
import { promisify } from "node:util";

const datasync = promisify(fdatasync);

interface Waiting {
  readonly fd: number;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

let waiting: Waiting[] = [];
let flushing = false;

/**
 * Flush a file to disk, together with whatever else wants flushing now.
 *
 * A flush makes a file system commit everything, and nobody can create a file meanwhile. So one round of flushes runs at a
 * time and what comes meanwhile goes into the next: short units by the hundred share commits instead of queueing for them.
 */
export function flushFile(fd: number): Promise<void> {
  return new Promise((done, failed) => {
    waiting.push({ fd, done, failed });
    if (!flushing) void flushRounds();
  });
}

async function flushRounds(): Promise<void> {
  flushing = true;
  while (waiting.length > 0) {
    const round = waiting;
    waiting = [];
    await Promise.all(round.map(flushOne));
  }
  flushing = false;
}

async function flushOne({ fd, done, failed }: Waiting): Promise<void> {
  try {
    await datasync(fd);
    done();
  } catch (error) {
    failed(error);
  }
}
