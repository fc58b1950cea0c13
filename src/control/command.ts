import type { Duplex } from "node:stream";
import { ControlError } from "./errors.ts";
import type { JsonObject } from "./wire.ts";

/**
 * Over what a session came. Only on `unix` has the operating system already said who may connect (spec §1.8:
 * signatures are checked everywhere else).
 */
export type RemoteKind = "unix" | "tcp" | "tls" | "mesh";

/** One connection of a client, as a command sees it. */
export interface ControlSession {
  readonly nodeId: string;
  readonly remote: RemoteKind;
  /**
   * The node a session on `mesh` came from; undefined on all others. It is what the packets say: proven only where the
   * control service asks for client certificates.
   */
  readonly remoteNode: string | undefined;
  /**
   * Fires while a command runs when the client is gone or the listener closes; nobody reads what comes after.
   *
   * A client that only ended its sending direction is not gone.
   */
  readonly signal: AbortSignal;
  /** Send one line of text (newline added), waiting while the client is slow. @throws when the client is gone. */
  writeLine(text: string): Promise<void>;
  /**
   * Send raw bytes, waiting while the client is slow. When it resolves, the chunk's memory is the caller's again.
   *
   * Raw bytes have no end but the end of the connection, or the one that a command gives them which returns `open`. From
   * the first on an error is logged and ends the connection; it is never sent, for the client could not tell it from the
   * bytes.
   *
   * @throws when the client is gone.
   */
  write(chunk: Uint8Array): Promise<void>;
  /**
   * The raw bytes behind the request line until the client half-closes; the slow reader sets the pace.
   *
   * Whoever begins this ends the session with its reply, unless that is `open`: the bytes that are left are never taken
   * for requests.
   *
   * @throws {ControlError} `CLIENT_GONE` when the connection breaks before a clean end. On a Unix socket a client that
   * has vanished altogether, instead of waiting for its reply, counts as broken too; elsewhere that looks like a clean end.
   */
  payload(): AsyncIterable<Uint8Array>;
  /** The stream itself, for splicing at full speed; bytes already read ahead are in it again. The session ends with the command. */
  takeStream(): Duplex;
}

/** A word of the control protocol. Rooms make them as values; the listener is given a list of them. */
export interface ControlCommand {
  /** Lower-case word. */
  readonly name: string;
  /** Parameter text of the text form → request. Throws ControlError with the exact protocol text. */
  parseText(rest: string): JsonObject;
  /** Checks a JSON request (all keys). Throws ControlError with the exact protocol text. */
  parseJson(request: JsonObject): JsonObject;
  /**
   * A returned object is sent as the JSON reply line. "close" ends the connection without a reply (results, connect).
   * "open" sends nothing either, and requests may follow: only for a conversation whose end both sides know to the byte.
   *
   * An error that is thrown is sent as the one reply line `ERROR: <message>`; unless it is a FarhandError it is logged.
   */
  run(request: JsonObject, session: ControlSession): Promise<JsonObject | "close" | "open">;
}

/** Commands by name. @throws {ControlError} `COMMAND_TWICE` when two have the same name. */
export function commandTable(commands: readonly ControlCommand[]): ReadonlyMap<string, ControlCommand> {
  const table = new Map<string, ControlCommand>();
  for (const command of commands) {
    if (table.has(command.name))
      throw new ControlError("COMMAND_TWICE", `the control command "${command.name}" is registered twice`);
    table.set(command.name, command);
  }
  return table;
}
