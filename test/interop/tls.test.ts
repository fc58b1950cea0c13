import { mkdirSync } from "node:fs";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeCertificates, type TestCertificates } from "../kit/certificates.ts";
import { freshBuild } from "../kit/daemon.ts";
import { describeWithReceptorctl, receptorctl } from "../kit/receptorctl.ts";
import { addressesOf, startWorker, type Worker } from "./worker.ts";

/** Besides the worker's own roads: TLS without a client certificate, at an address that no certificate names. */
const more = `
- tls-server: {name: open, cert: "{place}/tls/server.crt", key: "{place}/tls/server.key",
    skipreceptornamescheck: true}
- control-service: {service: other, tcplisten: "127.0.0.2:0", tcptls: open}
`;

describeWithReceptorctl("TLS with client certificate", () => {
  let worker: Worker;
  let strangers: TestCertificates;
  let [tcp, tls, otherName] = ["", "", ""];
  beforeAll(async () => {
    await freshBuild();
    worker = await startWorker(more);
    mkdirSync(worker.place.file("strangers"));
    strangers = await makeCertificates(worker.place.file("strangers"));
    [, tcp = "", tls = "", otherName = ""] = await addressesOf(worker.daemon);
  });
  afterAll(() => worker[Symbol.asyncDispose]());

  const status = (socket: string, ...options: string[]) => receptorctl({ socket, options }, "status");
  const trusted = () => ["--rootcas", worker.certificates.ca];
  const shown = ({ client }: TestCertificates) => ["--cert", client.cert, "--key", client.key];

  test("a client whose certificate its CA signed is served", async () => {
    const { code, stdout } = await status(tls, ...trusted(), ...shown(worker.certificates));
    expect(stdout).toContain("Node ID: alpha");
    expect(code).toBe(0);
  });

  test("receptorctl takes its certificates from a tls-client section of the daemon's own file", async () => {
    const options = ["--config", worker.place.settings, "--tls-client", "client"];
    expect(await status(tls, ...options)).toMatchObject({ code: 0 });
  });

  test.each(["tls:", "tls://"])("both ways to write an address work: %sHOST:PORT", async (prefix) => {
    const socket = `${prefix}localhost:${tls.split(":").at(-1)}`;
    expect(await status(socket, ...trusted(), ...shown(worker.certificates))).toMatchObject({ code: 0 });
  });

  test("a client without a certificate is refused", async () => {
    const { code, stdout } = await status(tls, ...trusted());
    expect(stdout).not.toContain("alpha");
    expect(code).toBe(1);
  });

  test("a client whose certificate another CA signed is refused", async () => {
    const { code, stdout } = await status(tls, ...trusted(), ...shown(strangers));
    expect(stdout).not.toContain("alpha");
    expect(code).toBe(1);
  });

  test("a client that trusts another CA turns away by itself", async () => {
    const { code, stderr } = await status(tls, "--rootcas", strangers.ca, ...shown(worker.certificates));
    expect(stderr).toContain("Could not connect to host");
    expect(code).toBe(1);
  });

  test("a client turns away where the certificate is for another host, unless told not to check the name", async () => {
    expect(await status(otherName, ...trusted())).toMatchObject({ code: 1 });
    expect(await status(otherName, ...trusted(), "--insecureskipverify", "true")).toMatchObject({ code: 0 });
  });

  test("a client that speaks no TLS gets nothing", async () => {
    const { host = "", port = "" } = /^tls:\/\/(?<host>.+):(?<port>\d+)$/.exec(tls)?.groups ?? {};
    const socket = connect(Number(port), host);
    socket.end("status\n");
    expect(await text(socket).catch(() => "")).not.toContain("Receptor Control");
  });

  test("a client that speaks TLS where none is spoken turns away", async () => {
    expect(await status(tcp.replace("tcp:", "tls:"), ...trusted())).toMatchObject({ code: 1 });
  });

  test("none of them keeps the daemon from serving the next", async () => {
    expect(await status(tls, ...trusted(), ...shown(worker.certificates))).toMatchObject({ code: 0 });
    expect(await status(tcp)).toMatchObject({ code: 0 });
  });
});
