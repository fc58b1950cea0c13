import type {
  CanaryPlan,
  CheckedText,
  ConfigDiff,
  ConfigText,
  ConfigUser,
  ConfigVersion,
  ListedConfig,
  Page,
  Rollout,
} from "#server/wire";
import { word } from "./place.ts";
import { ProblemError } from "./problem.ts";
import { get, request } from "./request.ts";

/** Parts of a list that are asked for at most. */
const mostParts = 40;

const routeOf = (name: string): string => `worker-configs/${word(name)}`;

async function all<Item>(route: string, signal: AbortSignal): Promise<readonly Item[]> {
  const items: Item[] = [];
  let cursor = "";
  for (let part = 0; part < mostParts; part++) {
    const query = new URLSearchParams({ limit: "500", ...(cursor !== "" && { cursor }) });
    const page = await get<Page<Item>>(`${route}${route.includes("?") ? "&" : "?"}${query}`, signal);
    items.push(...page.items);
    if (page.next === undefined) break;
    cursor = page.next;
  }
  return items;
}

/** What is not there yet, in place of the refusal that says so. */
async function orNone<T>(asked: Promise<T>, code: string): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof ProblemError && error.problem.code === code) return null;
    throw error;
  }
}

export const readConfigs = (signal: AbortSignal) => all<ListedConfig>("worker-configs?workers=true", signal);

export const readVersions = (name: string, signal: AbortSignal) =>
  all<ConfigVersion>(`${routeOf(name)}/versions`, signal);

/** The version in force as text; version 0 and an empty one where there is none yet. */
export const readText = async (name: string, signal: AbortSignal): Promise<ConfigText> =>
  (await orNone(get<ConfigText>(`${routeOf(name)}/text`, signal), "CONFIG_NOT_FOUND")) ?? { version: 0, text: "" };

export const readTextOf = (name: string, version: number, signal: AbortSignal): Promise<ConfigText> =>
  get(`${routeOf(name)}/text?version=${version}`, signal);

export const readDiff = (name: string, from: number, to: number, signal: AbortSignal): Promise<ConfigDiff> =>
  get(`${routeOf(name)}/diff?from=${from}&to=${to}`, signal);

export const readConfigUsers = (name: string, signal: AbortSignal) =>
  all<ConfigUser>(`${routeOf(name)}/workers`, signal);

export const turnRollout = (name: string, act: "pause" | "resume" | "finish" | "abort"): Promise<Rollout> =>
  request("POST", `${routeOf(name)}/rollout`, { body: { do: act } });

/** What the server says against a text; nothing is written. */
export const checkConfig = (name: string, text: string, signal?: AbortSignal): Promise<CheckedText> =>
  request("POST", `${routeOf(name)}/check`, { body: { text }, ...(signal && { signal }) });

/** A document, from which version it was made, and who gets it. */
export interface ConfigWish {
  readonly document: Readonly<Record<string, unknown>>;
  /** 0: there was none. */
  readonly ifMatch: number;
  readonly comment: string;
  /** Without it all get it at once. */
  readonly canary?: CanaryPlan;
}

export const writeConfig = (name: string, { ifMatch, ...body }: ConfigWish): Promise<ConfigVersion> =>
  request("PUT", routeOf(name), { body, headers: { "if-match": String(ifMatch) } });

/** Put an old version in force again, as a new one. @param from the version in force. */
export const putBack = (name: string, to: number, from: number): Promise<ConfigVersion> =>
  request("POST", `${routeOf(name)}/rollback`, { body: { to }, headers: { "if-match": String(from) } });
