/**
 * `npm run docs`: print the pages that are made from the code, so that they cannot say anything else.
 *
 * Usage: node scripts/print-docs.mjs [--check]
 *
 * docs/errors.md from every room's error table and the causes of a unit's ending, docs/settings.md from the sections of a
 * node's settings and the keys of a worker's configuration document, docs/cli.md from the commands. Reads dist/, so build first. With --check nothing is written: it says which page
 * differs and exits 1.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const root = join(import.meta.dirname, "..");
const dist = join(root, "dist");
const isCheck = process.argv.includes("--check");

const pages = [
  ["errors.md", await errorsPage()],
  ["settings.md", await settingsPage()],
  ["cli.md", await printedBy("cli/mod.js", "printCliDoc")],
];
for (const [name, text] of pages) if (text !== undefined) settle(name, `${text.trimEnd()}\n`);

function settle(name, text) {
  const path = join(root, "docs", name);
  if (existsSync(path) && readFileSync(path, "utf8") === text) return;
  if (isCheck) {
    console.log(`docs/${name} differs from the code: run \`npm run docs\``);
    process.exitCode = 1;
  } else {
    writeFileSync(path, text);
    console.log(`docs/${name} written`);
  }
}

async function settingsPage() {
  const sections = await printedBy("worker/settings/mod.js", "printSettingsDoc");
  return [sections, ...(await documentSection())].join("\n");
}

/** The keys of a worker's document, as file or held by its server: what holds without them, and when a change counts. */
async function documentSection() {
  const { configKeyPaths, configKey } = await load("fleet/configuration/config-keys.js");
  const { configDefaults } = await load("fleet/configuration/whole.js");
  const { variableNames } = await load("worker/configuration/environment.js");
  const defaults = configDefaults({
    hostName: "the host's name",
    mode: "session",
    dataDir: "units of the state folder",
  });
  const rows = configKeyPaths.map((path) => keyRow(path, configKey(path), defaults));
  return [
    "## A worker's configuration document",
    "",
    "A worker that is managed (`farhand worker join`, `worker start`) takes its settings from a document, `worker.yaml` or one",
    "that its server holds. Every key may be left out. A key is a JSON pointer: `/log/level` is `level` in the section `log`. A change",
    "takes effect at once (`live`), when the units that run have ended (`drain`), or at the next start (`restart`);",
    "`farhand worker status --pending` says what waits. **reach**: a change from elsewhere must be confirmed. **secret**: nobody is",
    'shown its value; it may stand as text, as `{$secret: {value: …}}`, or as a reference `{$secret: "file:PATH"}` or',
    '`{$secret: "env:NAME"}`.',
    "",
    "| key | default | takes effect | meaning |",
    "| --- | --- | --- | --- |",
    ...rows,
    "",
    "### Variables of the environment",
    "",
    "These go before the document; any other `WORKER_…` is an error. Secret ones may also be read from a file, which the name with",
    "`_FILE` behind it names, and are removed from the environment.",
    "",
    ...variableNames.map((name) => `- \`${name}\``),
  ];
}

function keyRow(path, { applies, meaning, reach, secret }, defaults) {
  const value = path
    .slice(1)
    .split("/")
    .reduce((inner, name) => inner[name], defaults);
  const standard = value === null ? "" : `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
  const marks = [reach && "**reach**", secret && "**secret**"].filter(Boolean);
  return `| ${[`\`${path}\``, ...marks].join(" ")} | ${standard} | ${applies} | ${cell(meaning)} |`;
}

/** What a function of a built module prints; undefined where the module or the function does not exist. */
async function printedBy(path, name) {
  return (await load(path))[name]?.();
}

async function load(path) {
  const file = join(dist, path);
  return existsSync(file) ? await import(pathToFileURL(file).href) : {};
}

async function errorsPage() {
  const { remedies, remediesThroughServer } = await load("core/remedies.js");
  const tablesOf = new Map();
  for (const path of errorFiles()) {
    const [room] = path.split("/");
    for (const [name, table] of Object.entries(await load(path))) {
      if (name.endsWith("Errors") && typeof table === "object")
        tablesOf.set(room, [...(tablesOf.get(room) ?? []), table]);
    }
  }
  const { unitCauses } = await load("work/wire.js");
  return [
    "# Errors",
    "",
    "Every error has a code for programs, a message for people, an HTTP status and an exit code. Match on the code; a",
    "message may change. What to try stands behind `try:` in a terminal, and as `remedy` in what `--json` prints and a server",
    "answers; a message that says more than that has its own. This page is printed from the code by `npm run docs`.",
    ...[...tablesOf].flatMap(([room, tables]) => roomSection(room, tables, [remedies, remediesThroughServer])),
    ...(unitCauses ? causesSection(unitCauses) : []),
  ].join("\n");
}

function errorFiles() {
  return readdirSync(dist, { recursive: true })
    .filter((path) => /(^|[/-])errors\.js$/.test(path))
    .sort((a, b) => (a < b ? -1 : 1));
}

function roomSection(room, tables, remedies) {
  const rows = tables
    .flatMap((table) => Object.entries(table))
    .map(
      ([code, row]) =>
        `| \`${code}\` | ${row.status} | ${row.exit} | ${cell(row.meaning)} | ${tryOf(code, remedies)} |`,
    );
  const head = ["| code | status | exit | what it means | what to try |", "| --- | --- | --- | --- | --- |"];
  return ["", `## Room ${room}`, "", ...head, ...rows];
}

function tryOf(code, [remedies, throughServer]) {
  const afar = throughServer[code] && `through a server: ${throughServer[code]}`;
  return cell([remedies[code], afar].filter(Boolean).join("; "));
}

function causesSection(causes) {
  const rows = Object.entries(causes).map(([code, meaning]) => `| \`${code}\` | ${cell(meaning)} |`);
  return [
    "",
    "## Causes of a unit's ending",
    "",
    "`Cause` in the status of a unit that has ended. It tells programs what `Detail` tells people.",
    "",
    "| cause | what it means |",
    "| --- | --- |",
    ...rows,
  ];
}

function cell(text) {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}
