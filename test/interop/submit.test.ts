import { existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freshBuild } from "../kit/daemon.ts";
import { describeWithReceptorctl, receptorctl } from "../kit/receptorctl.ts";
import { onEveryRoad } from "./roads.ts";
import { startWorker, unitFile, unitsIn, type Worker } from "./worker.ts";

const workTypes = `
- work-command: {worktype: upper, command: bash, params: "-c 'read -r line; echo \${line^^}'"}
- work-command: {worktype: cat, command: cat}
- work-command: {worktype: words, command: printf, params: "'<%s>\\\\n'", allowruntimeparams: true}
- work-command: {worktype: absent, command: no-such-program}
- work-command: {worktype: folder, command: /}
- work-command: {worktype: unsplit, command: echo, allowruntimeparams: true}
`;

onEveryRoad("receptorctl work submit", workTypes, ({ ctl, target, place, submit, unit }) => {
  test("--no-payload says what became of it and the unit's id", async () => {
    const { code, stdout } = await ctl("work", "submit", "cat", "--no-payload");
    expect(stdout).toMatch(/^Result: Job Started\nUnit ID: [a-zA-Z0-9]{8,}\n$/);
    expect(code).toBe(0);
  });

  test("--payload - reads its own input, and -f prints the output", async () => {
    const withInput = { ...target(), input: "hi there\n" };
    const output = await receptorctl(withInput, "work", "submit", "upper", "--payload", "-", "-f");
    expect(output).toMatchObject({ code: 0, stdout: "HI THERE\n" });
  });

  test("--payload FILE sends the file", async () => {
    const file = place().write("payload", "from a file\n");
    expect((await ctl("work", "submit", "cat", "-p", file, "-f")).stdout).toBe("from a file\n");
  });

  test("--payload-literal sends the text and a newline", async () => {
    expect((await ctl("work", "submit", "cat", "--payload-literal", "as is", "-f")).stdout).toBe("as is\n");
  });

  test("-f --rm leaves nothing behind", async () => {
    const { code, stdout } = await ctl("work", "submit", "cat", "-l", "x", "-f", "--rm");
    const id = /^x\n\((\w+), released\)\n$/.exec(stdout)?.[1] ?? "no id";
    expect(code).toBe(0);
    expect(existsSync(unitFile(place(), id))).toBe(false);
    expect(unitsIn(await ctl("work", "list"))).not.toHaveProperty(id);
  });

  test("--param and positional params are joined", async () => {
    const { stdout } = await ctl("work", "submit", "words", "-n", "-f", "-a", "params='one two'", "three", "four");
    expect(stdout).toBe("<one two>\n<three>\n<four>\n");
  });

  test("--param params=@FILE hands over what the file holds", async () => {
    const file = place().write("params", `"ä b"\n${"long".repeat(20_000)}`);
    const { stdout } = await ctl("work", "submit", "words", "-n", "-f", "-a", `params=@${file}`);
    expect(stdout).toBe(`<ä b>\n<${"long".repeat(20_000)}>\n`);
  });

  test("keeps letters of other alphabets in payload and params as they are", async () => {
    const id = await submit("words", "-l", "Straße 🎉", "ключ 日本語");
    expect(readFileSync(unitFile(place(), id, "stdin"), "utf8")).toBe("Straße 🎉\n");
    expect((await unit(id))?.ExtraData?.Params).toBe("'<%s>\\n' ключ 日本語");
    expect((await ctl("work", "results", id)).stdout).toBe("<ключ>\n<日本語>\n");
  });

  test("of an unknown work type ends with 101 and says why", async () => {
    const { code, stderr } = await ctl("work", "submit", "nosuch", "-n");
    expect(stderr).toContain("unknown work type nosuch");
    expect(code).toBe(101);
  });
});

describeWithReceptorctl("what a submit asks for", () => {
  let worker: Worker;
  beforeAll(async () => {
    await freshBuild();
    worker = await startWorker(workTypes);
  });
  afterAll(() => worker[Symbol.asyncDispose]());
  const ctl = (...args: string[]) => worker.place.ctl("work", ...args);

  test.each([
    ["words of their own", ["one", "two"], "<one>\n<two>\n"],
    ["a quoted value", ["-a", `params='one two' "three"`], "<one two>\n<three>\n"],
    ["an empty word", ["a", `""`, "b"], "<a>\n<>\n<b>\n"],
    ["a param nobody asked for", ["-a", "other=x", "one"], "<one>\n"],
    ["what a shell would expand", ["$HOME", "*", "~", "`id`"], "<$HOME>\n<*>\n<~>\n<`id`>\n"],
  ])("hands over %s", async (_name, params, printed) => {
    expect((await ctl("submit", "words", "-n", "-f", ...params)).stdout).toBe(printed);
  });

  test.each(["alpha", "localhost", "LocalHost"])("takes the node's own name: %s", async (node) => {
    expect((await ctl("submit", "cat", "-l", "x", "-f", "--node", node)).stdout).toBe("x\n");
  });

  test.each([
    ["params the type does not allow", ["cat", "-n", "more"], "extra params provided but not allowed"],
    ["params with an open quote", ["unsplit", "-n", "'open"], "EOF found when expecting closing quote"],
    ["a time to live here", ["cat", "-n", "--ttl", "1m"], "ttl option is intended for remote work only"],
  ])("refuses %s and makes no unit", async (_name, words, why) => {
    const before = (await ctl("list", "-q")).stdout;
    const { code, stderr } = await ctl("submit", ...words);
    expect(stderr).toContain(why);
    expect(code).toBe(101);
    expect((await ctl("list", "-q")).stdout).toBe(before);
  });

  test.each([
    ["absent", [], 'exec: "no-such-program": executable file not found in $PATH'],
    ["folder", [], "permission denied"],
  ])("says at once that %s %j cannot be started, and the unit says it too", async (type, params, why) => {
    const { code, stderr } = await ctl("submit", type, "-n", ...params);
    expect(stderr).toContain("ERROR: ");
    expect(stderr).toContain(why);
    expect(code).toBe(101);
    const units = Object.values(unitsIn(await ctl("list"))).filter(({ WorkType }) => WorkType === type);
    expect(units).toMatchObject([{ StateName: "Failed", Cause: "START_FAILED" }]);
    expect(units[0]?.Detail).toContain(why);
  });
});
