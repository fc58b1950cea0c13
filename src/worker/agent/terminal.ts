import { execFile } from "node:child_process";
import { constants, openSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { Socket } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { ShellWanted } from "#fleet";

/** Work type of the units that are shells. */
export const shellWorkType = "farhand-shell";

/** A frame's length is two bytes. */
const maxFrameBytes = 65_535;
const endOfInput = 4;

/** What the unit of a shell runs, as a section of settings; it runs nothing without what {@link openTerminal} makes. */
export function shellSection(folder: string) {
  const program = fileURLToPath(new URL("./terminal.pl", import.meta.url));
  const limits = { cancelgrace: "1s", maxoutput: "1GiB" };
  // Who asked for it comes as one more word, so that it stands in the unit's params.
  const params = `${word(program)} ${word(folder)}`;
  return {
    "work-command": { worktype: shellWorkType, command: "perl", params, allowruntimeparams: true, ...limits },
  };
}

/** One word of a unit's params, whatever is in it. */
export function word(text: string): string {
  return `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

/** The daemon's end of a shell's terminal; its screen is the unit's output. */
export interface Terminal {
  resize(size: ShellWanted): void;
  /** Hand on keys, as fast as they are taken, until the source or {@link close} ends it. */
  type(keys: AsyncIterable<Uint8Array>): Promise<void>;
  /** The shell ends. */
  close(): Promise<void>;
}

/** Make what the unit `id` will find in `folder`: see terminal.pl. @throws the system error. */
export async function openTerminal(
  folder: string,
  id: string,
  { command, rows, columns }: ShellWanted & { readonly command: string },
): Promise<Terminal> {
  const own = join(folder, id);
  await mkdir(own, { recursive: true, mode: 0o700 });
  try {
    await promisify(execFile)("mkfifo", ["-m", "600", join(own, "input")]);
    await writeFile(join(own, "opening"), `${rows} ${columns}\n${command}\n`, { mode: 0o600 });
    return terminalOver(own);
  } catch (error) {
    await rm(own, { recursive: true, force: true });
    throw error;
  }
}

function terminalOver(own: string): Terminal {
  // For reading as well: to open it then waits for nobody, and nothing is lost that comes before the terminal does.
  const fd = openSync(join(own, "input"), constants.O_RDWR | constants.O_NONBLOCK);
  const pipe = new Socket({ fd, readable: false, writable: true });
  pipe.on("error", () => {});
  return {
    resize({ rows, columns }) {
      const size = Buffer.alloc(4);
      size.writeUInt16BE(rows);
      size.writeUInt16BE(columns, 2);
      pipe.write(frame("s", size));
    },
    async type(keys) {
      for await (const chunk of keys)
        for (let at = 0; at < chunk.length; at += maxFrameBytes)
          await written(pipe, frame("k", chunk.subarray(at, at + maxFrameBytes)));
      await written(pipe, frame("k", Buffer.of(endOfInput)));
    },
    async close() {
      pipe.destroy();
      await rm(own, { recursive: true, force: true });
    },
  };
}

function frame(kind: "k" | "s", payload: Uint8Array): Buffer {
  const head = Buffer.alloc(3);
  head.write(kind);
  head.writeUInt16BE(payload.length, 1);
  return Buffer.concat([head, payload]);
}

/** @throws when the pipe is closed. */
function written(pipe: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    pipe.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}
