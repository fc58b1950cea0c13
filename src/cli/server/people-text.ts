import type { Colours } from "../colours.ts";
import { plain, table, timeText } from "./config-text.ts";
import { labelsText } from "./labels.ts";
import { objectIn, type Shape, stringOf } from "./shapes.ts";

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

/** Sessions of a user, the one used last first. */
export function sessionsTable(sessions: readonly Shape[], look: Look): string[] {
  const rows = sessions.map((session) => [
    plain(session["id"]) + (session["current"] === true ? " *" : ""),
    timeText(session["createdAt"]),
    timeText(session["usedAt"]),
    timeText(session["expiresAt"]),
    plain(session["source"]),
    plain(session["client"]),
  ]);
  return table(["ID", "BEGUN", "USED", "UNTIL", "FROM", "CLIENT"], rows, look);
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

/** Enrolment tokens, used and expired ones too. */
export function enrolmentsTable(enrolments: readonly Shape[], look: Look): string[] {
  const rows = enrolments.map((enrolment) => [
    plain(enrolment["id"]),
    plain(enrolment["name"]),
    labelsText(enrolment["labels"]),
    timeText(enrolment["createdAt"]),
    timeText(enrolment["expiresAt"]),
    timeText(enrolment["usedAt"]),
    plain(enrolment["usedBy"]),
  ]);
  return table(["ID", "NAME", "LABELS", "MADE", "UNTIL", "USED", "BY"], rows, look);
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

function detailText(detail: unknown): string {
  const text = typeof detail === "string" ? detail : JSON.stringify(detail ?? {});
  return text === "{}" ? "" : text;
}
