/** What of the audit is looked for, as it stands in the address of the page; times as a form has them, in the reader's zone. */
export interface AuditSearch {
  readonly who?: string;
  readonly act?: string;
  readonly worker?: string;
  readonly from?: string;
  readonly to?: string;
}

const fields = ["who", "act", "worker", "from", "to"] as const;

/** Of an address that anybody may have written: texts, none of them endless or empty. */
export function auditSearch(given: Readonly<Record<string, unknown>>): AuditSearch {
  const texts = fields.flatMap((name) => {
    const value = given[name];
    const text = typeof value === "string" || typeof value === "number" ? String(value).trim().slice(0, 256) : "";
    return text === "" ? [] : [[name, text] as const];
  });
  return Object.fromEntries(texts);
}

/** The same as the API wants it; a time that is none is left out. `to` ends with its minute. */
export function auditQuery({ from, to, ...words }: AuditSearch): URLSearchParams {
  const query = new URLSearchParams(words);
  const [since, until] = [Date.parse(from ?? ""), Date.parse(to ?? "")];
  if (since >= 0) query.set("from", String(since));
  if (until >= 0) query.set("to", String(until + 59_999));
  return query;
}
