/**
 * The programs of dist/ in few files, dist/program/: what a command needs is one piece or two, where Node would look for
 * some four hundred modules one by one (docs/decisions/0011-programs-in-few-files.md).
 *
 * Pieces have a hash of their content in their name. A daemon that loads one later finds the one it was built with, or
 * none, and never half of another build.
 */
import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { rolldown } from "rolldown";

/** Packages with native parts find them from where they are; so does the driver of PostgreSQL, which may have one. */
const outside = /^(koffi|@matrixai\/quic|@node-rs\/argon2|libsql|pg)(\/|$)/;

/** @returns the files of `folder`, path to text. The programs are `farhand.js`, `helper.js` and `tool.js`. */
export async function bundle(dist, folder) {
  const build = await rolldown({
    input: {
      farhand: join(dist, "cli/main.js"),
      helper: join(dist, "work/helper/main.js"),
      tool: join(dist, "tools/main.js"),
    },
    platform: "node",
    external: (id) => outside.test(id),
    plugins: [ownPlaces(dist, folder), withoutTransports()],
  });
  const { output } = await build.generate({
    format: "esm",
    entryFileNames: "[name].js",
    chunkFileNames: "[name]-[hash].js",
    // Names stay, so that a stack trace of a user can be read.
    minifyInternalExports: false,
    // They are in src/, and here they would only be read past at every start.
    comments: false,
  });
  await build.close();
  const files = new Map(output.map(({ fileName, code }) => [join(folder, fileName), code]));
  files.set(join(folder, "licenses.txt"), licensesOf(output.flatMap(({ modules }) => Object.keys(modules))));
  return files;
}

/** A module that looks for a file beside itself finds it where it was, whatever piece it is in. */
function ownPlaces(dist, folder) {
  return {
    name: "own-places",
    transform(code, id) {
      if (!id.startsWith(join(dist, "/")) || !code.includes("import.meta.url")) return undefined;
      const place = `new URL(${JSON.stringify(relative(folder, id))}, import.meta.url).href`;
      return { code: code.replaceAll("import.meta.url", place), map: null };
    },
  };
}

/** Pino's threads load files of their own, which are not here. We use none, and save loading what they need. */
function withoutTransports() {
  return {
    name: "without-transports",
    load: (id) => (id.endsWith("/node_modules/thread-stream/index.js") ? "module.exports = class {};" : undefined),
  };
}

/** Who reads a bundle finds the terms of what is in it. */
export function licensesOf(modules) {
  const folders = new Set(modules.flatMap((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id)?.[0] ?? []));
  const texts = [...folders]
    .sort((a, b) => (a < b ? -1 : 1))
    .map((folder) => {
      const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
      const file = ["LICENSE", "LICENSE.md", "LICENSE.txt", "license", "License"].find((one) =>
        existsSync(join(folder, one)),
      );
      return `${name} ${version} (${license})\n\n${file ? readFileSync(join(folder, file), "utf8").trim() : ""}\n`;
    });
  return texts.join(`\n${"-".repeat(80)}\n\n`);
}
