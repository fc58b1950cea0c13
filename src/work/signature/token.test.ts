import { execFile } from "node:child_process";
import { constants, createHmac, createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { rsaPrivateKey } from "./pem.ts";
import { signatureRefusals } from "./refusals.ts";
import { signToken, verifyToken } from "./token.ts";

const run = promisify(execFile);

const now = Date.UTC(2030, 0, 1);
const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const stranger = generateKeyPairSync("rsa", { modulusLength: 2048 });
const header = { alg: "RS512", typ: "JWT" };
const claims = { aud: ["bar"], exp: now / 1000 + 300 };

const encode = (value: unknown) =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

function tokenOf(head: unknown, body: unknown, { key = privateKey, hash = "sha512", padding = 1 } = {}): string {
  const text = `${encode(head)}.${encode(body)}`;
  const saltLength = constants.RSA_PSS_SALTLEN_DIGEST;
  const options = padding === 1 ? { key } : { key, padding, saltLength };
  return `${text}.${sign(hash, Buffer.from(text), options).toString("base64url")}`;
}

/** The message of the refusal, or "taken"; its code must be the one that its text stands for. */
function outcomeOf(token: string, key: KeyObject = publicKey, at = now): string {
  try {
    verifyToken(token, key, "bar", at);
    return "taken";
  } catch (error) {
    const { message, code } = error as { message: string; code: string };
    expect(signatureRefusals.find(([text]) => text.test(message))?.[1]).toBe(code);
    return message.replace("could not verify signature: ", "… ");
  }
}

test("signToken() makes Receptor's token: this header and these claims, nothing else", () => {
  const token = signToken({ key: privateKey, audience: "bar", expiresAt: now + 300_999 });
  const [head = "", body = "", signature = ""] = token.split(".");
  expect(Buffer.from(head, "base64url").toString()).toBe('{"alg":"RS512","typ":"JWT"}');
  expect(Buffer.from(body, "base64url").toString()).toBe(`{"aud":["bar"],"exp":${now / 1000 + 300}}`);
  expect(signature).toMatch(/^[\w-]{342}$/);
  expect(outcomeOf(token)).toBe("taken");
});

test("verifyToken() takes what openssl signed, and openssl what signToken() signed", async () => {
  await using folder = await tempFolder();
  const [key, pub] = [folder.file("key.pem"), folder.file("pub.pem")];
  await run("openssl", ["genrsa", "-out", key, "2048"]);
  await run("openssl", ["rsa", "-in", key, "-pubout", "-out", pub]);
  const text = `${encode(header)}.${encode(claims)}`;
  await writeFile(folder.file("text"), text);
  const signing = ["dgst", "-sha512", "-sign", key, "-out", folder.file("signature"), folder.file("text")];
  await run("openssl", signing);
  const signature = (await readFile(folder.file("signature"))).toString("base64url");
  expect(outcomeOf(`${text}.${signature}`, createPublicKey(await readFile(pub)))).toBe("taken");

  const ours = signToken({ key: rsaPrivateKey(await readFile(key, "utf8")), audience: "bar", expiresAt: now });
  await writeFile(folder.file("text"), ours.slice(0, ours.lastIndexOf(".")));
  await writeFile(folder.file("signature"), Buffer.from(ours.split(".")[2] ?? "", "base64url"));
  const verifying = ["dgst", "-sha512", "-verify", pub, "-signature", folder.file("signature"), folder.file("text")];
  expect((await run("openssl", verifying)).stdout).toBe("Verified OK\n");
});

describe("verifyToken() says what a Receptor says of", () => {
  const good = tokenOf(header, claims);
  const [head = "", body = "", signature = ""] = good.split(".");
  const hmacText = `${encode({ alg: "HS256" })}.${body}`;
  const hmac = createHmac("sha256", publicKey.export({ type: "spki", format: "pem" })).update(hmacText);
  const taken = "taken";
  const wrongKey = "… crypto/rsa: verification error";
  const segments = "… token contains an invalid number of segments";
  test.each<[what: string, token: string, outcome: string]>([
    ["a good token", good, taken],
    ["another key", tokenOf(header, claims, { key: stranger.privateKey }), wrongKey],
    ["other claims than were signed", `${head}.${encode({ ...claims, exp: claims.exp + 1 })}.${signature}`, wrongKey],
    ["no signature", `${head}.${body}.`, wrongKey],
    ["one part", "abc", segments],
    ["two parts", "a.b", segments],
    ["four parts", `${good}.x`, segments],
    ["a header that is no base64", `!!.${body}.${signature}`, "… illegal base64 data at input byte 0"],
    ["padding", `${good}==`, "… illegal base64 data at input byte 342"],
    ["an end by seconds", tokenOf(header, { ...claims, exp: now / 1000 - 10 }), "… token is expired by 10s"],
    ["an end long ago", tokenOf(header, { ...claims, exp: now / 1000 - 3723 }), "… token is expired by 1h2m3s"],
    ["an end just now", tokenOf(header, { ...claims, exp: now / 1000 }), "… token is expired by 0s"],
    ["an end in other letters", tokenOf(header, { aud: "bar", Exp: now / 1000 - 1 }), "… token is expired by 1s"],
    ["an end as text", tokenOf(header, { ...claims, exp: String(claims.exp) }), taken],
    ["a fraction of a second left", tokenOf(header, { ...claims, exp: now / 1000 + 0.5 }), taken],
    ["no end", tokenOf(header, { aud: ["bar"] }), taken],
    [
      "no end that can be read",
      tokenOf(header, { ...claims, exp: "x" }),
      "… could not parse exp: not a number of seconds",
    ],
    ["an end beyond all time", tokenOf(header, '{"exp":1e300}'), "… could not parse exp: not a number of seconds"],
    ["another audience", tokenOf(header, { ...claims, aud: ["foo"] }), "token audience did not match node ID"],
    [
      "an audience in other letters",
      tokenOf(header, { ...claims, aud: ["BAR"] }),
      "token audience did not match node ID",
    ],
    ["no audience", tokenOf(header, { exp: claims.exp }), "token audience did not match node ID"],
    ["an audience as text", tokenOf(header, { ...claims, aud: "bar" }), taken],
    ["an audience of several", tokenOf(header, { ...claims, aud: ["foo", "bar"] }), taken],
    [
      "an audience of numbers",
      tokenOf(header, { ...claims, aud: ["bar", 5] }),
      "… could not parse aud: not a text or a list of texts",
    ],
    ["a later beginning", tokenOf(header, { ...claims, nbf: now / 1000 + 9 }), "… token is not valid yet"],
    ["a later making", tokenOf(header, { ...claims, iat: now / 1000 + 9 }), "… token used before issued"],
    ["an earlier beginning", tokenOf(header, { ...claims, nbf: now / 1000 - 9, iat: now / 1000 - 9 }), taken],
    ["RS256", tokenOf({ alg: "RS256" }, claims, { hash: "sha256" }), taken],
    ["RS384", tokenOf({ alg: "RS384" }, claims, { hash: "sha384" }), taken],
    ["PS512", tokenOf({ alg: "PS512" }, claims, { padding: constants.RSA_PKCS1_PSS_PADDING }), taken],
    ["RS256 that is RS512", tokenOf({ alg: "RS256" }, claims), wrongKey],
    ["no algorithm", tokenOf({ typ: "JWT" }, claims), "… signing method (alg) is unspecified."],
    ["an unknown algorithm", tokenOf({ alg: "rs512" }, claims), "… signing method (alg) is unavailable."],
    ["the algorithm none", `${encode({ alg: "none" })}.${body}.`, "… 'none' signature type is not allowed"],
    ["a hash keyed with the public key", `${hmacText}.${hmac.digest("base64url")}`, "… key is of invalid type"],
    ["an elliptic algorithm", tokenOf({ alg: "ES256" }, claims), "… key is of invalid type"],
    ["a header that is a list", tokenOf([1], claims), "… token header is no JSON object"],
    ["claims that are no JSON", tokenOf(header, "junk"), "… token claims is no JSON"],
    ["a token of megabytes", "a".repeat(2_000_000), "… token is longer than 16384 characters"],
  ])("%s", (_what, token, outcome) => {
    expect(outcomeOf(token)).toBe(outcome);
  });
});

test("verifyToken() refuses a token with any one character changed", () => {
  const token = tokenOf(header, claims);
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
  fc.assert(
    fc.property(fc.nat(token.length - 1), fc.constantFrom(...alphabet.split("")), (at, char) => {
      const changed = token.slice(0, at) + char + token.slice(at + 1);
      // The last character of a part holds bits that mean nothing, in Receptor as here.
      const isSame = changed.split(".").every((part, index) => {
        return Buffer.from(part, "base64url").equals(Buffer.from(token.split(".")[index] ?? "", "base64url"));
      });
      fc.pre(!isSame || changed.split(".").length !== 3);
      expect(outcomeOf(changed)).not.toBe("taken");
    }),
    { numRuns: 500 },
  );
});

test("verifyToken() refuses any text, and any signed claims, without failing", () => {
  const parts = fc.array(fc.oneof(fc.base64String(), fc.json().map(encode), fc.string()), { maxLength: 4 });
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        parts.map((list) => list.join(".")),
      ),
      (text) => {
        expect(outcomeOf(text)).not.toBe("taken");
      },
    ),
    { numRuns: 2_000 },
  );
  const anyClaims = fc.record({ aud: fc.jsonValue(), exp: fc.jsonValue(), nbf: fc.jsonValue() }, { requiredKeys: [] });
  fc.assert(
    fc.property(anyClaims, (value) => void outcomeOf(tokenOf(header, value))),
    { numRuns: 200 },
  );
});
