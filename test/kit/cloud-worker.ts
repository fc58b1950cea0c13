import { silentLog } from "#core";
import { startService, type WorkerService } from "../../src/worker/service/service.ts";
import type { TestServer } from "./server.ts";
import type { TempFolder } from "./temp-folder.ts";

/** A worker with nothing but its environment, started again as often as it wants. */
export interface CloudWorker extends AsyncDisposable {
  starts(): number;
}

export interface CloudWorkerOptions {
  readonly server: { readonly url: string; readonly core: Pick<TestServer["core"], "enrolments"> };
  readonly folder: TempFolder;
  readonly name: string;
  /** Of the configuration that the administrator gives it. */
  readonly config: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** More of its environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Start it: `await using worker = await cloudWorker({…})`. */
export async function cloudWorker(options: CloudWorkerOptions): Promise<CloudWorker> {
  const { server, folder, name, config, labels = {} } = options;
  const given = { name, labels: { ...labels, "farhand/config": config } };
  const { token } = await server.core.enrolments.make(given, "u1");
  const env = {
    ...{ WORKER_SERVER_URL: server.url, WORKER_TOKEN: token, WORKER_CONFIG: config, WORKER_NAME: name },
    ...{ WORKER_STATE_DIR: folder.file(name), XDG_RUNTIME_DIR: folder.file(`${name}-run`) },
    ...options.env,
  };
  let service: WorkerService | undefined;
  let starts = 0;
  const running = (async () => {
    for (let how = "restart"; how === "restart"; ) {
      starts++;
      service = await startService({ env: { ...env }, log: silentLog });
      how = await service.ended;
      await service.close(how === "restart" ? "restarting" : "stopped");
    }
  })();
  running.catch(() => {});
  return {
    starts: () => starts,
    async [Symbol.asyncDispose]() {
      await service?.close("stopped");
    },
  };
}
