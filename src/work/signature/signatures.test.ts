import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { silentLog } from "#core";
import { type TempFolder, tempFolder } from "../../../test/kit/temp-folder.ts";
import type { PendingVerification, RequestToSign, WorkFacts } from "./facts.ts";
import { encodeOrder, keyIdOf, type Order, orderText, readOrder } from "./order.ts";
import { signatureRefusals } from "./refusals.ts";
import { openSignatures, type SigningSettings, type VerificationSettings, type WorkSignatures } from "./signatures.ts";

const start = Date.UTC(2030, 0, 1);
const minute = 60_000;
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const payloadSha256 = sha256("the payload");

const submit = {
  operation: "submit",
  unitId: "s5YkQ0aB",
  workType: "echo",
  params: { params: "a b", extra: "c" },
  payloadSha256: async () => payloadSha256,
} as const satisfies RequestToSign;

// Once: making one takes half a second.
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });

/** Two nodes with their keys in files: `foo` signs, `bar` verifies. Their clock is turned by the test. */
async function twoNodes(folder: TempFolder, own: { foo?: SigningSettings; bar?: VerificationSettings } = {}) {
  const file = (name: string) => folder.file(name);
  const ed = generateKeyPairSync("ed25519");
  await mkdir(file("keys"));
  await writeFile(file("private.pem"), rsa.privateKey.export({ type: "pkcs1", format: "pem" }));
  await writeFile(file("public.pem"), rsa.publicKey.export({ type: "spki", format: "pem" }));
  await writeFile(file("order.pem"), ed.privateKey.export({ type: "pkcs8", format: "pem" }));
  await writeFile(file("keys/foo.pem"), ed.publicKey.export({ type: "spki", format: "pem" }));
  await writeFile(file("revoked"), "# nobody yet\n");
  const clock = { at: start, now: () => clock.at, elapsed: () => clock.at, sleep: (ms: number) => sleep(ms) };
  const signing = own.foo ?? { privateKey: file("private.pem"), orderKey: file("order.pem") };
  const verification = own.bar ?? {
    publicKey: file("public.pem"),
    orderKeys: file("keys"),
    revoked: file("revoked"),
  };
  const options = { stateDir: file("state"), clock, log: silentLog };
  const openBar = () => openSignatures({ ...options, nodeId: "bar", verification });
  const foo = await openSignatures({ ...options, nodeId: "foo", signing });
  const bar = await openBar();
  const keyId = keyIdOf(ed.publicKey);
  return { foo, bar, openBar, clock, keyId, file, [Symbol.asyncDispose]: () => bar.close() };
}

function check(node: WorkSignatures, signature: string | undefined, facts: WorkFacts = submit) {
  return node.check({ needs: true, remote: "mesh", signature, facts });
}

/** The code and text of a refusal; the text must stand for that code. */
async function refusalOf(checking: Promise<unknown>): Promise<string> {
  const error = await checking.then(
    () => undefined,
    (reason: unknown) => reason as { code: string; message: string },
  );
  if (!error) return "taken";
  expect(signatureRefusals.find(([text]) => text.test(error.message))?.[1]).toBe(error.code);
  return `${error.code} ${error.message}`;
}

describe("check() by the rules of Receptor", () => {
  test("takes unsigned work of a type that asks for nothing", async () => {
    await using folder = await tempFolder();
    await using nodes = await twoNodes(folder);
    const facts = submit;
    const pending = await nodes.bar.check({ needs: false, remote: "mesh", signature: undefined, facts });
    expect(pending).toMatchObject({ coversPayload: false, signer: undefined });
    await pending.finish();
    await nodes.bar.check({ needs: false, remote: "mesh", signature: "", facts });
    const unexpected = nodes.bar.check({ needs: false, remote: "unix", signature: "x", facts });
    await expect(unexpected).rejects.toMatchObject({
      code: "SIGNATURE_UNEXPECTED",
      message: "work type did not expect a signature",
    });
  });

  test("verifies nothing on a Unix socket, and everything elsewhere", async () => {
    await using folder = await tempFolder();
    await using nodes = await twoNodes(folder);
    await nodes.bar.check({ needs: true, remote: "unix", signature: "junk", facts: submit });
    for (const remote of ["tcp", "tls", "mesh"] as const) {
      const checking = nodes.bar.check({ needs: true, remote, signature: "", facts: submit });
      expect(await refusalOf(checking)).toBe("SIGNATURE_MISSING could not verify signature: signature is empty");
    }
    expect(await refusalOf(check(nodes.bar, undefined))).toMatch(/^SIGNATURE_MISSING /);
  });

  test("refuses the token of a signer whose clock is behind, and takes one of when it is right again", async () => {
    await using folder = await tempFolder();
    await using nodes = await twoNodes(folder);
    nodes.clock.at = start - 3 * 24 * 60 * minute;
    const token = await nodes.foo.signFor("bar", submit, "receptor");
    nodes.clock.at = start;
    expect(await refusalOf(check(nodes.bar, token))).toBe(
      "SIGNATURE_EXPIRED could not verify signature: token is expired by 71h55m0s",
    );
    await check(nodes.bar, await nodes.foo.signFor("bar", submit, "receptor"));
  });

  test("takes the token that signFor() makes for a Receptor, until its end", async () => {
    await using folder = await tempFolder();
    await using nodes = await twoNodes(folder);
    const token = await nodes.foo.signFor("bar", submit, "receptor");
    const pending = await check(nodes.bar, token);
    expect(pending.coversPayload).toBe(false);
    await pending.finish();
    nodes.clock.at += 5 * minute - 1;
    await check(nodes.bar, token);
    nodes.clock.at += 1;
    expect(await refusalOf(check(nodes.bar, token))).toBe(
      "SIGNATURE_EXPIRED could not verify signature: token is expired by 0s",
    );
    const other = await nodes.foo.signFor("baz", submit, "receptor");
    expect(await refusalOf(check(nodes.bar, other))).toBe(
      "SIGNATURE_WRONG_TARGET token audience did not match node ID",
    );
  });

  test("reads key files when they are used, and says what is wrong with them", async () => {
    await using folder = await tempFolder();
    await using nodes = await twoNodes(folder);
    const token = await nodes.foo.signFor("bar", submit, "receptor");
    const [good, path] = [await readFile(nodes.file("public.pem")), nodes.file("public.pem")];
    const load = "VERIFYING_KEY_UNUSABLE could not load verifying key file:";
    await writeFile(path, "junk");
    expect(await refusalOf(check(nodes.bar, token))).toBe(`${load} failed to decode PEM block`);
    await rm(path);
    expect(await refusalOf(check(nodes.bar, token))).toBe(`${load} open ${path}: no such file or directory`);
    const stranger = generateKeyPairSync("rsa", { modulusLength: 2048 });
    await writeFile(path, stranger.publicKey.export({ type: "spki", format: "pem" }));
    expect(await refusalOf(check(nodes.bar, token))).toBe(
      "SIGNATURE_INVALID could not verify signature: crypto/rsa: verification error",
    );
    await writeFile(path, good);
    await check(nodes.bar, token);
    await writeFile(
      nodes.file("private.pem"),
      "-----BEGIN OPENSSH PRIVATE KEY-----\n-----END OPENSSH PRIVATE KEY-----\n",
    );
    expect(await refusalOf(nodes.foo.signFor("bar", submit, "receptor"))).toBe(
      "SIGNING_KEY_UNUSABLE could not load signing key file: unknown block type OPENSSH PRIVATE KEY",
    );
  });

  test("a node without keys neither signs nor verifies", async () => {
    await using folder = await tempFolder();
    await using nodes = await twoNodes(folder, { foo: {}, bar: {} });
    expect(await refusalOf(nodes.foo.signFor("bar", submit, "farhand"))).toBe(
      "SIGNING_KEY_UNUSABLE cannot sign work: signing key is empty",
    );
    for (const signature of ["a.b.c", "fh1.a.b"]) {
      expect(await refusalOf(check(nodes.bar, signature))).toBe(
        "VERIFYING_KEY_UNUSABLE could not verify signature: verifying key not specified",
      );
    }
  });
});

describe("a signed order", () => {
  test("is what signFor() makes for a Farhand node; it is taken once, with its payload", async () => {
    await using folder = await tempFolder();
    await using nodes = await twoNodes(folder);
    const order = await nodes.foo.signFor("bar", submit, "farhand");
    expect(order).toMatch(/^fh1\./);
    const pending = await check(nodes.bar, order);
    expect(pending).toMatchObject({ coversPayload: true, signer: { key: "foo", submitter: "foo" } });
    await pending.finish(payloadSha256);
    expect(await refusalOf(check(nodes.bar, order))).toBe(
      "SIGNATURE_REPLAYED could not verify signature: the order was used before",
    );
    expect(await refusalOf(pending.finish(sha256("another")))).toBe(
      "SIGNATURE_PAYLOAD_CHANGED could not verify signature: the payload is not the one that was signed",
    );
    expect(await refusalOf(pending.finish())).toMatch(/^SIGNATURE_PAYLOAD_CHANGED /);
  });

  test.each<RequestToSign>([
    { operation: "cancel", unitId: "a", workType: "b" },
    { operation: "release", unitId: "a", workType: "b" },
    { operation: "force-release", unitId: "a", workType: "b" },
    { operation: "results", unitId: "a", workType: "b", startPos: 7 },
  ])("can be one for $operation, which has no payload", async (request) => {
    await using folder = await tempFolder();
    await using nodes = await twoNodes(folder);
    const pending = await check(nodes.bar, await nodes.foo.signFor("bar", request, "farhand"), request);
    expect(pending.coversPayload).toBe(false);
    await pending.finish();
  });

  test("is remembered over a restart", async () => {
    await using folder = await tempFolder();
    await using nodes = await twoNodes(folder);
    const order = await nodes.foo.signFor("bar", submit, "farhand");
    await check(nodes.bar, order);
    await nodes.bar.close();
    const again = await nodes.openBar();
    expect(await refusalOf(check(again, order))).toMatch(/^SIGNATURE_REPLAYED /);
    await again.close();
  });

  test("is not used up by a request it was not made for", async () => {
    await using folder = await tempFolder();
    await using nodes = await twoNodes(folder);
    const order = await nodes.foo.signFor("bar", submit, "farhand");
    expect(await refusalOf(check(nodes.bar, order, { ...submit, params: {} }))).toMatch(/^SIGNATURE_PARAMS_CHANGED /);
    await check(nodes.bar, order);
  });

  test("holds from its beginning to its end, give or take what clocks differ", async () => {
    await using folder = await tempFolder();
    await using nodes = await twoNodes(folder);
    const at = async (ms: number) => {
      nodes.clock.at = start + minute;
      const order = await nodes.foo.signFor("bar", submit, "farhand");
      nodes.clock.at += ms;
      return refusalOf(check(nodes.bar, order));
    };
    expect(await at(-30_001)).toBe(
      "SIGNATURE_NOT_YET_VALID could not verify signature: the order is not valid yet, but in 30.001s: the signer's clock is that far ahead of ours (2030-01-01T00:00:29.999Z)",
    );
    expect(await at(-30_000)).toBe("taken");
    expect(await at(5 * minute + 30_000)).toBe("taken");
    expect(await at(5 * minute + 30_001)).toBe(
      "SIGNATURE_EXPIRED could not verify signature: the order expired 30.001s ago: it comes late, or the signer's clock is behind ours (2030-01-01T00:06:30.001Z)",
    );
  });

  test.each([
    [
      "three days ahead",
      72 * 60,
      /^SIGNATURE_NOT_YET_VALID .*not valid yet, but in 72h0m0s: the signer's clock is that/,
    ],
    ["two hours ahead", 120, /^SIGNATURE_NOT_YET_VALID .*not valid yet, but in 2h0m0s: the signer's clock is that/],
    ["three days behind", -72 * 60, /^SIGNATURE_EXPIRED .*expired 71h55m0s ago: .* the signer's clock is behind ours/],
  ])("of a signer whose clock is %s is refused, and one it makes when that is right again is taken", async (...row) => {
    const [_how, minutes, refused] = row;
    await using folder = await tempFolder();
    await using nodes = await twoNodes(folder);
    nodes.clock.at = start + minutes * minute;
    const order = await nodes.foo.signFor("bar", submit, "farhand");
    nodes.clock.at = start;
    expect(await refusalOf(check(nodes.bar, order))).toMatch(refused);
    expect(await refusalOf(check(nodes.bar, await nodes.foo.signFor("bar", submit, "farhand")))).toBe("taken");
  });

  test("is never made for longer than a day", async () => {
    await using folder = await tempFolder();
    await using nodes = await twoNodes(folder);
    const signing = { orderKey: nodes.file("order.pem"), expirationMs: 1000 * 3_600_000 };
    const options = { stateDir: nodes.file("state2"), clock: nodes.clock, log: silentLog };
    const foo = await openSignatures({ ...options, nodeId: "foo", signing });
    const text = await foo.signFor("bar", submit, "farhand");
    const { notBefore, notAfter } = readOrder(text).order;
    expect(notAfter - notBefore).toBe(24 * 3_600_000);
    await check(nodes.bar, text);
  });

  test("is refused by a node that knows no keys for orders, and a token by one that takes only orders", async () => {
    await using folder = await tempFolder();
    const bar = { orderKeys: folder.file("keys"), requireOrder: true };
    await using nodes = await twoNodes(folder, { bar });
    const token = nodes.file("private.pem");
    const options = { stateDir: nodes.file("state2"), clock: nodes.clock, log: silentLog };
    const foo = await openSignatures({ ...options, nodeId: "foo", signing: { privateKey: token } });
    expect(await refusalOf(check(nodes.bar, await foo.signFor("bar", submit, "farhand")))).toBe(
      "ORDER_REQUIRED could not verify signature: only signed orders are taken",
    );
  });
});

describe("keys of orders", () => {
  test("can be added, removed and revoked while the node runs", async () => {
    await using folder = await tempFolder();
    await using nodes = await twoNodes(folder);
    const signed = async () => check(nodes.bar, await nodes.foo.signFor("bar", submit, "farhand"));
    const pending = await signed();
    await writeFile(nodes.file("revoked"), `# withdrawn today:\n${nodes.keyId.toUpperCase()}  lost laptop\n`);
    const revoked = `KEY_REVOKED could not verify signature: key ${nodes.keyId} is revoked`;
    expect(await refusalOf(signed())).toBe(revoked);
    expect(await refusalOf(pending.finish(payloadSha256))).toBe(revoked);
    await writeFile(nodes.file("revoked"), "");
    await signed();
    const key = await readFile(nodes.file("keys/foo.pem"));
    await rm(nodes.file("keys/foo.pem"));
    expect(await refusalOf(signed())).toBe(
      `KEY_UNKNOWN could not verify signature: key ${nodes.keyId} is not trusted here`,
    );
    await writeFile(nodes.file("keys/other.pem"), key);
    expect((await signed()).signer?.key).toBe("other");
  });

  test("a list of revoked keys that is missing or has a slip lets nothing through", async () => {
    await using folder = await tempFolder();
    await using nodes = await twoNodes(folder);
    const signed = async () => check(nodes.bar, await nodes.foo.signFor("bar", submit, "farhand"));
    const load = "VERIFYING_KEY_UNUSABLE could not load list of revoked keys:";
    await writeFile(nodes.file("revoked"), `\n${nodes.keyId.slice(1)}\n`);
    expect(await refusalOf(signed())).toBe(`${load} line 2 does not begin with the id of a key`);
    await rm(nodes.file("revoked"));
    expect(await refusalOf(signed())).toMatch(`${load} open ${nodes.file("revoked")}: no such file or directory`);
  });

  test("can stand in one file; a bad file of a folder costs only its own keys", async () => {
    await using folder = await tempFolder();
    await using nodes = await twoNodes(folder);
    const signed = async (node: WorkSignatures) => check(node, await nodes.foo.signFor("bar", submit, "farhand"));
    await writeFile(nodes.file("keys/bad.pem"), "junk");
    await signed(nodes.bar);
    const key = await readFile(nodes.file("keys/foo.pem"), "utf8");
    await writeFile(nodes.file("all.pem"), `# alpha\n${key}`);
    const options = { stateDir: nodes.file("state2"), clock: nodes.clock, log: silentLog, nodeId: "bar" };
    const bar = await openSignatures({ ...options, verification: { orderKeys: nodes.file("all.pem") } });
    expect((await signed(bar)).signer?.key).toBe("alpha");
    await rm(nodes.file("all.pem"));
    expect(await refusalOf(signed(bar))).toMatch(/^VERIFYING_KEY_UNUSABLE could not load verifying key file: /);
    await bar.close();
  });
});

describe("whatever is altered is refused, with its own code", () => {
  /** An order that is signed by the trusted key, but says what the test wants it to. */
  function forge(text: string, change: Partial<Order>, key: KeyObject): string {
    const bytes = encodeOrder({ ...readOrder(text).order, ...change });
    return orderText(bytes, sign(null, bytes, key));
  }

  const stranger = generateKeyPairSync("ed25519");
  const day = 24 * 3_600_000;

  test.each<[what: string, change: Partial<Order>, code: string]>([
    ["the operation", { operation: "cancel" }, "SIGNATURE_PARAMS_CHANGED"],
    ["the unit id", { unitId: "other" }, "SIGNATURE_PARAMS_CHANGED"],
    ["the work type", { workType: "other" }, "SIGNATURE_PARAMS_CHANGED"],
    ["the params", { paramsSha256: sha256("other") }, "SIGNATURE_PARAMS_CHANGED"],
    ["the target", { target: "baz" }, "SIGNATURE_WRONG_TARGET"],
    ["the end, to the past", { notBefore: start - minute, notAfter: start - 31_000 }, "SIGNATURE_EXPIRED"],
    ["the beginning, to the future", { notBefore: start + 31_000 }, "SIGNATURE_NOT_YET_VALID"],
    ["the end, to far away", { notAfter: start + day + 1 }, "SIGNATURE_INVALID"],
    ["the end, to before the beginning", { notAfter: start - 1 }, "SIGNATURE_INVALID"],
    ["the beginning, to before the node's first day", { notBefore: start - 1 }, "SIGNATURE_REPLAYED"],
    ["the key", { keyId: keyIdOf(stranger.publicKey) }, "KEY_UNKNOWN"],
  ])("%s", async (_what, change, code) => {
    await using folder = await tempFolder();
    await using nodes = await twoNodes(folder);
    const key = createPrivateKey(await readFile(nodes.file("order.pem")));
    const text = await nodes.foo.signFor("bar", submit, "farhand");
    expect((await refusalOf(check(nodes.bar, forge(text, change, key)))).split(" ")[0]).toBe(code);
    // And by anybody who has no trusted key: not at all.
    const forged = forge(text, { ...change, keyId: nodes.keyId }, stranger.privateKey);
    expect(await refusalOf(check(nodes.bar, forged))).toMatch(/^SIGNATURE_INVALID /);
  });

  test("the payload of a request that has none", async () => {
    await using folder = await tempFolder();
    await using nodes = await twoNodes(folder);
    const key = createPrivateKey(await readFile(nodes.file("order.pem")));
    const cancel = { operation: "cancel", unitId: "a", workType: "b" } as const;
    const text = forge(await nodes.foo.signFor("bar", cancel, "farhand"), { payloadSha256 }, key);
    expect(await refusalOf(check(nodes.bar, text, cancel))).toMatch(/^SIGNATURE_PAYLOAD_CHANGED /);
  });

  test("any one byte of an order or of its signature", async () => {
    await using folder = await tempFolder();
    await using nodes = await twoNodes(folder);
    const text = await nodes.foo.signFor("bar", submit, "farhand");
    const { bytes, signature } = readOrder(text);
    const keyIdAt = bytes.length - 32;
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length + 63), fc.integer({ min: 1, max: 255 }), async (at, by) => {
        const all = Buffer.concat([bytes, signature]);
        all[at] = (all[at] ?? 0) ^ by;
        const changed = orderText(all.subarray(0, bytes.length), all.subarray(bytes.length));
        const code = at >= keyIdAt && at < bytes.length ? "KEY_UNKNOWN" : "SIGNATURE_INVALID";
        expect((await refusalOf(check(nodes.bar, changed))).split(" ")[0]).toBe(code);
      }),
      { numRuns: 500 },
    );
    await check(nodes.bar, text);
  });

  test("any fact of the request", async () => {
    await using folder = await tempFolder();
    await using nodes = await twoNodes(folder);
    const request = { operation: "results", unitId: "a", workType: "b", startPos: 5 } as const;
    const text = await nodes.foo.signFor("bar", submit, "farhand");
    const results = await nodes.foo.signFor("bar", request, "farhand");
    const word = fc.string();
    const other = fc.oneof(
      fc.record({ unitId: word }),
      fc.record({ workType: word }),
      fc.record({ params: fc.dictionary(word, word) }),
      fc.record({ operation: fc.constantFrom("cancel", "release", "force-release") }),
    );
    await fc.assert(
      fc.asyncProperty(other, fc.nat(), async (change, startPos) => {
        const changed = { ...submit, ...change } as WorkFacts;
        fc.pre(JSON.stringify(changed) !== JSON.stringify(submit) && startPos !== request.startPos);
        expect(await refusalOf(check(nodes.bar, text, changed))).toMatch(/^SIGNATURE_PARAMS_CHANGED /);
        expect(await refusalOf(check(nodes.bar, results, { ...request, startPos }))).toMatch(
          /^SIGNATURE_PARAMS_CHANGED /,
        );
      }),
    );
    const pending: PendingVerification = await check(nodes.bar, text);
    await pending.finish(payloadSha256);
  });
});
