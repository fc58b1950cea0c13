import { mkdir, writeFile } from "node:fs/promises";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TempFolder, tempFolder } from "../../test/kit/temp-folder.ts";
import { Site } from "./site.ts";

const script = "console.log('page')".repeat(50);
const hashed = "/assets/index-AbCd1234.js";
let folder: TempFolder;

beforeAll(async () => {
  folder = await tempFolder();
  await mkdir(folder.file("web/assets"), { recursive: true });
  await writeFile(folder.file("web/index.html"), `<script src="./assets/index-AbCd1234.js"></script>`);
  await writeFile(folder.file("web/favicon.svg"), "<svg/>");
  await writeFile(folder.file(`web${hashed}`), script);
  await writeFile(folder.file(`web${hashed}.br`), brotliCompressSync(script));
  await writeFile(folder.file(`web${hashed}.gz`), gzipSync(script));
  await writeFile(folder.file("secret.txt"), "not for anybody");
});
afterAll(() => folder[Symbol.asyncDispose]());

/** A server of the site alone; what is not the site's is answered with 404 and `other`. */
async function served(options: { readonly prefix?: string; readonly secure?: boolean } = {}) {
  const isTaken = (path: string): boolean => path.startsWith("/api");
  const site = new Site({ folder: folder.file("web"), secure: false, ...options, isTaken });
  const server = createServer((incoming, answer) => {
    if (!site.serve(incoming, answer)) answer.writeHead(404).end("other");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const ask = async (path: string, headers: Readonly<Record<string, string>> = {}, method = "GET") => {
    const answer = await new Promise<import("node:http").IncomingMessage>((resolve, reject) => {
      request({ host: "127.0.0.1", port, path, method, headers }, resolve).once("error", reject).end();
    });
    return { status: answer.statusCode, headers: answer.headers, body: await buffer(answer) };
  };
  return { ask, [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())) };
}

const going = { "sec-fetch-mode": "navigate" };

describe("Site", () => {
  test("gives the page at every path that a browser goes to, and never lets it be kept", async () => {
    await using site = await served();
    for (const path of ["/", "/workers", "/workers/north-1?tab=units"]) {
      const { status, headers, body } = await site.ask(path, going);
      expect([status, headers["cache-control"], headers["content-type"]]).toEqual([
        ...[200, "no-store", "text/html; charset=utf-8"],
      ]);
      expect(body.toString()).toBe(`<script src="/assets/index-AbCd1234.js"></script>`);
    }
    expect(await site.ask("/workers", { accept: "text/html,*/*;q=0.8" })).toMatchObject({ status: 200 });
  });

  test("gives it to no script, for no path of somebody else's, and for nothing but looking", async () => {
    await using site = await served();
    expect(await site.ask("/workers", { "sec-fetch-mode": "cors", accept: "text/html" })).toMatchObject({
      status: 404,
    });
    expect(await site.ask("/workers")).toMatchObject({ status: 404 });
    expect(await site.ask("/assets/gone-AbCd1234.js", going)).toMatchObject({ status: 404 });
    for (const path of ["/api", "/api/workers", "/api/no-such-route"])
      expect(await site.ask(path, going)).toMatchObject({ status: 404 });
    expect(await site.ask("/", going, "POST")).toMatchObject({ status: 404 });
  });

  test("gives files with hashes in their names for good, in the best form that the client takes", async () => {
    await using site = await served();
    const plain = await site.ask(hashed);
    expect(plain.headers).toMatchObject({
      "cache-control": "public, max-age=31536000, immutable",
      "content-type": "text/javascript; charset=utf-8",
      "x-content-type-options": "nosniff",
      vary: "Accept-Encoding",
    });
    expect(plain.body.toString()).toBe(script);
    const brotli = await site.ask(hashed, { "accept-encoding": "gzip, br" });
    expect(brotli.headers["content-encoding"]).toBe("br");
    expect(brotliDecompressSync(brotli.body).toString()).toBe(script);
    const gzip = await site.ask(hashed, { "accept-encoding": "gzip, br;q=0" });
    expect(gzip.headers["content-encoding"]).toBe("gzip");
    expect(gunzipSync(gzip.body).toString()).toBe(script);
    const { etag = "" } = plain.headers;
    expect(await site.ask(hashed, { "if-none-match": etag })).toMatchObject({ status: 304, body: Buffer.alloc(0) });
    expect(await site.ask("/favicon.svg")).toMatchObject({ headers: { "cache-control": "public, max-age=3600" } });
    const head = await site.ask(hashed, {}, "HEAD");
    expect([head.headers["content-length"], head.body.length]).toEqual([String(script.length), 0]);
  });

  test("says with each answer that nothing but its own files may run, and that nobody may frame it", async () => {
    await using site = await served({ secure: true });
    for (const path of ["/", hashed]) {
      const { headers } = await site.ask(path, going);
      const policy = String(headers["content-security-policy"]);
      expect(policy).toMatch(/default-src 'none'; script-src 'self'; style-src 'self';/);
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/unsafe|\*|https?:/);
      expect(headers).toMatchObject({ "x-frame-options": "DENY", "strict-transport-security": "max-age=31536000" });
    }
  });

  test("never leaves its folder", async () => {
    await using site = await served();
    for (const path of [
      "/../secret.txt",
      "/assets/../../secret.txt",
      "/%2e%2e/secret.txt",
      "/..%2fsecret.txt",
      "//secret.txt",
    ]) {
      expect(await site.ask(path)).toMatchObject({ status: 404 });
      expect((await site.ask(path, going)).body.toString()).not.toContain("not for anybody");
    }
  });

  test("names its files below the path that a proxy puts it under", async () => {
    await using site = await served({ prefix: "/far" });
    expect((await site.ask("/workers", going)).body.toString()).toContain(`src="/far/assets/`);
  });
});
