/** One object of a PEM file. */
export interface PemObject {
  /** `CERTIFICATE`, `RSA PRIVATE KEY`, … */
  readonly label: string;
  readonly der: Buffer;
  /** The object as it stands in the file. */
  readonly text: string;
}

const object = /-----BEGIN ([A-Z0-9 ]{1,40})-----([A-Za-z0-9+/=\s]*)-----END \1-----/g;

/** The objects of a PEM file, in order. Text between them is passed over, and so are those with headers (encrypted). */
export function parsePem(text: string): PemObject[] {
  return [...text.matchAll(object)].map(([whole, label = "", body = ""]) => ({
    label,
    der: Buffer.from(body, "base64"),
    text: whole,
  }));
}

/** An object as PEM, with a line end behind it. */
export function encodePem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}
