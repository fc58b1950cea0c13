import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { timeLimit } from "#core";
import type { CertificateFiles } from "./certificates.ts";
import { startProcess } from "./processes.ts";
import { tempFolder } from "./temp-folder.ts";

/** The program of Debian's package; undefined where it is not installed. */
export const nginxProgram = ["/usr/sbin/nginx"].find((path) => existsSync(path));

/** An nginx of this test alone, on loopback. At the end of its scope it is gone. */
export interface Nginx extends AsyncDisposable {
  /** Requests that have ended: `GET /far/api 200`. One that goes on is not among them. */
  requests(): Promise<string[]>;
}

export interface NginxOptions extends CertificateFiles {
  /** Where it speaks TLS. */
  readonly port: number;
  /** Where the server behind it speaks HTTP. */
  readonly serverPort: number;
  /** With a slash at both ends. */
  readonly prefix: string;
  /** A connection on which nothing moves is cut, seconds. */
  readonly idleSeconds: number;
}

/** Start one that ends TLS before a server, as docs/tasks/run-a-server.md says. Nothing installed is touched. */
export async function startNginx(options: NginxOptions): Promise<Nginx> {
  if (nginxProgram === undefined) throw new Error("nginx is not installed");
  const folder = await tempFolder();
  await mkdir(folder.file("temp"));
  await writeFile(folder.file("nginx.conf"), configuration(folder.path, options));
  const server = await startProcess(nginxProgram, ["-p", folder.path, "-c", folder.file("nginx.conf"), "-e", "stderr"]);
  const dispose = async (): Promise<void> => {
    await server.stop("SIGTERM");
    await folder[Symbol.asyncDispose]();
  };
  try {
    await untilListening(options.port, server.ended);
  } catch (error) {
    await dispose();
    throw new Error(server.stderr(), { cause: error });
  }
  const requests = async (): Promise<string[]> =>
    (await readFile(folder.file("access.log"), "utf8")).split("\n").filter((line) => line !== "");
  return { requests, [Symbol.asyncDispose]: dispose };
}

function configuration(folder: string, { cert, key, port, serverPort, prefix, idleSeconds }: NginxOptions): string {
  const temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (kind) => `${kind}_temp_path ${folder}/temp/${kind};`,
  );
  return `
daemon off;
${process.getuid?.() === 0 ? "user root;" : ""}
pid ${folder}/pid;
worker_processes 1;
error_log stderr;
events { worker_connections 256; }
http {
  log_format plain '$request_method $request_uri $status';
  access_log ${folder}/access.log plain;
  ${temp.join("\n  ")}
  map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${cert};
    ssl_certificate_key ${key};
    location ${prefix} {
      proxy_pass http://127.0.0.1:${serverPort};
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_buffering off;
      proxy_request_buffering off;
      client_max_body_size 0;
      proxy_read_timeout ${idleSeconds}s;
      proxy_send_timeout ${idleSeconds}s;
    }
  }
}
`;
}

async function untilListening(port: number, ended: Promise<unknown>): Promise<void> {
  const giveUp = new AbortController();
  void ended.then(() => giveUp.abort(new Error("it ended")));
  for (const limit = timeLimit(30_000, giveUp.signal); ; await sleep(50)) {
    limit.throwIfAborted();
    if (await isOpen(port)) return;
  }
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
