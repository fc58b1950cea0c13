import type { Colours } from "../colours.ts";
import { plain, table, timeText } from "./config-text.ts";
import { labelsText } from "./labels.ts";
import { readableAge } from "../quantities.ts";
import { numberOf, objectIn, type Shape, stringOf } from "./shapes.ts";

interface Look {
  readonly colours: Colours;
  readonly columns: number | undefined;
}

/** `farhand whoami` for people. */
export function meLines(answer: unknown, url: URL, colours: Colours): string[] {
  const me = objectIn(answer);
  const user = typeof me["user"] === "object" && me["user"] !== null ? (me["user"] as Shape) : {};
  const roles = Array.isArray(me["roles"]) ? me["roles"].map(plain).join(", ") : plain(user["role"]);
  const facts: (readonly [string, string])[] = [
    ["server", url.href.replace(/\/$/, "")],
    ["user", plain(stringOf(me["user"]) ?? user["name"])],
    ["role", roles + (user["labels"] ? ` on workers with ${labelsText(user["labels"])}` : "")],
    ["factor", factorText(me["factor"])],
    ["by", plain(me["kind"])],
  ];
  return facts.map(([name, value]) => `${colours.faint(name.padEnd(8))} ${value}`);
}

function factorText(factor: unknown): string {
  const { set, recoveryCodesLeft } = typeof factor === "object" && factor !== null ? (factor as Shape) : {};
  return set === true ? `set up, ${plain(recoveryCodesLeft)} recovery codes left` : "not set up";
}

/** Users of a server. */
export function usersTable(users: readonly Shape[], look: Look): string[] {
  const rows = users.map((user) => [
    plain(user["name"]),
    plain(user["role"]),
    labelsText(user["labels"]),
    plain(user["factor"]),
    user["service"] === true ? "service" : "person",
    user["disabled"] === true ? "disabled" : "-",
    timeText(user["createdAt"]),
  ]);
  return table(["NAME", "ROLE", "ON", "FACTOR", "KIND", "STATE", "MADE"], rows, look);
}

/** Sessions of a user, the one used last first. @param now milliseconds since 1970 by the server's clock. */
export function sessionsTable(sessions: readonly Shape[], now: number, look: Look): string[] {
  const rows = sessions.map((session) => [
    plain(session["id"]) + (session["current"] === true ? " *" : ""),
    agoText(session["createdAt"], now),
    agoText(session["usedAt"], now),
    leftText(session["expiresAt"], now),
    plain(session["source"]),
    plain(session["client"]),
  ]);
  return table(["ID", "BEGUN", "USED", "LEFT", "FROM", "CLIENT"], rows, look);
}

/** API tokens of a user; never the tokens themselves. */
export function tokensTable(tokens: readonly Shape[], look: Look): string[] {
  const rows = tokens.map((token) => [
    plain(token["id"]),
    plain(token["name"]),
    Array.isArray(token["scopes"]) ? token["scopes"].map(plain).join(" ") : "-",
    timeText(token["createdAt"]),
    timeText(token["usedAt"]),
    timeText(token["expiresAt"]),
  ]);
  return table(["ID", "NAME", "SCOPES", "MADE", "USED", "UNTIL"], rows, look);
}

/** Enrolment tokens, used and expired ones too. @param now as in {@link sessionsTable}. */
export function enrolmentsTable(enrolments: readonly Shape[], now: number, look: Look): string[] {
  const rows = enrolments.map((enrolment) => [
    plain(enrolment["id"]),
    plain(enrolment["name"]),
    labelsText(enrolment["labels"]),
    agoText(enrolment["createdAt"], now),
    leftText(enrolment["expiresAt"], now),
    plain(enrolment["uses"]),
    agoText(enrolment["usedAt"], now),
    plain(enrolment["usedBy"]),
  ]);
  return table(["ID", "NAME", "LABELS", "MADE", "LEFT", "USES", "USED", "BY"], rows, look);
}

/** Rows of the audit. @param names of users and workers, by their ids, as far as we may know them. */
export function auditTable(rows: readonly Shape[], names: ReadonlyMap<string, string>, look: Look): string[] {
  const named = (id: unknown): string => names.get(String(id)) ?? plain(id);
  const cells = rows.map((row) => [
    plain(row["sequence"]),
    timeText(row["at"]),
    named(row["actor"]),
    plain(row["action"]),
    named(row["subject"]),
    plain(detailText(row["detail"])),
  ]);
  return table(["ROW", "WHEN", "WHO", "WHAT", "ON", "DETAIL"], cells, look);
}

/** `5m ago`, in a column that stays narrow; `-`: never. The time itself is in `--json`. */
function agoText(at: unknown, now: number): string {
  const ms = numberOf(at);
  if (ms === undefined) return "-";
  const age = readableAge((now - ms) / 1_000);
  return age === "now" ? age : `${age} ago`;
}

/** `2h`: for so long; `over`: no more. */
function leftText(until: unknown, now: number): string {
  const ms = numberOf(until);
  if (ms === undefined) return "-";
  return ms <= now ? "over" : readableAge(Math.max(1, (ms - now) / 1_000));
}

function detailText(detail: unknown): string {
  const text = typeof detail === "string" ? detail : JSON.stringify(detail ?? {});
  return text === "{}" ? "" : text;
}
