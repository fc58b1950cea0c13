import { describe, expect, test } from "vitest";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { writeFileSync } from "node:fs";
import { moreParams, targetParams } from "./probe-params.ts";

describe("targetParams()", () => {
  test.each([
    ["tcp", "db:5432", { host: "db", port: 5_432 }],
    ["tcp", "[fd00::1]:22", { host: "fd00::1", port: 22 }],
    ["tls", "example.org", { host: "example.org" }],
    ["tls", "fd00::1", { host: "fd00::1" }],
    ["http", "example.org/a", { url: "http://example.org/a" }],
    ["http", "https://example.org", { url: "https://example.org" }],
    ["dns", "example.org", { name: "example.org" }],
    ["ping", "fd00::1", { host: "fd00::1" }],
  ] as const)("of %s and %s are %j", (kind, target, params) => {
    expect(targetParams(kind, target)).toEqual(params);
  });

  test.each(["db", "fd00::1", "db:port", "db:"])("refuse %s for a TCP port", (target) => {
    expect(() => targetParams("tcp", target)).toThrow("is no HOST:PORT");
  });
});

describe("moreParams()", () => {
  test("are numbers and yes or no where they look like it, and texts else", () => {
    expect(moreParams(["minDays=14", "dnssec=true", "expect=10.0.0.1", "expectText=a=b"])).toEqual({
      ...{ minDays: 14, dnssec: true, expect: "10.0.0.1", expectText: "a=b" },
    });
  });

  test("are the text of a file behind @", async () => {
    await using folder = await tempFolder();
    writeFileSync(folder.file("ca.crt"), "a certificate");
    expect(moreParams([`ca=@${folder.file("ca.crt")}`])).toEqual({ ca: "a certificate" });
    expect(() => moreParams([`ca=@${folder.file("none.crt")}`])).toThrow("cannot be read");
  });

  test("are refused without a name", () => {
    expect(() => moreParams(["=3"])).toThrow("is no param");
  });
});
