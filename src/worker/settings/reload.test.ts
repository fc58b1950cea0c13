import { describe, expect, test } from "vitest";
import { parseReceptorArgs } from "./receptor-args.ts";
import { planReload } from "./reload.ts";

const fixed =
  "- node: {id: a, datadir: /tmp/x}\n- work-command: {worktype: w, command: c}\n- tls-server: {name: t, cert: c, key: k}\n";

function reload(before: string, after: string, line: readonly string[] = []) {
  const request = parseReceptorArgs(["-c", "a.yml", ...line], () => before);
  if (request.kind !== "start") throw new Error("not a start");
  const plan = planReload(request.directives, request.files, () => after);
  return plan.ok ? "ok" : plan.error;
}

describe("planReload()", () => {
  test("succeeds when nothing changed, or only keys' order, case and comments", () => {
    expect(reload(fixed, fixed)).toBe("ok");
    expect(reload(fixed, `# new\n${fixed.replace("{id: a, datadir: /tmp/x}", "{dataDir: /tmp/x, id: a}")}`)).toBe("ok");
  });

  test("lets backends come, go and change", () => {
    const listener = "- tcp-listener: {port: 1, tls: t}\n";
    expect(reload(fixed, fixed + listener)).toBe("ok");
    expect(reload(fixed + listener, fixed)).toBe("ok");
    expect(reload(fixed + listener, `${fixed}- local-only\n- udp-peer: a:1\n`)).toBe("ok");
  });

  test("gives all sections of now, those of the command line among them", () => {
    const request = parseReceptorArgs(["--trace", "-c", "a.yml"], () => fixed);
    if (request.kind !== "start") throw new Error("not a start");
    const plan = planReload(request.directives, request.files, () => `${fixed}- local-only\n`);
    expect(plan.ok && plan.directives.map(({ section }) => section)).toEqual([
      "trace",
      "node",
      "work-command",
      "tls-server",
      "local-only",
    ]);
  });

  test.each([
    ["changed", fixed.replace("command: c", "command: d"), "work-command"],
    ["added", `${fixed}- work-command: {worktype: x, command: c}\n`, "work-command"],
    ["added as a copy", `${fixed}- control-service\n- control-service\n`, "control-service"],
  ])("refuses a section that was %s", (_what, after, section) => {
    expect(reload(fixed, after)).toBe(
      `a non-reloadable config action '${section}' was modified or added. ` +
        "Must restart receptor for these changes to take effect ERRORCODE 3",
    );
  });

  test("refuses a section that was removed", () => {
    expect(reload(`${fixed}- trace\n`, fixed)).toBe(
      "a non-reloadable config action 'trace' was removed. Must restart receptor for changes to take effect ERRORCODE 3",
    );
  });

  test("reports a broken file or a bad cost, on one line", () => {
    expect(reload(fixed, "- [")).toMatch(/^a.yml:1:\d+: error loading config file: .* ERRORCODE 4$/);
    expect(reload(fixed, `${fixed}- tcp-peer: {address: 'a:1', cost: 0}\n- what\n`)).toMatch(
      /^a.yml.*what; a.yml:4:\d+: connection cost must be positive ERRORCODE 4$/,
    );
  });

  test("needs a file", () => {
    expect(planReload([], [], () => "")).toEqual({
      ok: false,
      error: "no configuration file was provided, reload function not set ERRORCODE 4",
    });
  });
});
