import { ToolError } from "./errors.ts";

/** Names that Linux gives and takes (dev_valid_name), less those that an option could be taken for. */
const interfaceName = /^[A-Za-z0-9_][A-Za-z0-9_.@-]{0,14}$/;

/**
 * The interface to listen on.
 *
 * @param asked a name; empty when it was left open: all there are, or else the first that may be used.
 * @throws {ToolError} `INTERFACE_REFUSED`.
 */
export function allowedInterface(asked: string, allowed: readonly string[]): string {
  const isAny = allowed.includes("any");
  if (asked === "") return isAny ? "any" : (allowed[0] ?? refuse("any", allowed));
  // By number, tcpdump would take the n-th of a list that it makes itself.
  const isName = interfaceName.test(asked) && !/^\d+$/.test(asked);
  return isName && (isAny || allowed.includes(asked)) ? asked : refuse(asked, allowed);
}

function refuse(asked: string, allowed: readonly string[]): never {
  const which = allowed.length > 0 ? allowed.join(", ") : "none";
  throw new ToolError("INTERFACE_REFUSED", `this worker does not let ${asked} be listened on; it allows ${which}`);
}
