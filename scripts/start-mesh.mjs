/**
 * Configuration of the two workers that `npm start` brings up: `near`, which you talk to, and `far`, which is reached over
 * the mesh and nothing else. They meet on a TCP port of the loopback; so that no other user of this machine can join
 * them, each shows the other a certificate of an authority made here, for them alone.
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import { makeAuthority, makeRequest, signRequest } from "#mesh";
import { embeddedArgs, makeStateFolder, nodeIdFor } from "../dist/cli/embedded.js";
import { parseReceptorArgs, readSettingsFile } from "#worker";

/** Id of the worker that is somewhere else. */
export const farId = "far";

/**
 * Write both files, and the certificates when there are none yet.
 *
 * @param places of the near worker: the default ones.
 * @returns the path of each worker's file, and the far worker's control socket.
 */
export async function writeMesh(places) {
  makeStateFolder(places.state);
  const folder = join(places.state, "mesh");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const nearId = nodeIdFor(hostname()) === farId ? "near" : nodeIdFor(hostname());
  const file = (name) => join(folder, name);
  await makeCertificates(file, nearId);
  const port = await freePort();
  const farPlaces = { state: folder, units: file("units"), socket: file("far.sock") };
  const profile = (kind, id) => ({ name: "mesh", cert: file(`${id}.crt`), key: file(`${id}.key`), ...kind });
  write(file("near.yml"), [
    { "tls-client": profile({ rootcas: file("ca.crt") }, nearId) },
    ...sections(places, nearId),
    { "tcp-peer": { address: `127.0.0.1:${port}`, tls: "mesh", allowedpeers: [farId] } },
  ]);
  write(file("far.yml"), [
    { "tls-server": profile({ requireclientcert: true, clientcas: file("ca.crt") }, farId) },
    ...sections(farPlaces, farId),
    { "tcp-listener": { port, bindaddr: "127.0.0.1", tls: "mesh", allowedpeers: [nearId] } },
  ]);
  return { nearFile: file("near.yml"), farFile: file("far.yml"), farSocket: farPlaces.socket };
}

/** What a worker on embedded defaults is, as sections of a file. */
function sections(places, id) {
  const { directives } = parseReceptorArgs(embeddedArgs(places, id), readSettingsFile);
  return directives.map(({ section, given, values }) => ({
    [section]: Object.fromEntries(given.map((key) => [key, values[key]])),
  }));
}

/** JSON is YAML. */
function write(path, list) {
  writeFileSync(path, `${JSON.stringify(list, null, 2)}\n`, { mode: 0o600 });
}

async function makeCertificates(file, nearId) {
  const authority = { caCert: file("ca.crt"), caKey: file("ca.key") };
  if (!existsSync(authority.caCert)) {
    const outCert = authority.caCert;
    await makeAuthority({ commonName: "farhand on this machine", bits: 2048, outCert, outKey: authority.caKey });
  }
  for (const id of [nearId, farId]) {
    if (existsSync(file(`${id}.crt`))) continue;
    const names = { dnsNames: [], ipAddresses: ["127.0.0.1"], nodeIds: [id] };
    await makeRequest({ commonName: id, bits: 2048, ...names, outReq: file(`${id}.req`), outKey: file(`${id}.key`) });
    await signRequest({ req: file(`${id}.req`), ...authority, outCert: file(`${id}.crt`) });
  }
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve, reject) => server.once("listening", resolve).once("error", reject));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
