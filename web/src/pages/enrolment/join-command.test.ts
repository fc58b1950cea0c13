import { expect, test } from "vitest";
import { isLoopback, joinCommand } from "./join-command.ts";

test("joinCommand() hands the token over by stdin, not as an argument", () => {
  const [command, ...rest] = joinCommand("https://farhand.example:8443/", "fh1.abc").split("\n");
  expect(command).toBe("farhand worker join https://farhand.example:8443 --token-file - <<'END'");
  expect(rest).toEqual(["fh1.abc", "END"]);
  expect(joinCommand("https://farhand.example")).toBe("farhand worker join https://farhand.example");
});

test("joinCommand() keeps an odd address one word of the shell", () => {
  expect(joinCommand("https://a/x;rm -rf '$HOME'")).toBe("farhand worker join 'https://a/x;rm -rf '\\''$HOME'\\'''");
});

test.each([
  ["localhost", true],
  ["127.0.0.1", true],
  ["[::1]", true],
  ["farhand.example", false],
  ["192.0.2.7", false],
])("isLoopback(%j) is %j", (host, expected) => expect(isLoopback(host)).toBe(expected));
