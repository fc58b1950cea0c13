import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Site } from "#core";
import { CliError } from "../errors.ts";
import { objectIn, sendJson, sendProblem } from "./answers.ts";
import { Entry } from "./entry.ts";
import { checkHead, cookieIn, cookieName } from "./head-rules.ts";
import type { LocalWorker } from "./local-worker.ts";
import { answer } from "./requests.ts";

/** One browser's, with what a stranger may hold open. */
const maxConnections = 64;
const headersMs = 10_000;

/** The local pages, open on loopback. */
export interface LocalPages {
  /** `http://127.0.0.1:PORT/`; no secret is in it. */
  readonly url: string;
  /** What the first browser is let in by. */
  readonly code: string;
  close(): Promise<void>;
}

/**
 * Serve the pages of one worker on loopback. The listener is no carrier of the worker: whoever comes by TCP has no
 * authority of their own (CAT-22), and is let in only by the code that who owns the socket was shown.
 *
 * @param folder the built pages, with `local.html` in it. @throws {CliError} LOCAL_INVALID: they are not built; PORT_UNUSABLE.
 */
export async function openLocalPages(worker: LocalWorker, folder: string, wantedPort = 0): Promise<LocalPages> {
  const entry = new Entry();
  const site = new Site({ folder, isTaken: (path) => path.startsWith("/api/"), secure: false, page: "local.html" });
  if (!site.isThere) throw new CliError("LOCAL_INVALID", "the pages are not built: run `npm run build` first");
  const server = createServer({ headersTimeout: headersMs, maxHeaderSize: 16 * 1024 }, (request, response) => {
    serve(request, response).catch((error: unknown) => sendProblem(response, error));
  });
  server.maxConnections = maxConnections;
  const port = await listening(server, wantedPort);

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    checkHead(request, port);
    if (site.serve(request, response)) return;
    const { headers, method, url } = request;
    if (method === "POST" && url === "/api/enter") return await enter(request, response);
    const key = headers["x-farhand-page"];
    entry.check(cookieIn(headers.cookie, cookieName(port)), typeof key === "string" ? key : undefined);
    await answer(worker, request, response);
  }

  async function enter(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { code } = await objectIn(request);
    const { cookie, key } = entry.enter(code);
    const setCookie = `${cookieName(port)}=${cookie}; Path=/; HttpOnly; SameSite=Strict`;
    sendJson(response, { key }, { "set-cookie": setCookie });
  }

  return {
    url: `http://127.0.0.1:${port}/`,
    code: entry.code,
    close: async () => {
      await worker.joining.giveUp();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function listening(server: ReturnType<typeof createServer>, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    const fail = (error: Error): void =>
      reject(new CliError("PORT_UNUSABLE", `port ${port} of 127.0.0.1 cannot be used: ${error.message}`));
    server.once("error", fail).listen(port, "127.0.0.1", () => resolve(void server.off("error", fail)));
  });
  return (server.address() as AddressInfo).port;
}
