import { describe, expect, test } from "vitest";
import { checkNewPassword, Passwords } from "./passwords.ts";

const cheap = { memoryCost: 256, timeCost: 1, parallelism: 1 };
const password = "a horse in the corridor";

describe("a new password", () => {
  test.each([
    ["short", "elevenchars", "11 characters"],
    ["long", "ab1-".repeat(300), "more than 1024"],
    ["common", "Password1234", "guessed first"],
    ["common, with a rule pleased", "!P@ssw0rdPassw0rd99", "guessed first"],
    ["a run of keys", "qwertyuiopas", "guessed first"],
    ["a run of digits", "123456789012", "guessed first"],
    ["a run backwards", "ponmlkjihgfe", "guessed first"],
    ["one character", "aaaaaaaaaaaaaaaa", "guessed first"],
    ["the user's name", "Zoe.Longname1", "guessed first"],
    ["our own name", "farhand-admin-2030", "guessed first"],
  ])("that is %s is refused, and not repeated", (_name, text, why) => {
    const check = () => checkNewPassword(text, "zoe.longname");
    expect(check).toThrow(expect.objectContaining({ code: "PASSWORD_UNFIT", message: expect.stringContaining(why) }));
    expect(check).not.toThrow(text);
  });

  test.each([[password], ["vYq8-kd02-Lmw1"], ["ключ под ковриком"], ["🐎🪣🧵🌋🪁🥁🧭🪤🛶🎏🧲🪆"]])(
    "%s is taken",
    (text) => {
      expect(() => checkNewPassword(text, "zoe")).not.toThrow();
    },
  );
});

describe("Passwords", () => {
  test("keep argon2id at 19 MiB, two passes, one thread, and know the password again", async () => {
    const passwords = new Passwords();
    const phc = await passwords.hash(password);
    expect(phc).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(await passwords.verify(password, phc)).toBe("right");
    expect(await passwords.verify(`${password} `, phc)).toBe("wrong");
  });

  test("know a password again however its accents were typed", async () => {
    const passwords = new Passwords(cheap);
    const phc = await passwords.hash("caf\u00e9 au lait s'il vous");
    expect(await passwords.verify("cafe\u0301 au lait s'il vous", phc)).toBe("right");
  });

  test("want a hash made anew when it cost less than today's", async () => {
    const phc = await new Passwords(cheap).hash(password);
    expect(await new Passwords({ ...cheap, timeCost: 2 }).verify(password, phc)).toBe("outdated");
    expect(await new Passwords({ ...cheap, memoryCost: 512 }).verify("another one", phc)).toBe("wrong");
  });

  test("compute as much for nobody as for somebody", async () => {
    const passwords = new Passwords(cheap);
    expect(await passwords.verify(password, null)).toBe("wrong");
    expect(await passwords.verify("x".repeat(100_000), null)).toBe("wrong");
    expect(passwords.computations).toBe(2);
  });

  test("let two compute and twenty wait, and send the rest away at once", async () => {
    const passwords = new Passwords(cheap);
    const phc = await passwords.hash(password);
    const tries = await Promise.allSettled(Array.from({ length: 1_000 }, () => passwords.verify(password, phc)));
    expect(tries.filter(({ status }) => status === "fulfilled")).toHaveLength(22);
    expect(passwords.computations).toBe(23);
    const busy = expect.objectContaining({ code: "LOGIN_BUSY", status: 503 });
    for (const result of tries.slice(22)) expect(result).toEqual({ status: "rejected", reason: busy });
    expect(await passwords.verify(password, phc)).toBe("right");
  });
});
