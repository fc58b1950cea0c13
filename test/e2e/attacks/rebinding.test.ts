import type { LookupAddress } from "node:dns";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { apiKit } from "../../kit/api.ts";
import { managedWorker, rpc, servicePassword, socketClient } from "../../kit/managed-worker.ts";

const kit = apiKit();

/**
 * A page of somebody else whose name has come to mean this machine (DNS rebinding): its requests arrive, from the browser
 * of somebody who is logged in here, and carry the name they were sent to.
 */
const names = [
  ...["rebind.test", "localhost.rebind.test", "127.0.0.1.nip.test", "localhost.localdomain"],
  ...["2130706433", "0x7f000001", "xn--lclhost-1wa.test"],
];

/** What every name resolves to by now: this machine. */
const toHere = (_name: string, options: { all?: boolean }, done: (...found: unknown[]) => void): void => {
  const here: LookupAddress = { address: "127.0.0.1", family: 4 };
  if (options.all) done(null, [here]);
  else done(null, here.address, here.family);
};

interface Page {
  readonly name: string;
  readonly port: number;
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
}

/** What the page's script gets. */
async function fetchFrom({ name, port, path, method = "GET", headers = {}, body }: Page) {
  const host = `${name}:${port}`;
  const options = { lookup: toHere as never, rejectUnauthorized: false, checkServerIdentity: () => undefined };
  const json = body && JSON.stringify(body);
  const asking = request({
    ...{ ...options, hostname: name, port, path, method, agent: false, servername: "" },
    // A browser says this by itself, and no script can change it.
    headers: { host, origin: `https://${host}`, ...(json && { "content-type": "application/json" }), ...headers },
  });
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    asking.once("response", resolve).once("error", reject).end(json);
  });
  let text = "";
  for await (const chunk of answer) text += String(chunk);
  return { status: answer.statusCode ?? 0, text, headers: answer.headers };
}

function upgradeFrom(name: string, port: number, path: string, headers: Readonly<Record<string, string>>) {
  const host = `${name}:${port}`;
  const socket = new WebSocket(`wss://127.0.0.1:${port}${path}`, {
    ...{ rejectUnauthorized: false, headers: { host, origin: `https://${host}`, ...headers } },
  });
  return new Promise<string>((resolve) => {
    socket.once("open", () => resolve("open"));
    socket.once("unexpected-response", (_request, { statusCode }) => resolve(String(statusCode)));
    socket.once("error", () => resolve("refused"));
  }).finally(() => socket.terminate());
}

describe("a page whose name was bound to this machine anew (CAT-19)", () => {
  test.each(names)(
    "reads and changes nothing of a worker as %s, with the cookie of somebody who is in",
    async (name) => {
      await using worker = await managedWorker({
        api: "https",
        rules: { legacyPassword: { remote: true, level: "configure", acceptHashLocally: false } },
      });
      using local = await socketClient(worker.socket);
      await local.call("password.set", { password: servicePassword });
      const port = Number(new URL(worker.api).port);
      const login = await fetchFrom({
        ...{ name: "localhost", port, path: "/rpc", method: "POST" },
        body: rpc("password.login", { password: servicePassword }),
      });
      const token = (JSON.parse(login.text) as { result: { token: string } }).result.token;
      const cookie = `farhand_worker=${token}`;
      const own = { name: "localhost", port, path: "/v1/status", headers: { cookie } };
      expect((await fetchFrom(own)).status).toBe(200);

      for (const headers of [{ cookie }, { authorization: `Bearer ${token}` }]) {
        const asks: Page[] = [
          { name, port, path: "/v1/status", headers },
          { name, port, path: "/rpc", method: "POST", headers, body: rpc("worker.status") },
          { name, port, path: "/v1/switches/workers", method: "PUT", headers, body: { on: false } },
        ];
        for (const page of asks) {
          const got = await fetchFrom(page);
          expect(got.status, page.path).toBe(403);
          expect(got.text).not.toContain("nodeId");
          expect(got.headers["access-control-allow-origin"]).toBeUndefined();
        }
        expect(await upgradeFrom(name, port, "/rpc/stream", headers)).toBe("403");
      }
      expect(worker.management.switches.states.workers).toBe(true);
    },
  );

  test.each(names)("reads and changes nothing of a server as %s, with the cookie of an admin", async (name) => {
    await using api = await kit.open();
    const user = await api.user("root", "admin");
    const cookie = `farhand_session=${user.token}`;
    const mark = { cookie, "x-farhand": "1" };
    expect((await fetchFrom({ name: "localhost", port: api.port, path: "/api/me", headers: mark })).status).toBe(200);
    const asks: Page[] = [
      { name, port: api.port, path: "/api", headers: mark },
      { name, port: api.port, path: "/api/me", headers: mark },
      { name, port: api.port, path: "/api/users", headers: { ...mark, authorization: `Bearer ${user.token}` } },
      {
        ...{ name, port: api.port, path: "/api/users", method: "POST", headers: mark },
        body: { name: "evil", password: "a lamp on the far hill", role: "admin" },
      },
      { name, port: api.port, path: "/healthz", headers: mark },
    ];
    for (const page of asks) {
      const got = await fetchFrom(page);
      expect(got.status, `${page.method ?? "GET"} ${page.path}`).toBe(421);
      expect(got.text).not.toContain("root");
      expect(got.headers["access-control-allow-origin"]).toBeUndefined();
    }
    expect(await upgradeFrom(name, api.port, "/api/live", mark)).not.toBe("open");
    expect((await api.access.accounts.list()).map((one) => one.name)).toEqual(["root"]);
  });
});
