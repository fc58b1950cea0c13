import { describe, expect, test } from "vitest";
import { tempFolder } from "../../test/kit/temp-folder.ts";
import { testTerminal } from "../../test/kit/test-terminal.ts";
import { writeFile } from "node:fs/promises";
import { printCliDoc } from "./cli-doc.ts";
import type { AnyCommand, Command, Given } from "./command.ts";
import { commandFirst } from "./command-first.ts";
import { commands } from "./commands.ts";
import { embeddedArgs, nodeIdFor } from "./embedded.ts";
import { reportFailure } from "./failure.ts";
import { ServerProblem } from "./server/problem.ts";
import { CliError } from "./errors.ts";
import { openPayload, workParams } from "./payload.ts";
import { defaultPlaces } from "./places.ts";
import { runProgram } from "./program.ts";

/** What the command of this name would be given; nothing is run. */
async function givenTo(name: string, ...words: string[]): Promise<Given<Record<string, unknown>>> {
  let found: Given<Record<string, unknown>> | undefined;
  const list = commands.map((command): AnyCommand => {
    const run: Command<Record<string, unknown>>["run"] = async (given) => void (found = given);
    return command.name === name ? { ...command, run } : command;
  });
  await runProgram([...name.split(" "), ...words], list, testTerminal().terminal);
  if (!found) throw new Error(`${name} was not run`);
  return found;
}

describe("runProgram()", () => {
  test("understands a submit with everything", async () => {
    const line = "echo -a x=1 --param y=@f -p - -f --rm --ttl 1h --signwork --node n --json a b -- -c";
    expect(await givenTo("work submit", ...line.split(" "))).toEqual({
      words: ["echo", ["a", "b", "-c"]],
      options: {
        param: ["x=1", "y=@f"],
        payload: "-",
        follow: true,
        rm: true,
        ttl: "1h",
        signwork: true,
        node: "n",
        json: true,
      },
    });
  });

  test.each([
    ["-n", { payload: false }],
    ["--no-payload", { payload: false }],
    ["-l hi", { payloadLiteral: "hi" }],
    ["-p file", { payload: "file" }],
    ["", {}],
  ])("understands the payload of %j", async (words, options) => {
    expect((await givenTo("work submit", "t", ...words.split(" ").filter(Boolean))).options).toEqual(options);
  });

  test("takes several configuration files", async () => {
    expect((await givenTo("worker", "-c", "a", "--config", "b")).options).toEqual({ config: ["a", "b"] });
  });

  test.each([
    [["wrok"], "unknown command 'wrok'", "did you mean work?"],
    [["work", "sumbit"], "unknown command 'sumbit'", "did you mean submit?"],
    [["work", "status"], "missing required argument 'ID'", "--help shows how it is written"],
    [["status", "extra"], "too many arguments for 'status'", "--help shows how it is written"],
    [
      ["users", "--json", "shwo", "ada"],
      "unknown command 'shwo'",
      "did you mean one of add, set, password, reset-factor, sessions, remove, trace?",
    ],
    [["work", "list", "--quite"], "unknown option '--quite'", "did you mean --quiet?"],
    [["completion", "tcsh"], "bash, zsh, fish", "--help shows how it is written"],
  ])("says what is wrong with %j and what to try", async (argv, message, remedy) => {
    const running = runProgram(argv, commands, testTerminal().terminal);
    await expect(running).rejects.toMatchObject({ code: "USAGE", exit: 2, remedy });
    await expect(runProgram(argv, commands, testTerminal().terminal)).rejects.toThrow(message);
  });

  test("help names every command with an example", async () => {
    const { terminal, out } = testTerminal();
    expect(await runProgram(["--help"], commands, terminal)).toBe(0);
    for (const { name, examples } of commands) {
      expect(out.join("\n")).toContain(name);
      expect(out.join("\n")).toContain(examples[0]?.[0]);
    }
  });

  test.each(commands.map(({ name }) => name))("%s --help has examples", async (name) => {
    const { terminal, out } = testTerminal();
    expect(await runProgram([...name.split(" "), "--help"], commands, terminal)).toBe(0);
    expect(out.join("\n")).toMatch(/Usage: farhand .*\n[^]*Examples:\n {2}\S/);
  });
});

test("no option has two meanings, so that completion can tell a value from a word", () => {
  const kinds = new Map<string, boolean>();
  for (const { flags } of commands.flatMap(({ options }) => options)) {
    const takesValue = flags.includes("<");
    for (const name of flags.match(/(?<![\w-])--?[a-z-]+/g) ?? []) {
      expect([name, kinds.get(name) ?? takesValue]).toEqual([name, takesValue]);
      kinds.set(name, takesValue);
    }
  }
});

test("commandFirst() moves options of a connection behind the command", () => {
  expect(commandFirst(["--socket", "x", "--insecureskipverify", "--key=k", "work", "list"])).toEqual([
    "work",
    "list",
    "--socket",
    "x",
    "--insecureskipverify",
    "--key=k",
  ]);
  expect(commandFirst(["--socket", "x", "work", "submit", "t", "--", "-a"])).toEqual([
    "work",
    "submit",
    "t",
    "--socket",
    "x",
    "--",
    "-a",
  ]);
  expect(commandFirst(["--version"])).toEqual(["--version"]);
});

async function textOf(payload: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of payload) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe("openPayload()", () => {
  test("a literal gets a line end, none is empty, a pipe is taken, a file is read", async () => {
    await using folder = await tempFolder();
    await writeFile(folder.file("p"), "from a file");
    const { terminal } = testTerminal("piped");
    expect(await textOf(await openPayload({ payloadLiteral: "hi" }, terminal))).toBe("hi\n");
    expect(await textOf(await openPayload({ payload: false }, terminal))).toBe("");
    expect(await textOf(await openPayload({ payload: folder.file("p") }, terminal))).toBe("from a file");
    expect(await textOf(await openPayload({}, terminal))).toBe("piped");
    expect(await textOf(await openPayload({ payload: "-" }, testTerminal("dash").terminal))).toBe("dash");
  });

  test("a keyboard is not read unasked", async () => {
    await expect(openPayload({}, testTerminal().terminal)).rejects.toMatchObject({ code: "PAYLOAD_MISSING" });
  });

  test("a file that is missing or a folder is refused before anything is sent", async () => {
    const { terminal } = testTerminal();
    for (const payload of ["/no/such/file", "/"]) {
      await expect(openPayload({ payload }, terminal)).rejects.toMatchObject({ code: "FILE_UNREADABLE" });
    }
  });

  test("two payloads are one too many", async () => {
    const two = openPayload({ payload: false, payloadLiteral: "x" }, testTerminal().terminal);
    await expect(two).rejects.toMatchObject({ code: "USAGE" });
  });
});

describe("workParams()", () => {
  test("takes pairs, files behind @, and appends the words to params", async () => {
    await using folder = await tempFolder();
    await writeFile(folder.file("v"), "text\n");
    const pairs = ["a=1=2", `b=@${folder.file("v")}`, "c=@@at", "params=first", "d="];
    expect(await workParams(pairs, ["x", "y"])).toEqual({
      a: "1=2",
      b: "text\n",
      c: "@at",
      params: "first x y",
      d: "",
    });
    expect(await workParams([], [])).toEqual({});
  });

  test.each([
    [["'ls -la'"], "'ls -la'"],
    [["-c 'echo a'"], "-c 'echo a'"],
    [["-la", "/tmp"], "-la /tmp"],
    [["-c", "echo a; sleep 30"], "-c 'echo a; sleep 30'"],
    [["it's", 'a"b', "c\\d", "#e", "", "f"], `'it'\\''s' 'a"b' 'c\\d' '#e' '' f`],
  ])("of the words %j makes the params %j", async (words, params) => {
    expect(await workParams([], words)).toEqual({ params });
  });

  test.each([["novalue"], ["=x"]])("refuses %j", async (pair) => {
    await expect(workParams([pair], [])).rejects.toMatchObject({ code: "USAGE" });
  });
});

describe("defaults", () => {
  test("state is in XDG_STATE_HOME, else /var/lib for root and the home folder for others", () => {
    const root = { isRoot: true, home: "/root" };
    const user = { isRoot: false, home: "/home/u" };
    expect(defaultPlaces({}, root).state).toBe("/var/lib/farhand");
    expect(defaultPlaces({}, user).state).toBe("/home/u/.local/state/farhand");
    expect(defaultPlaces({ XDG_STATE_HOME: "/x" }, root).state).toBe("/x/farhand");
    expect(defaultPlaces({ XDG_STATE_HOME: "relative" }, user).state).toBe("/home/u/.local/state/farhand");
  });

  test.each([
    ["vm-1.example", "vm-1.example"],
    ["localhost", "worker"],
    ["localhost.localdomain", "worker"],
    ["", "worker"],
    ["bad name", "worker"],
  ])("the node of host %j is %s", (hostname, id) => expect(nodeIdFor(hostname)).toBe(id));

  test("no embedded work type takes parameters from outside", () => {
    const args = embeddedArgs(defaultPlaces({ XDG_STATE_HOME: "/x" }), "vm");
    expect(args.join(" ")).not.toContain("allowruntimeparams");
  });
});

describe("reportFailure()", () => {
  const error = new CliError("FILE_UNREADABLE", "x: gone", { remedy: "another file" });

  test("is two lines on stderr, without a stack", () => {
    const { terminal, out, err } = testTerminal();
    expect(reportFailure(error, terminal, { json: false, stdoutTaken: false })).toBe(2);
    expect(err).toEqual(["farhand: x: gone", "try: another file"]);
    expect(out).toEqual([]);
  });

  test("is one document with --json, on stderr when stdout has output", () => {
    const document = '{"error":{"code":"FILE_UNREADABLE","message":"x: gone","remedy":"another file"}}';
    const { terminal, out, err } = testTerminal();
    reportFailure(error, terminal, { json: true, stdoutTaken: false });
    reportFailure(error, terminal, { json: true, stdoutTaken: true });
    expect([out, err]).toEqual([[document], [document]]);
  });

  test("has what the server says to try, and where it says nothing what we know", () => {
    const asked = (document: Record<string, unknown>): string[] => {
      const { terminal, out } = testTerminal();
      reportFailure(new ServerProblem(404, document), terminal, { json: true, stdoutTaken: false });
      return out.map((line) => (JSON.parse(line) as { error: { remedy?: string } }).error.remedy ?? "none");
    };
    expect(asked({ code: "WORKER_NOT_FOUND", remedy: "look\u001b[2J there" })).toEqual(["look?[2J there"]);
    expect(asked({ code: "UNIT_NOT_FOUND" })).toEqual(["`farhand units list WORKER` shows the units there are"]);
    expect(asked({ code: "OF_TOMORROW" })).toEqual(["none"]);
  });

  test("has exit code 1 for what nobody foresaw", () => {
    expect(reportFailure(new TypeError("oops"), testTerminal().terminal, { json: false, stdoutTaken: false })).toBe(1);
  });
});

test("printCliDoc() has every command and every option", () => {
  const page = printCliDoc();
  for (const { name, options } of commands) {
    expect(page).toContain(`### ${name}\n`);
    for (const { flags } of options) expect(page).toContain(flags);
  }
});
