import { type Caller, callerConfigLevel, callerLevel } from "../auth/callers.ts";
import { userLabelsByConfig } from "../config/config-users.ts";
import { ServerError } from "../errors.ts";
import { configLabel } from "../registry/labels.ts";
import { configLevelOf, requireLevel } from "./admission.ts";
import type { RouteServices } from "./services.ts";

/** What a channel stands on. */
export type ChannelServices = Pick<RouteServices, "store" | "registry" | "pending" | "rollouts" | "news">;

/** Something that a client of the live line can watch. */
export interface LiveChannel {
  /** It is told at most so often, milliseconds. */
  readonly spacingMs: number;
  /**
   * Names of the news that it is about now.
   *
   * @throws {FleetError} LEVEL_TOO_LOW. @throws {ServerError} WORKER_NOT_FOUND, also when the caller may not see it.
   */
  admit(caller: Caller): Promise<readonly string[]>;
  /** Whether the caller may know what has changed behind a number; without it they may. */
  concerns?(caller: Caller, number: number): Promise<boolean>;
  /** What is told whole; a channel without it says only that there is something new. */
  value?(): Promise<ChannelValue>;
}

export interface ChannelValue {
  readonly value: unknown;
  /** It changes with the time alone: it is looked at each time that it may be told. */
  readonly isMoving?: boolean;
}

const spacingMs = 1_000;
/** A map of many nodes is work for both sides. */
const meshSpacingMs = 2_000;
/** Of those that wait, so many are told. */
const mostPending = 200;

/** @throws {ServerError} REQUEST_INVALID: there is none of this name. */
export function channelNamed(name: string, services: ChannelServices): LiveChannel {
  const { kind, of } = /^(?<kind>[a-z-]+)(?:\/(?<of>[\w.-]{1,100}))?$/.exec(name)?.groups ?? {};
  const channel = of === undefined ? plainChannel(kind, services) : channelOf(kind, of, services);
  if (channel) return channel;
  throw new ServerError(
    "REQUEST_INVALID",
    `watch: there is no channel ${name.slice(0, 100)}; there are pending, mesh, configurations, configuration/NAME, rollout/NAME and worker-configuration/ID`,
  );
}

function plainChannel(kind: string | undefined, services: ChannelServices): LiveChannel | undefined {
  switch (kind) {
    case "pending":
      return pendingChannel(services);
    case "mesh":
      // Whoever asks for the map is given what they may see of it.
      return { spacingMs: meshSpacingMs, admit: async () => ["mesh"] };
    case "configurations":
      return configurationsChannel(services);
    default:
      return undefined;
  }
}

function channelOf(kind: string | undefined, of: string, services: ChannelServices): LiveChannel | undefined {
  switch (kind) {
    case "configuration":
      return { spacingMs, admit: (caller) => admitToConfig(services, caller, of) };
    case "rollout":
      return {
        spacingMs,
        admit: (caller) => admitToConfig(services, caller, of),
        value: () => rolloutNow(services, of),
      };
    case "worker-configuration":
      return { spacingMs, admit: (caller) => admitToWorker(services, caller, of) };
    default:
      return undefined;
  }
}

/** Machines that wait to be let in, whole: they ask again every few seconds, and are read by nobody for that. */
function pendingChannel({ pending }: ChannelServices): LiveChannel {
  return {
    spacingMs,
    admit: async (caller) => {
      requireLevel(callerLevel(caller, "workers"), "admin");
      return ["pending"];
    },
    value: async () => {
      const all = await pending.list();
      return { value: { items: all.slice(0, mostPending), more: Math.max(0, all.length - mostPending) } };
    },
  };
}

/** Whether any configuration that the caller may see has changed. */
function configurationsChannel({ store, news }: ChannelServices): LiveChannel {
  return {
    spacingMs,
    admit: async () => ["configuration/"],
    concerns: async (caller, number) => {
      if (news.hasForgotten(number)) return true;
      const users = await userLabelsByConfig(store);
      const names = news.named("configuration/", number);
      return names.some((name) => callerConfigLevel(caller, name, users.get(name) ?? []) !== "none");
    },
  };
}

async function admitToConfig({ store }: ChannelServices, caller: Caller, name: string): Promise<readonly string[]> {
  requireLevel(await configLevelOf(store, caller, name), "monitor");
  return [`configuration/${name}`];
}

/** While it goes on, what it waits for counts down. */
async function rolloutNow({ rollouts }: ChannelServices, name: string): Promise<ChannelValue> {
  try {
    const rollout = await rollouts.get(name);
    return { value: rollout, isMoving: rollout.next !== null };
  } catch (error) {
    if (error instanceof ServerError && error.code === "ROLLOUT_NONE") return { value: null };
    throw error;
  }
}

/** A worker's own configuration, and the one that the server holds for it. */
async function admitToWorker({ registry }: ChannelServices, caller: Caller, id: string): Promise<readonly string[]> {
  const { id: workerId, labels } = await registry.find(id);
  if (callerLevel(caller, "workers", labels) === "none")
    throw new ServerError("WORKER_NOT_FOUND", `there is no worker ${id}`);
  const held = labels[configLabel];
  return [`worker-configuration/${workerId}`, ...(held === undefined ? [] : [`configuration/${held}`])];
}
