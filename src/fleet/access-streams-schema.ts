/**
 * Streams to a worker's machine: a shell in a terminal, and TCP services that its configuration names
 * (docs/wire/fleet.md). What the levels here are is the least of all; the worker's configuration asks for more.
 */
import { z } from "zod";
import type { Method } from "./method.ts";

const cells = z.number().int().min(1).max(1_000);

/** The terminal of a shell, in characters. */
const ShellWanted = z.strictObject({ rows: cells, columns: cells });
export type ShellWanted = z.infer<typeof ShellWanted>;

/** The shell by its unit: the unit's output is all that the terminal shows. */
const ShellOpened = z.strictObject({ shell: z.string().regex(/^[0-9A-Za-z]{1,64}$/) });
export type ShellOpened = z.infer<typeof ShellOpened>;

/** Open a shell: behind the answer keys go there, the screen comes back, and its end is the end of the shell. */
export const shellOpen: Method<ShellWanted, ShellOpened> = {
  name: "shell.open",
  params: ShellWanted,
  result: ShellOpened,
  level: "monitor",
  changes: true,
};

const ShellSize = ShellWanted.extend(ShellOpened.shape);
export type ShellSize = z.infer<typeof ShellSize>;

/** Give the terminal of a shell of the same session another size. */
export const shellResize: Method<ShellSize, ShellOpened> = {
  name: "shell.resize",
  params: ShellSize,
  result: ShellOpened,
  level: "monitor",
  changes: true,
};

const ServiceWanted = z.strictObject({ service: z.string().min(1).max(63) });
export type ServiceWanted = z.infer<typeof ServiceWanted>;

const ServiceOpened = z.strictObject({ service: z.string() });
export type ServiceOpened = z.infer<typeof ServiceOpened>;

/** Connect to a TCP service by its name: behind the answer bytes go both ways, each to its own end. */
export const tcpOpen: Method<ServiceWanted, ServiceOpened> = {
  name: "tcp.open",
  params: ServiceWanted,
  result: ServiceOpened,
  level: "monitor",
  changes: true,
};
