import { timeLimit } from "#core";
import { connectControl, parseControlAddress } from "#control";
import { listUnits } from "#work";
import { stateName } from "#work/wire";
import { socketOf } from "./connection.ts";
import { oneLine } from "./quantities.ts";
import type { Terminal } from "./terminal.ts";

/** A word to offer, and what it is. */
interface LiveWord {
  readonly word: string;
  readonly about: string;
}

/** What the worker has at this moment. */
export interface LiveWords {
  readonly types: readonly LiveWord[];
  readonly units: readonly LiveWord[];
}

/** Longest wait for the worker; somebody sits before the keyboard. */
const timeoutMs = 400;

/** Work types and units for completion; none when the worker does not answer at once. */
export async function liveWords(typed: readonly string[], terminal: Terminal): Promise<LiveWords> {
  try {
    const socket = socketOf(socketIn(typed), terminal.env);
    const control = await connectControl(parseControlAddress(socket), {
      signal: timeLimit(timeoutMs),
      timeoutMs,
    });
    try {
      const { Advertisements } = await control.call({ command: "status", requested_fields: ["Advertisements"] });
      const units = Object.entries(await listUnits(control));
      return {
        types: typesIn(Advertisements),
        units: units.reverse().map(([word, { WorkType, State }]) => ({
          word,
          about: `${oneLine(WorkType)}, ${stateName(State).toLowerCase()}`,
        })),
      };
    } finally {
      control.close();
    }
  } catch {
    return { types: [], units: [] };
  }
}

function socketIn(typed: readonly string[]): { socket?: string } {
  const at = typed.indexOf("--socket");
  const socket = at >= 0 ? typed[at + 1] : typed.find((word) => word.startsWith("--socket="))?.slice(9);
  return socket ? { socket } : {};
}

function typesIn(advertisements: unknown): LiveWord[] {
  const ads = (Array.isArray(advertisements) ? advertisements : []) as {
    WorkCommands?: { WorkType: string }[] | null;
  }[];
  const names = ads.flatMap(({ WorkCommands }) => (WorkCommands ?? []).map(({ WorkType }) => WorkType));
  return [...new Set(names)].map((word) => ({ word: oneLine(word), about: "work type" }));
}
