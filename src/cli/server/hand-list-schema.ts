import { isAbsolute } from "node:path";
import { z } from "zod";

const entry = z.strictObject({
  name: z.string().regex(/^[\p{L}\p{N}][\p{L}\p{N}.@:+_-]{0,62}$/u, "is no name of a worker"),
  host: z
    .string()
    .regex(/^[A-Za-z0-9.:_-]{1,253}$/, "is no host name or address")
    // With a colon it is an IPv6 address: the port has its own key.
    .refine((host) => URL.canParse(`https://${host.includes(":") ? `[${host}]` : host}`), "is no host name or address")
    .describe("where its own HTTPS port is reached"),
  port: z.number().int().min(1).max(65_535).default(8889),
  pin: z
    .string()
    .regex(/^sha256:([0-9A-Fa-f]:?){64}$/, "is no fingerprint: sha256: and 64 hex digits")
    .describe("of the certificate that it shows"),
  passwordFile: z
    .string()
    .refine(isAbsolute, "is no absolute path")
    .optional()
    .describe("holds its service password; without it only its handshake is asked"),
});

/** The list of workers that a person keeps by hand (spec CAT-43). A password itself never stands in it. */
export const HandList = z.strictObject({
  workers: z
    .array(entry)
    .max(1_000)
    .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, "has a name twice"),
});
export type HandEntry = z.infer<typeof entry>;
