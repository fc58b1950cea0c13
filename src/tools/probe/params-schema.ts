import { z } from "zod";
import { hostText, portNumber } from "../params-schema.ts";

const attempts = z.number().int().min(1).max(100).default(1).describe("how often it is tried");
const everyMs = z.number().int().min(100).max(60_000).default(1_000).describe("time from one attempt to the next");
const timeoutMs = z.number().int().min(50).max(60_000).default(5_000).describe("an attempt takes no longer");
const repeated = { attempts, everyMs, timeoutMs };
/** No control characters: these end in headers and names. */
const plainText = z.string().regex(/^[^\p{Cc}]*$/u, "must have no control characters");

/** What is asked of a ping. */
export const PingParams = z.strictObject({
  host: hostText.describe("address or name"),
  ...{ attempts: attempts.default(4), everyMs, timeoutMs: timeoutMs.default(2_000) },
});
export type PingParams = z.infer<typeof PingParams>;

/** What is asked of a TCP probe. */
export const TcpParams = z.strictObject({ host: hostText.describe("address or name"), port: portNumber, ...repeated });
export type TcpParams = z.infer<typeof TcpParams>;

/** What is asked of a TLS probe. */
export const TlsParams = z.strictObject({
  host: hostText.describe("address or name"),
  port: portNumber.default(443),
  serverName: plainText
    .max(255)
    .optional()
    .describe("name that is asked for, and must be in the certificate; else the host"),
  minDays: z.number().int().min(0).max(3_650).default(0).describe("down when the certificate is over in fewer days"),
  ca: z.string().max(16_384).optional().describe("authorities to be believed in place of the usual ones, PEM"),
  trust: z.enum(["verified", "any"]).default("verified").describe("any: up whatever certificate it shows"),
  ...repeated,
});
export type TlsParams = z.infer<typeof TlsParams>;

/** Types of records a DNS probe may ask for. */
export const recordTypes = [
  "A",
  "AAAA",
  "CAA",
  "CNAME",
  "DNSKEY",
  "DS",
  "MX",
  "NS",
  "PTR",
  "SOA",
  "SRV",
  "TXT",
] as const;

/** What is asked of a DNS probe. */
export const DnsParams = z.strictObject({
  name: plainText.min(1).max(253).describe("what is asked for"),
  recordType: z.enum(recordTypes).default("A"),
  server: hostText.optional().describe("name server; else the first that the worker's machine uses"),
  port: portNumber.default(53),
  dnssec: z.boolean().default(false).describe("ask for signatures; then only what the server has verified is up"),
  tcp: z.boolean().default(false).describe("ask over TCP at once; else only when the answer does not fit a packet"),
  expect: plainText.max(500).optional().describe("down unless one of the answers is this"),
  ...repeated,
});
export type DnsParams = z.infer<typeof DnsParams>;

/** What is asked of an HTTP probe. */
export const HttpParams = z.strictObject({
  url: plainText
    .max(2_000)
    .refine(isPlainUrl, "must be http:// or https://, without a user in it")
    .describe("http://… or https://…"),
  method: z.enum(["GET", "HEAD"]).default("GET"),
  headers: z
    .record(z.string().regex(/^[A-Za-z0-9-]{1,100}$/), plainText.max(1_000))
    .refine((headers) => Object.keys(headers).length <= 30, "must be 30 at most")
    .default({})
    .describe("headers that are sent"),
  expectStatus: z.number().int().min(100).max(599).optional().describe("down with any other; else up with 200 to 399"),
  expectText: z.string().max(1_000).optional().describe("down unless it stands in the body, as far as that is read"),
  maxBytes: z.number().int().min(0).max(10_485_760).default(1_048_576).describe("of the body, read and hashed"),
  redirects: z.number().int().min(0).max(10).default(0).describe("how often it is followed to another place"),
  ca: z.string().max(16_384).optional().describe("authorities to be believed in place of the usual ones, PEM"),
  trust: z.enum(["verified", "any"]).default("verified"),
  ...repeated,
});
export type HttpParams = z.infer<typeof HttpParams>;

/** A secret in a URL would stand in logs and lists. */
function isPlainUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, hostname } = new URL(text);
  return ["http:", "https:"].includes(protocol) && username === "" && password === "" && hostname !== "";
}
