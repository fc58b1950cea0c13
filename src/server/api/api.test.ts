import { afterAll, beforeAll, expect, test } from "vitest";
import { testApi } from "../../../test/kit/api.ts";
import { makeCertificates, type TestCertificates } from "../../../test/kit/certificates.ts";
import { describeWithStores } from "../../../test/kit/stores.ts";
import { type TempFolder, tempFolder } from "../../../test/kit/temp-folder.ts";

let folder: TempFolder;
let certificates: TestCertificates;
beforeAll(async () => {
  folder = await tempFolder();
  certificates = await makeCertificates(folder.path);
});
afterAll(() => folder[Symbol.asyncDispose]());

describeWithStores("the API", ({ open }) => {
  test("says who it is, and works", async () => {
    await using store = await open();
    await using api = await testApi(store, certificates);
    const hello = await api.ask("GET", "/api");
    expect(hello).toMatchObject({
      status: 200,
      json: { name: "farhand", serviceVersion: "1.2.3", apiVersion: { major: 1 } },
    });
    expect(hello.headers).toMatchObject({ "x-content-type-options": "nosniff", "cache-control": "no-store" });
    expect(hello.headers["content-security-policy"]).toContain("default-src 'none'");
    expect(await api.ask("GET", "/readyz")).toMatchObject({ status: 200, text: "ok\n" });
    const document = await api.ask("GET", "/api/openapi.json");
    expect(document.json).toMatchObject({ openapi: "3.1.0", paths: { "/api/workers/{worker}": { get: {} } } });
    expect((await api.ask("GET", "/api/docs")).text).toContain("/api/workers/:worker/rpc");
  });
});
