import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttp } from "node:http";
import { createServer as createHttps } from "node:https";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { testIssuer } from "../../../test/kit/issuer.ts";
import { fingerprintOf, makeCertificates } from "../../../test/kit/certificates.ts";
import { type TempFolder, tempFolder } from "../../../test/kit/temp-folder.ts";
import { lockState } from "../modes/state-lock.ts";
import type { ModePlaces } from "../modes/places.ts";
import { diagnose, failures, type Patient } from "./doctor.ts";
import { recentNode } from "./place-checks.ts";

function placesIn(folder: TempFolder): ModePlaces {
  return {
    configFile: folder.file("worker.yaml"),
    configMode: 0o600,
    state: folder.file("state"),
    units: folder.file("state/units"),
    socket: folder.file("worker.sock"),
    control: folder.file("control.sock"),
    group: undefined,
  };
}

/** A worker that is well, but for not running: the place where each broken set-up begins. */
async function patientIn(folder: TempFolder, document: object = {}): Promise<Patient & { places: ModePlaces }> {
  const places = placesIn(folder);
  mkdirSync(places.state, { mode: 0o700 });
  writeFileSync(places.configFile ?? "", JSON.stringify(document), { mode: 0o600 });
  return { mode: "session", env: {}, places };
}

const failing = async (patient: Patient) => (await diagnose(patient)).filter(({ kind }) => kind === "fail");

async function listening<T extends Server>(server: T): Promise<T & { port: number }> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return Object.assign(server, { port: (server.address() as { port: number }).port });
}

test("a worker that is well has no failures; that it does not run is a warning with a cure", async () => {
  await using folder = await tempFolder();
  const findings = await diagnose(await patientIn(folder));
  expect(failures(findings)).toBe(0);
  const service = {
    check: "service",
    kind: "warning",
    cure: expect.stringContaining("farhand worker start") as string,
  };
  expect(findings).toContainEqual(expect.objectContaining(service));
  expect(findings.map(({ check }) => check)).toEqual([
    ...["configuration file", "configuration", "permissions", "state folder", "service", "disk", "node", "API"],
  ]);
});

/** Each makes one thing wrong and says which check tells it (CAT-113). */
const broken: Readonly<Record<string, (folder: TempFolder) => Promise<Patient>>> = {
  "configuration: text": async (folder) => {
    const patient = await patientIn(folder);
    writeFileSync(folder.file("worker.yaml"), "a: [");
    return patient;
  },
  "configuration: key": (folder) => patientIn(folder, { nonsense: 1 }),
  "configuration: work type": (folder) => patientIn(folder, { workTypes: [{ worktype: "a", comand: "b" }] }),
  "configuration: variable": async (folder) => ({ ...(await patientIn(folder)), env: { WORKER_NAEM: "x" } }),
  "configuration: rules": (folder) => patientIn(folder, { api: { enabled: true, listen: "0.0.0.0" } }),
  "permissions: file": async (folder) => {
    const patient = await patientIn(folder);
    chmodSync(folder.file("worker.yaml"), 0o646);
    return patient;
  },
  "permissions: folder": async (folder) => {
    const patient = await patientIn(folder);
    chmodSync(folder.path, 0o777);
    return patient;
  },
  "state folder: no folder": async (folder) => {
    const patient = await patientIn(folder);
    rmSync(patient.places.state, { recursive: true });
    writeFileSync(patient.places.state, "");
    return patient;
  },
  "service: lock": async (folder) => {
    const patient = await patientIn(folder);
    mkdirSync(join(patient.places.state, "service.lock"));
    return patient;
  },
  "API certificate: none": (folder) =>
    patientIn(folder, { api: { enabled: true, port: 0, cert: "/nowhere.pem", key: "/nowhere.key" } }),
  "API certificate: of another": async (folder) => {
    const { server, client } = await makeCertificates(folder.path);
    return await patientIn(folder, { api: { enabled: true, port: 0, cert: server.cert, key: client.key } });
  },
  "server name: unknown": (folder) => patientIn(folder, { server: { urls: ["https://no-such-host.invalid"] } }),
  "server port: closed": (folder) => patientIn(folder, { server: { urls: ["http://127.0.0.1:1"] } }),
  "entitlement: no file": (folder) => patientIn(folder, { entitlement: "/nowhere/entitlement" }),
  "entitlement: none": (folder) => patientIn(folder, { entitlement: "fhe1.copied-in-part" }),
  "entitlement: over (CAT-99)": (folder) =>
    patientIn(folder, { entitlement: testIssuer().sign({ notBefore: 1, notAfter: 2 }) }),
};

test.each(Object.keys(broken))("%s is one failure, by the name of its check (CAT-113)", async (name) => {
  await using folder = await tempFolder();
  const found = await failing(await broken[name]!(folder));
  expect(found.map(({ check }) => check)).toEqual([name.split(":")[0]]);
  expect(found[0]).toMatchObject({ cure: expect.stringMatching(/./) as string });
});

describe("what needs a listener", () => {
  test("a port that is taken", async () => {
    await using folder = await tempFolder();
    await using other = await listening(createServer());
    const found = await failing(await patientIn(folder, { api: { enabled: true, port: other.port } }));
    expect(found).toMatchObject([{ check: "API port", cure: expect.stringContaining("ss -ltnp") as string }]);
  });

  test("a service that holds the state, and whose socket does not answer", async () => {
    await using folder = await tempFolder();
    const patient = await patientIn(folder);
    const lock = lockState(patient.places.state, "session");
    expect(await failing(patient)).toMatchObject([{ check: "socket", says: /does not answer \(ENOENT\)/ }]);
    await using socket = createServer();
    await new Promise<void>((resolve) => socket.listen(patient.places.socket, resolve));
    expect(await failing(patient)).toEqual([]);
    lock.close();
  });

  test("a server whose certificate nobody vouches for, and one that is pinned or whose authority is named", async () => {
    await using folder = await tempFolder();
    const { server, ca } = await makeCertificates(folder.path);
    const options = { cert: readFileSync(server.cert), key: readFileSync(server.key) };
    const secure = createHttps(options, (_request, response) => response.end());
    await using https = await listening(secure);
    const urls = [`https://127.0.0.1:${https.port}`];
    const with_ = async (more: object) => {
      const patient = { mode: "session", env: {}, places: placesIn(folder) } as const;
      mkdirSync(patient.places.state, { recursive: true });
      writeFileSync(patient.places.configFile ?? "", JSON.stringify({ server: { urls, ...more } }), { mode: 0o600 });
      return (await failing(patient)).map(({ check }) => check);
    };
    expect(await with_({})).toEqual(["server TLS"]);
    expect(await with_({ caFile: ca })).toEqual([]);
    expect(await with_({ pin: fingerprintOf(server.cert) })).toEqual([]);
    expect(await with_({ pin: "ab".repeat(32) })).toEqual(["server TLS"]);
    // A worker that has joined knows who vouches for its server's port.
    writeFileSync(join(placesIn(folder).state, "port-authorities.crt"), readFileSync(ca));
    expect(await with_({})).toEqual([]);
    https.closeAllConnections();
  });

  test("roles that let nobody in, and a clock that is off", async () => {
    await using folder = await tempFolder();
    const old = createHttp((_request, response) => response.setHeader("Date", "Thu, 01 Jan 2026 00:00:00 GMT").end());
    await using http = await listening(old);
    const document = {
      server: { urls: [`http://127.0.0.1:${http.port}`] },
      remoteAccess: { roles: { admin: "none" } },
    };
    const findings = await diagnose({ ...(await patientIn(folder, document)), now: () => Date.UTC(2026, 0, 1, 2) });
    expect(findings).toContainEqual(expect.objectContaining({ check: "roles", kind: "fail" }));
    const clock = { check: "clock", kind: "warning", says: "this clock is 7200 s ahead of the server's" };
    expect(findings).toContainEqual(expect.objectContaining(clock));
    expect(failures(findings)).toBe(1);
    http.closeAllConnections();
  });
});

test("an old Node is told", () => {
  expect(recentNode("18.20.0")).toMatchObject({ kind: "fail" });
  expect(recentNode("20.18.0")).toMatchObject({ kind: "fail" });
  expect(recentNode("20.19.0")).toMatchObject({ kind: "ok" });
  expect(recentNode("24.0.1")).toMatchObject({ kind: "ok" });
});

test("CAT-99: an entitlement that ends within fourteen days is a warning, one that lasts is fine", async () => {
  await using folder = await tempFolder();
  const dayMs = 86_400_000;
  for (const [days, kind] of [
    [10, "warning"],
    [100, "ok"],
  ] as const) {
    const entitlement = testIssuer().sign({ notAfter: Date.now() + days * dayMs });
    const place = folder.file(String(days));
    mkdirSync(place);
    const patient = await patientIn({ ...folder, path: place, file: (name) => join(place, name) }, { entitlement });
    const found = (await diagnose(patient)).find(({ check }) => check === "entitlement");
    expect(found).toMatchObject({ kind });
  }
});
