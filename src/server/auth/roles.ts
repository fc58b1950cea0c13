import { type Level, lowerLevel } from "#fleet";

/** What a user is, the least first. Each may do what the ones before may. */
export const roles = ["viewer", "operator", "configurer", "admin"] as const;

/** One of {@link roles}. */
export type Role = (typeof roles)[number];

/** Labels that a worker must have, each with this value. */
export type Labels = Readonly<Record<string, string>>;

const levelOfRole: Readonly<Record<Role, Level>> = {
  viewer: "monitor",
  operator: "operate",
  configurer: "configure",
  admin: "admin",
};

/** Most that a role may do on a worker; the worker's own map may allow less (CAT-57). */
export function levelOf(role: Role): Level {
  return levelOfRole[role];
}

export function isRole(value: unknown): value is Role {
  return roles.some((role) => role === value);
}

/**
 * What somebody may do on one worker.
 *
 * @param within labels the role is restricted to; null: it counts on every worker.
 */
export function levelOn(role: Role, within: Labels | null, worker: Labels): Level {
  const counts = Object.entries(within ?? {}).every(
    ([name, value]) => Object.hasOwn(worker, name) && worker[name] === value,
  );
  return counts ? levelOf(role) : "none";
}

/** Parts of the server that an API token can be restricted to. */
export const areas = ["workers", "configurations", "users", "audit", "enrolment"] as const;

/** One of {@link areas}. */
export type Area = (typeof areas)[number];

/**
 * What an API token may do at most: `workers:operate`, `*:monitor` for every area, or `configurations/web:configure` for
 * the one configuration.
 */
export type Scope = `${Area | "*" | `configurations/${string}`}:${Exclude<Level, "none">}`;

export function isScope(value: string): value is Scope {
  const [area = "", level, ...more] = value.split(":");
  const isOneConfig = /^configurations\/[A-Za-z0-9][\w.-]{0,62}$/.test(area);
  const isArea = area === "*" || isOneConfig || areas.some((known) => known === area);
  return isArea && more.length === 0 && Object.values(levelOfRole).some((known) => known === level);
}

/**
 * The level that scopes leave of `held` in one area: the highest that one of them names, never more than `held`.
 *
 * @param part what of the area it is about, such as the name of a configuration.
 */
export function levelWithin(scopes: readonly Scope[], area: Area, held: Level, part?: string): Level {
  const order = Object.values(levelOfRole);
  const isAbout = (of: string | undefined): boolean =>
    of === area || of === "*" || (part !== undefined && of === `${area}/${part}`);
  const named = scopes.map((scope) => scope.split(":")).filter(([of]) => isAbout(of));
  const highest = order.findLast((level) => named.some(([, granted]) => granted === level));
  return highest === undefined ? "none" : lowerLevel(highest, held);
}
