import { STATUS_CODES } from "node:http";
import { errorText, FarhandError } from "#core";
import { fleetErrors } from "#fleet";
import { workErrors } from "#work";
import { workerErrors } from "#worker";
import { remedyFor } from "../remedies.ts";

/** What a page is told of anything that was thrown: what, by which rule, who can change it, what to try (CAT-111). */
export interface LocalProblem {
  readonly type: "about:blank";
  readonly title: string;
  /** HTTP status. */
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly rule?: string;
  readonly change?: string;
  readonly remedy?: string;
}

/** Never throws: what is not one of our errors is told as LOCAL_FAILED. */
export function localProblem(error: unknown): LocalProblem {
  const isOurs = error instanceof FarhandError;
  const status = isOurs ? error.status : 500;
  const code = isOurs ? error.code : "LOCAL_FAILED";
  const detail = errorText(error);
  const rule = ruleOf(code, detail);
  const change = rule === undefined ? undefined : changes[rule];
  const remedy = remedyOf(error, code);
  return {
    ...{ type: "about:blank", title: STATUS_CODES[status] ?? "Refused", status, code, detail },
    ...(rule !== undefined && { rule }),
    ...(change !== undefined && { change }),
    ...(remedy !== undefined && { remedy }),
  };
}

const admins = "who may open the worker's socket: its user, or root and the group `workeradmin`";

/** Who can change what a rule withholds here, where everybody comes by the worker's socket. */
const changes: Readonly<Record<string, string>> = {
  "CAT-19": "nobody: only the pages at the printed address may ask",
  "CAT-21": `${admins}; a service password is set in Basic setup`,
  "CAT-22": `${admins}, by running \`farhand worker ui\` again`,
  "CAT-23": "root, by adding you to the group `workeradmin`; of a worker in a session its user alone",
  "CAT-24": "you, by showing the service password; an admin, by changing legacyPassword.requireLocally",
  "CAT-26": "the owner of the configuration: legacyPassword.acceptHashLocally",
  "CAT-27": "nobody: time alone",
  "CAT-30": `${admins}, by starting the service`,
  "CAT-70": "who sits at its machine: harden",
};

/** Of refusals whose words name no rule. */
const rules: Readonly<Record<string, string>> = {
  LOCAL_REFUSED: "CAT-19",
  LOCAL_CODE: "CAT-22",
  WORKER_DENIED: "CAT-23",
};

function ruleOf(code: string, detail: string): string | undefined {
  if (Object.hasOwn(rules, code)) return rules[code];
  return /\bCAT-\d+\b/.exec(detail)?.[0];
}

/** Where these pages themselves are the way, a command of a server would lead astray. */
const onThesePages: Readonly<Record<string, string>> = {
  CONFIG_STALE: "look at what they changed and choose what stays; nothing is written until then",
  CONFIG_NOT_FOUND: "begin one: *Edit* on the page Configuration, or Basic setup",
  UNIT_NOT_FOUND: "it was released meanwhile: the page Tasks shows the units there are",
  WORK_SWITCHED_OFF: "switch `workers` on, on the page State",
  LOGIN_NEEDED: "end these pages, and run `farhand worker ui --password-file FILE` with the service password in FILE",
  LEVEL_TOO_LOW: "end these pages, and run `farhand worker ui --password-file FILE` with the service password in FILE",
  LOCAL_REFUSED: "open the address that `farhand worker ui` prints",
  LOCAL_CODE: "end these pages, and run `farhand worker ui` again: it prints a new code",
  LOCAL_FAILED: "the page Health shows what its doctor finds",
};

function remedyOf(error: unknown, code: string): string | undefined {
  if (Object.hasOwn(onThesePages, code)) return onThesePages[code];
  return remedyFor(error, code) ?? meaningOf(code);
}

/** A worker tells the code of its error; what that means and what helps stands in its room's table. */
function meaningOf(code: string): string | undefined {
  const tables: readonly Readonly<Record<string, { readonly meaning: string }>>[] = [
    ...[workerErrors, workErrors, fleetErrors],
  ];
  return tables.find((table) => Object.hasOwn(table, code))?.[code]?.meaning;
}
