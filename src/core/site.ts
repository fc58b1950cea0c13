import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { extname, join } from "node:path";

/**
 * What a page of ours may do in a browser: its own files, its own API, and nothing else of anybody. No script and no style
 * stands in the page, so one that somebody smuggles in does not run.
 */
export const sitePolicy = [
  ...["default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "font-src 'self'"],
  ...["connect-src 'self'", "manifest-src 'self'", "worker-src 'none'", "base-uri 'none'", "form-action 'none'"],
  "frame-ancestors 'none'",
].join("; ");

const guards = {
  "content-security-policy": sitePolicy,
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
} as const;

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".woff2": "font/woff2",
  ".txt": "text/plain; charset=utf-8",
  ".webmanifest": "application/manifest+json",
};

/** The codings that the build makes beside a file, the best first. */
const codings = [
  { name: "br", suffix: ".br" },
  { name: "gzip", suffix: ".gz" },
] as const;

interface SiteFile {
  readonly headers: Readonly<Record<string, string>>;
  readonly etag: string;
  /** By coding; `identity` is always there. */
  readonly bodies: ReadonlyMap<string, Buffer>;
}

export interface SiteOptions {
  /** With `index.html`, and files with hashes of what is in them in their names under `assets/`. */
  readonly folder: string;
  /** Paths that are somebody else's, whether or not anything is there: an unknown one of them is never our page. */
  readonly isTaken: (path: string) => boolean;
  /** Reached by TLS: browsers are told to stay with it. */
  readonly secure: boolean;
  /** Under which path a proxy puts us, as `/farhand`; the build names its files relative to that. */
  readonly prefix?: string;
  /** Which page of the folder it is; `index.html` without it. */
  readonly page?: string;
}

/**
 * The built pages, out of memory: whoever asks names no path of the disk.
 *
 * They are read once. A build that comes later is served from the next start on.
 */
export class Site {
  readonly #files: ReadonlyMap<string, SiteFile>;
  readonly #options: SiteOptions;
  readonly #first: string;

  constructor(options: SiteOptions) {
    this.#options = options;
    this.#first = `/${options.page ?? "index.html"}`;
    this.#files = readFiles(options.folder, options.prefix ?? "");
  }

  /** Whether anything was built. */
  get isThere(): boolean {
    return this.#files.has(this.#first);
  }

  /**
   * Answer, if the request is for a file of ours, or a browser goes to a page of ours, whose path only our script knows.
   *
   * @returns false: it is for somebody else, and nothing was done.
   */
  serve(request: IncomingMessage, response: ServerResponse): boolean {
    const { method = "", url = "/" } = request;
    if (method !== "GET" && method !== "HEAD") return false;
    const [path = "/"] = url.split("?");
    const file = this.#files.get(path === "/" ? this.#first : path) ?? this.#page(path, request);
    if (!file || (path !== "/" && this.#options.isTaken(path))) return false;
    send(file, request, response, this.#options.secure);
    return true;
  }

  #page(path: string, request: IncomingMessage): SiteFile | undefined {
    return isNavigation(request) && !path.startsWith("/assets/") ? this.#files.get(this.#first) : undefined;
  }
}

/** A person goes there, and no script or picture: those must hear that nothing is there. */
function isNavigation({ headers }: IncomingMessage): boolean {
  const mode = headers["sec-fetch-mode"];
  if (mode !== undefined) return mode === "navigate";
  return headers.accept?.split(",").some((type) => type.trim().startsWith("text/html")) ?? false;
}

function send(file: SiteFile, request: IncomingMessage, response: ServerResponse, secure: boolean): void {
  const coding = codings.find(({ name }) => file.bodies.has(name) && accepts(request, name))?.name ?? "identity";
  const body = file.bodies.get(coding) ?? Buffer.alloc(0);
  const headers = {
    ...guards,
    ...file.headers,
    ...(secure && { "strict-transport-security": "max-age=31536000" }),
    ...(coding !== "identity" && { "content-encoding": coding }),
    vary: "Accept-Encoding",
    etag: file.etag,
  };
  if (request.headers["if-none-match"] === file.etag) return void response.writeHead(304, headers).end();
  response.writeHead(200, { ...headers, "content-length": body.length });
  response.end(request.method === "HEAD" ? undefined : body);
}

function accepts({ headers }: IncomingMessage, coding: string): boolean {
  const all = (headers["accept-encoding"] ?? "").split(",");
  return all.some((one) => {
    const [name = "", quality = ""] = one.split(";");
    return name.trim().toLowerCase() === coding && !/^\s*q=0(\.0*)?\s*$/i.test(quality);
  });
}

function readFiles(folder: string, prefix: string): Map<string, SiteFile> {
  const files = new Map<string, SiteFile>();
  if (!existsSync(folder)) return files;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const type = types[extname(entry.name)];
    if (!entry.isFile() || type === undefined) continue;
    const file = type.startsWith("text/html") ? readPage(path, type, prefix) : readSiteFile(path, type);
    files.set(path.slice(folder.replace(/\/$/, "").length), file);
  }
  return files;
}

/** It stands at every path that is a page of ours, so what it names is named from the root. */
function readPage(path: string, type: string, prefix: string): SiteFile {
  const body = Buffer.from(readFileSync(path, "utf8").replaceAll(/(src|href)="\.\//g, `$1="${prefix}/`));
  return siteFile(body, type, "no-store", []);
}

function readSiteFile(path: string, type: string): SiteFile {
  const coded = codings.flatMap(({ name, suffix }) =>
    existsSync(path + suffix) ? [[name, readFileSync(path + suffix)] as const] : [],
  );
  const isHashed = /\/assets\/[^/]+-[\w-]{8,}\.\w+$/.test(path);
  return siteFile(readFileSync(path), type, isHashed ? immutable : "public, max-age=3600", coded);
}

const immutable = "public, max-age=31536000, immutable";

function siteFile(
  body: Buffer,
  type: string,
  caching: string,
  coded: readonly (readonly [string, Buffer])[],
): SiteFile {
  return {
    headers: { "content-type": type, "cache-control": caching },
    etag: `"${createHash("sha256").update(body).digest("hex").slice(0, 32)}"`,
    bodies: new Map([["identity", body], ...coded]),
  };
}
