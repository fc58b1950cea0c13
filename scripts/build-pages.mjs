/**
 * The pages of web/ for browsers, dist/web/: an `index.html`, and under `assets/` files with a hash of what is in them in
 * their names, each also as brotli and gzip, so that a server compresses nothing while somebody waits.
 *
 * Quick when nothing changed, as the rest of the build (build.mjs). Files of the last build are kept, and of builds an hour
 * before it: a page that is open loads what it needs later from the build that it came from.
 */
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { filesUnder, hashOf, put } from "./build-files.mjs";

const root = join(import.meta.dirname, "..");
const web = join(root, "web");
const folder = join(root, "dist", "web");
const stampFile = join(root, "dist", ".web-stamp");
const always = ["package-lock.json", "scripts/build-pages.mjs", "scripts/bundle.mjs"].map((name) => join(root, name));
const keptMs = 60 * 60_000;
/** Less than this is not worth a second file. */
const leastBytes = 512;

/** Build them unless they are there as the sources say. @throws with what the bundler found wrong. */
export async function buildPages() {
  if (isCurrent()) return;
  const lastBuild = statSync(stampFile, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  rmSync(stampFile, { force: true });
  const { files, modules } = await bundled();
  const written = new Set();
  const write = (path, bytes) => {
    put(path, bytes, 0o644);
    written.add(path);
  };
  for (const [name, bytes] of files) {
    const path = join(folder, name);
    write(path, bytes);
    if (name.endsWith(".html") || bytes.length < leastBytes) continue;
    write(`${path}.br`, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
    write(`${path}.gz`, gzipSync(bytes, { level: 9 }));
  }
  const isKept = (path) => path.includes("/assets/") && statSync(path).mtimeMs > lastBuild - keptMs;
  for (const path of filesUnder(folder))
    if (!written.has(path) && !path.endsWith(".fresh") && !isKept(path)) rmSync(path, { force: true });
  writeFileSync(stampFile, stampOf(modules.map((path) => relative(root, path))));
}

function isCurrent() {
  if (!existsSync(stampFile)) return false;
  const text = readFileSync(stampFile, "utf8");
  const { modules } = JSON.parse(text);
  return modules.every((name) => existsSync(join(root, name))) && text === stampOf(modules);
}

/** What was read, with the modules of src/ among it, and what was written. */
function stampOf(modules) {
  const read = [...always, ...filesUnder(web), ...modules.map((name) => join(root, name))];
  const written = filesUnder(folder).filter((path) => !path.endsWith(".fresh"));
  return JSON.stringify({ modules, read: hashOf(root, read), written: hashOf(root, written) });
}

/** @returns the files by name, and the modules of src/ that are in them. */
async function bundled() {
  const [{ build }, { default: react }, { default: tailwind }, { licensesOf }] = await Promise.all([
    import("vite"),
    import("@vitejs/plugin-react"),
    import("@tailwindcss/vite"),
    import("./bundle.mjs"),
  ]);
  const { output } = await build({
    root: web,
    // Under whatever path a proxy puts us: pieces find each other, and the server writes the page's own links.
    base: "./",
    configFile: false,
    logLevel: "warn",
    publicDir: join(web, "public"),
    plugins: [react(), tailwind()],
    resolve: { alias: [{ find: /^#([a-z]+)\/wire$/, replacement: join(root, "src", "$1", "wire.ts") }] },
    build: {
      rolldownOptions: { input: ["index.html", "local.html"].map((name) => join(web, name)) },
      write: false,
      target: "es2023",
      // Browsers refuse what stands in the page itself: our policy.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      chunkSizeWarningLimit: 1_000,
    },
  });
  const ids = output.flatMap(({ modules = {} }) => Object.keys(modules)).map(plainId);
  const files = new Map(output.map((file) => [file.fileName, Buffer.from(file.code ?? file.source)]));
  for (const path of filesUnder(join(web, "public")))
    files.set(relative(join(web, "public"), path), readFileSync(path));
  files.set("licenses.txt", Buffer.from(licensesOf(ids)));
  return { files, modules: [...new Set(ids.filter((id) => id.startsWith(join(root, "src", "/"))))] };
}

/** Bundlers mark modules of their own making, and say with a query what they made of one. */
const plainId = (id) => id.replace(/^\0/, "").replace(/\?.*$/, "");
