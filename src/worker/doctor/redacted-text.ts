const shown = "[secret]";

/** A text shorter than this is too common to be looked for. */
const leastChars = 4;

/** What secrets look like wherever they stand. */
const shapes: readonly [pattern: RegExp, instead: string][] = [
  // Enrolment tokens, session and API tokens of ours.
  [/\bfh[a-z]?\d\.[\w.-]{8,}/g, shown],
  // argon2 and other hashes of passwords, PHC.
  [/\$(?:argon2\w*|scrypt|2[aby]|pbkdf2[\w-]*)\$[^\s"']+/g, shown],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----/g, shown],
  // A URL's user and password, a header's credential, a word that says what it is.
  [/(:\/\/)[^/\s@"]+@/g, `$1${shown}@`],
  [/\b(authorization|cookie|x-api-key)(["']?\s*[:=]\s*["']?)[^\r\n"']+/gi, `$1$2${shown}`],
  [
    /(?<![$\w])(password|passwd|secret|token|api[_-]?key)(["']?\s*[:=]\s*["']?)(?!\[secret\])[^\s"',;&}]+/gi,
    `$1$2${shown}`,
  ],
];

/** The text with secrets blackened: those that are known, in the forms they are usually written in, and those that look like one. */
export function redactedText(text: string, secrets: readonly string[]): string {
  const known = [...new Set(secrets.flatMap(formsOf))].filter((form) => form.length >= leastChars);
  // The longest first: one may be part of another.
  const without = known.sort((a, b) => b.length - a.length).reduce((left, form) => left.replaceAll(form, shown), text);
  return shapes.reduce((left, [pattern, instead]) => left.replace(pattern, instead), without);
}

function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const encoded = [bytes.toString("base64"), bytes.toString("base64url"), bytes.toString("hex")];
  return [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret), ...encoded];
}
