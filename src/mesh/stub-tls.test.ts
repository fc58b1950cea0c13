import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { silentLog, type TlsClientProfile, type TlsServerProfile } from "#core";
import { MemoryMesh, untilSo } from "../../test/kit/memory-mesh.ts";
import { makeNodeAuthority } from "../../test/kit/node-certificates.ts";
import { tempFolder } from "../../test/kit/temp-folder.ts";
import { tlsProfiles } from "./certificate/profiles.ts";
import type { Mesh } from "./mesh.ts";

let folder: Awaited<ReturnType<typeof tempFolder>>;
let server: TlsServerProfile;
let client: TlsClientProfile;
beforeAll(async () => {
  folder = await tempFolder();
  const authority = await makeNodeAuthority(folder.path);
  server = await authority.issue("leaf", ["leaf"]);
  client = { rootCas: authority.ca };
});
afterAll(() => folder?.[Symbol.asyncDispose]());

/** `far` – `hub` – `leaf`, a stub with a service that wants TLS and one that does not. */
async function hubAndStub(hasQuic: boolean) {
  const nodes = new MemoryMesh();
  const tls = tlsProfiles({ servers: new Map([["srv", server]]), clients: new Map([["cli", client]]), log: silentLog });
  const [hub, far] = [nodes.node("hub", { tls }), nodes.node("far", { tls })];
  const leaf = nodes.node("leaf", { tls, isStub: true, hasQuic });
  const other = nodes.node("other", { tls, isStub: true });
  const accept: Parameters<Mesh["listen"]>[1]["accept"] = (stream) => void stream.end("welcome");
  leaf.listen("safe", { accept, tls: "srv" });
  leaf.listen("open", { accept });
  await nodes.join(far, hub);
  await nodes.join(leaf, hub);
  await nodes.join(other, hub);
  // Only from the stub itself does `far` learn whether it has QUIC.
  await untilSo(() => far.status().KnownConnectionCosts["leaf"] !== undefined);
  await untilSo(() => far.status().Advertisements.length === 2 && far.hasRoute("leaf") && other.hasRoute("hub"));
  return { nodes, hub, far, leaf, other };
}

describe("a stub with QUIC", () => {
  let net: Awaited<ReturnType<typeof hubAndStub>>;
  beforeAll(async () => {
    net = await hubAndStub(true);
  });
  afterAll(() => net?.nodes[Symbol.asyncDispose]());

  test.each(["hub", "far", "other"] as const)("speaks TLS with %s from end to end", async (from) => {
    const stream = await net[from].dial("leaf", "safe", { tls: "cli" });
    expect((await buffer(stream.end())).toString()).toBe("welcome");
  });

  test("speaks TLS with itself, and not without where that is wanted", async () => {
    const stream = await net.leaf.dial("leaf", "safe", { tls: "cli" });
    expect((await buffer(stream.end())).toString()).toBe("welcome");
    await expect(net.leaf.dial("leaf", "open", { tls: "cli" })).rejects.toMatchObject({ code: "TLS_REFUSED" });
    await expect(net.leaf.dial("leaf", "safe")).rejects.toMatchObject({ code: "TLS_REFUSED" });
  });

  test.each(["hub", "other"] as const)(
    "refuses a stream without TLS of %s to a service that wants it",
    async (from) => {
      await expect(net[from].dial("leaf", "safe")).rejects.toMatchObject({
        code: "TLS_REFUSED",
        message: "service safe takes only streams with TLS",
      });
    },
  );
});

describe("a stub without QUIC", () => {
  let net: Awaited<ReturnType<typeof hubAndStub>>;
  beforeAll(async () => {
    net = await hubAndStub(false);
  });
  afterAll(() => net?.nodes[Symbol.asyncDispose]());

  test.each([
    ["hub", "safe"],
    ["far", "safe"],
    ["far", "open"],
  ] as const)("takes no stream with TLS: %s to %s is told at once", async (from, service) => {
    await expect(net[from].dial("leaf", service, { tls: "cli" })).rejects.toMatchObject({
      code: "TLS_REFUSED",
      message: "node leaf has no QUIC engine, so it takes no streams with TLS",
    });
  });

  test("shows nobody's certificate to who knows nothing of it, such as another stub", async () => {
    await expect(net.other.dial("leaf", "safe", { tls: "cli" })).rejects.toMatchObject({ code: "TLS_REFUSED" });
  });

  test("does not let in by its hub what its service would refuse", async () => {
    const stream = await net.far.dial("leaf", "safe");
    await expect(buffer(stream.end())).rejects.toMatchObject({ code: "STREAM_REFUSED" });
  });

  test("cannot dial with TLS, nor itself", async () => {
    await expect(net.leaf.dial("far", "any", { tls: "cli" })).rejects.toMatchObject({ code: "QUIC_UNAVAILABLE" });
    const itself = { code: "TLS_REFUSED", message: "this node has no QUIC engine, so there are no streams with TLS" };
    await expect(net.leaf.dial("leaf", "open", { tls: "cli" })).rejects.toMatchObject(itself);
    await expect(net.leaf.dial("leaf", "safe")).rejects.toMatchObject(itself);
  });
});
