import { afterAll, beforeAll, describe, vi } from "vitest";
import { makeCertificates, type TestCertificates } from "../../../../test/kit/certificates.ts";
import { forwardProxy, reverseProxy } from "../../../../test/kit/http-proxy.ts";
import { type TempFolder, tempFolder } from "../../../../test/kit/temp-folder.ts";
import { tlsClientSource, tlsServerSource } from "#core";
import { type BackendPair, describeBackend } from "../../../../test/kit/backend/conformance.ts";
import { unusedPort } from "../../../../test/kit/backend/conformance-port.ts";
import { maxNumberedMessageBytes } from "../numbered/batch.ts";
import { httpPeer } from "./dialer.ts";
import { httpListener } from "./listener.ts";

const options = { times: { firstMs: [10, 20], baseMs: 50, maxMs: 100 } } as const;
const traits = { reliable: true, maxMessageBytes: maxNumberedMessageBytes };
const bindAddress = "127.0.0.1";

describeBackend(
  "http",
  async () => {
    const port = await unusedPort();
    return {
      listener: httpListener({ bindAddress, port }),
      dialer: httpPeer({ url: `http://127.0.0.1:${port}/` }, options),
      close: () => {},
    };
  },
  traits,
);

describeBackend(
  "http behind a reverse proxy",
  async () => {
    const port = await unusedPort();
    const proxy = await reverseProxy(() => port);
    return {
      listener: httpListener({ bindAddress, port, path: "/mesh/" }),
      dialer: httpPeer({ url: `${proxy.url}/mesh/?token=1` }, options),
      close: () => proxy.stop(),
    };
  },
  traits,
);

describe("through the environment's proxy", () => {
  describeBackend("http", async () => await proxied(false), { ...traits, manySessions: 10 });
  describeBackend("https", async () => await proxied(true), { ...traits, manySessions: 10 });
});

let folder: TempFolder;
let certificates: TestCertificates;
beforeAll(async () => {
  folder = await tempFolder();
  certificates = await makeCertificates(folder.path);
});
afterAll(async () => await folder[Symbol.asyncDispose]());

async function proxied(isTls: boolean): Promise<BackendPair> {
  const proxy = await forwardProxy();
  const port = await unusedPort();
  vi.stubEnv("no_proxy", "");
  vi.stubEnv(isTls ? "https_proxy" : "http_proxy", proxy.url);
  const { ca, server, client } = certificates;
  const tls = isTls ? tlsServerSource({ ...server, clientCas: ca, requireClientCert: true }) : undefined;
  const clientTls = isTls ? tlsClientSource({ ...client, rootCas: ca }) : undefined;
  return {
    listener: httpListener({ bindAddress, port, tls }),
    dialer: httpPeer({ url: `${isTls ? "https" : "http"}://127.0.0.1:${port}/`, tls: clientTls }, options),
    close: async () => {
      vi.unstubAllEnvs();
      await proxy.stop();
    },
  };
}
