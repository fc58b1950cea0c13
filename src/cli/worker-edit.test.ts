import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { afterEach, describe, expect, test, vi } from "vitest";
import { serve, configGet, configPut } from "#fleet";
import { managedWorker } from "../../test/kit/managed-worker.ts";
import { tempFolder, type TempFolder } from "../../test/kit/temp-folder.ts";
import { testTerminal } from "../../test/kit/test-terminal.ts";
import { commands } from "./commands.ts";
import { runProgram } from "./program.ts";

/** `farhand worker edit` of a user whose folders are all in one. */
async function edit(folder: TempFolder, env: object, ...argv: string[]) {
  const { terminal, err } = testTerminal("");
  const own = {
    XDG_CONFIG_HOME: folder.file("c"),
    XDG_STATE_HOME: folder.file("s"),
    XDG_RUNTIME_DIR: folder.file("r"),
  };
  await runProgram(["worker", "edit", ...argv], commands, { ...terminal, env: { ...own, ...env } });
  return err;
}

// Texts that were refused stay where temporary files are.
afterEach(() => void vi.unstubAllEnvs());

/** An editor that writes this. */
function editorOf(folder: TempFolder, document: unknown): { EDITOR: string } {
  vi.stubEnv("TMPDIR", folder.path);
  const file = folder.file("edited.json");
  writeFileSync(file, typeof document === "string" ? document : JSON.stringify(document));
  return { EDITOR: `cp ${file}` };
}

describe("CAT-30: editing without a connection", () => {
  test("a session worker that does not run has its file edited, checked as ever", async () => {
    await using folder = await tempFolder();
    const said = await edit(folder, editorOf(folder, { log: { level: "debug" } }), "--session");
    expect(said.at(-1)).toMatch(/^version 1 is written; .*worker start/);
    expect(readFileSync(folder.file("c/farhand/worker.yaml"), "utf8")).toContain("debug");
    const wrong = edit(folder, editorOf(folder, { log: { level: "loud" } }), "--session");
    await expect(wrong).rejects.toThrow(/log/);
    expect(await edit(folder, { EDITOR: "true" }, "--session")).toEqual(["nothing was changed"]);
  });

  test("a system worker is not: it is started first", async () => {
    await using folder = await tempFolder();
    const env = { ...editorOf(folder, {}), FARHAND_WORKER_SOCKET: folder.file("none.sock") };
    await expect(edit(folder, env, "--system")).rejects.toMatchObject({
      ...{ code: "WORKER_SILENT", remedy: "start the service, then edit through it" },
      message: expect.stringContaining("CAT-30") as unknown,
    });
    expect(existsSync(folder.file("c"))).toBe(false);
  });

  test("one that runs is edited through its service, and the text of a refused edit stays", async () => {
    await using folder = await tempFolder();
    const held = { version: 3, document: { log: { level: "info" } } };
    const methods = [
      serve(configGet, () => ({
        ...held,
        ...{ place: { kind: "file", path: "/x" }, state: "good", faults: [], provisional: null },
      })),
      serve(configPut, ({ document, ifMatch }) => {
        expect(ifMatch).toBe(held.version);
        held.document = document as typeof held.document;
        return { version: 4, warnings: [], pending: [], confirmBefore: null };
      }),
    ];
    await using worker = await managedWorker({ more: { more: methods } });
    const env = { ...editorOf(folder, { log: { level: "error" } }), FARHAND_WORKER_SOCKET: worker.socket };
    expect(await edit(folder, env)).toEqual(["version 4 is written; the worker has it"]);
    expect(held.document).toEqual({ log: { level: "error" } });
    const { terminal, err } = testTerminal("");
    const broken = { ...editorOf(folder, "{"), FARHAND_WORKER_SOCKET: worker.socket };
    const refused = runProgram(["worker", "edit"], commands, { ...terminal, env: broken });
    await expect(refused).rejects.toMatchObject({ code: "DOCUMENT_INVALID" });
    expect(readFileSync(/^your text is in (.+)$/m.exec(err.join("\n"))?.[1] ?? "", "utf8")).toBe("{");
  });
});
