import { errorText, FarhandError, systemCode } from "#core";
import { UnitState } from "../wire.ts";
import type { TwinLink } from "./mirror-context.ts";
import type { MirrorEnding } from "./mirror-record.ts";

/** So many answers in a row that are none, and the far end is given up. */
const mostInvalid = 5;

/** How a mirror ends whose twin its node no longer knows (spec §2.7.4). */
export const goneEnding = {
  State: UnitState.Failed,
  Detail: "Remote work unit is gone",
  Cause: "REMOTE_GONE",
} as const;

/** Thrown for an answer that is no answer of the protocol. */
export class InvalidAnswer extends Error {
  override readonly name = "InvalidAnswer";
}

/** What goes wrong while a twin is watched, and when that is the end. */
export class Troubles {
  readonly #link: TwinLink;
  #invalid = 0;

  constructor(link: TwinLink) {
    this.#link = link;
  }

  /** Something sensible came. */
  over(): void {
    this.#invalid = 0;
  }

  /** @returns true when the mirror was ended because of it; otherwise it is worth another try. */
  async note(error: unknown): Promise<boolean> {
    const { record } = this.#link;
    if (record.unit.isFinal) return true;
    if (isGone(error)) {
      await this.#end(goneEnding);
      return true;
    }
    if (isInvalid(error) && ++this.#invalid >= mostInvalid) {
      const Detail = `node ${record.data.RemoteNode} gives no sensible answers: ${errorText(error)}`.slice(0, 1_000);
      await this.#end({ State: UnitState.Failed, Detail, Cause: "REMOTE_INVALID" });
      return true;
    }
    // An error of the disk leaves open how much was written.
    if (isDiskFault(error)) await this.#link.closeOutput();
    record.stall(errorText(error));
    return false;
  }

  /** What came last may not be written yet, and the ending says how much is here. */
  async #end(ending: MirrorEnding): Promise<void> {
    await this.#link.closeOutput();
    await this.#link.record.finish(ending);
  }
}

/** The far end answered that it knows no such unit (spec §1.10). */
export function isGone(error: unknown): boolean {
  return systemCode(error) === "REMOTE_ERROR" && errorText(error).includes("unknown work unit");
}

/** The far end does not know a subcommand of ours: it is no Farhand node (spec §1.8). */
export function isUnknownSubcommand(error: unknown): boolean {
  return systemCode(error) === "REMOTE_ERROR" && errorText(error) === "bad command";
}

function isInvalid(error: unknown): boolean {
  if (["InvalidAnswer", "FrameError"].includes((error as Error).name)) return true;
  return ["LINE_TOO_LONG", "REPLY_INVALID"].includes(systemCode(error) ?? "");
}

function isDiskFault(error: unknown): boolean {
  return !(error instanceof FarhandError) && /^E[A-Z]+$/.test(systemCode(error) ?? "");
}
