import { closeSync, openSync, writeSync } from "node:fs";
import { errorText } from "#core";
import type { CaptureOptions } from "../commands/capture.ts";
import { CliError } from "../errors.ts";
import type { Terminal } from "../terminal.ts";
import { PacketLines } from "./packet-lines.ts";

/** Where the pcap of workers goes: to a file, to stdout, or as lines. */
export interface CaptureSink {
  take(worker: string, chunk: Uint8Array): Promise<void> | void;
  /** Nothing more comes. @returns the file it wrote for a worker. */
  close(worker: string): string | undefined;
}

/**
 * What becomes of the captures.
 *
 * @throws {CliError} `USAGE` where those of several workers would get mixed; what a file cannot be opened with.
 */
export function openSink(workers: readonly string[], options: CaptureOptions, terminal: Terminal): CaptureSink {
  const { write, json } = options;
  if (write !== undefined && write !== "-") {
    if (workers.length > 1 && !write.includes("%w"))
      throw new CliError("USAGE", "the captures of several workers do not fit into one file", {
        remedy: "put %w into the name, which becomes the worker's: -w 'cap-%w.pcap'",
      });
    return fileSink(write);
  }
  if (json || (write === undefined && terminal.columns !== undefined)) {
    const lines = new PacketLines({ isMarked: workers.length > 1, isJson: json === true, terminal });
    return { take: (worker, chunk) => lines.take(worker, chunk), close: () => undefined };
  }
  if (workers.length > 1)
    throw new CliError("USAGE", "pcap of several workers cannot go into one pipe", {
      remedy: "-w 'cap-%w.pcap' for a file of each, or --json",
    });
  return { take: async (_worker, chunk) => await terminal.write(chunk), close: () => undefined };
}

function fileSink(pattern: string): CaptureSink {
  const open = new Map<string, { readonly path: string; readonly fd: number }>();
  const fileOf = (worker: string): { readonly path: string; readonly fd: number } => {
    const known = open.get(worker);
    if (known) return known;
    const path = pattern.replaceAll("%w", safeName(worker));
    try {
      const opened = { path, fd: openSync(path, "w", 0o600) };
      open.set(worker, opened);
      return opened;
    } catch (error) {
      throw new CliError("USAGE", `${path} cannot be written: ${errorText(error)}`, { remedy: "name another file" });
    }
  };
  return {
    take: (worker, chunk) => {
      const { fd } = fileOf(worker);
      for (let at = 0; at < chunk.length; ) at += writeSync(fd, chunk, at);
    },
    close: (worker) => {
      const file = open.get(worker);
      if (file) closeSync(file.fd);
      open.delete(worker);
      return file?.path;
    },
  };
}

/** A worker chose its name; no part of it is a folder, or hidden. */
function safeName(worker: string): string {
  return worker.replaceAll(/[^\w.@:-]/g, "_").replace(/^\./, "_");
}
