/**
 * A path of the API below `/api`, every value in it encoded: apiPath`/workers/${name}/units`.
 *
 * A name of dots would mean another path even when it is encoded, so it is escaped as far as it goes.
 */
export function apiPath(texts: TemplateStringsArray, ...values: readonly (string | number)[]): string {
  return texts.reduce((path, text, at) => `${path}${segment(String(values[at - 1]))}${text}`);
}

function segment(value: string): string {
  return /^\.+$/.test(value) ? "%00" : encodeURIComponent(value);
}

/** A query of what is set: `?limit=5&label=a%3Db`, or nothing. */
export function queryText(values: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const set = Object.entries(values).filter(
    (pair): pair is [string, string | number | boolean] => pair[1] !== undefined,
  );
  if (set.length === 0) return "";
  return `?${new URLSearchParams(Object.fromEntries(set.map(([name, value]) => [name, String(value)]))).toString()}`;
}
