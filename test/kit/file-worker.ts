import { type Clock, silentLog } from "#core";
import { joinServer } from "../../src/worker/service/join-server.ts";
import { startService, type WorkerService } from "../../src/worker/service/service.ts";
import type { TestServer } from "./server.ts";
import type { TempFolder } from "./temp-folder.ts";

/** A worker of a server with a `worker.yaml` of its own, started again as often as it wants. */
export interface FileWorker extends AsyncDisposable {
  readonly configFile: string;
  starts(): number;
}

export interface FileWorkerOptions {
  readonly server: { readonly url: string; readonly core: Pick<TestServer["core"], "enrolments"> };
  readonly folder: TempFolder;
  readonly name: string;
  /** What times edits that must be confirmed. */
  readonly clock?: Clock;
  /** More of its environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Join it to the server and start it: `await using worker = await fileWorker({…})`. */
export async function fileWorker({ server, folder, name, clock, env = {} }: FileWorkerOptions): Promise<FileWorker> {
  const own = {
    XDG_CONFIG_HOME: folder.file(`${name}-config`),
    XDG_STATE_HOME: folder.file(`${name}-state`),
    XDG_RUNTIME_DIR: folder.file(`${name}-run`),
    ...env,
  };
  await joinServer({
    ...{ serverUrl: server.url, token: (await server.core.enrolments.make({ name }, "u1")).token, name },
    ...{ workTypes: [{ worktype: "echo", command: "echo" }], mode: "session", env: { ...own }, log: silentLog },
    signal: AbortSignal.timeout(30_000),
  });
  let service: WorkerService | undefined;
  let starts = 0;
  const running = (async () => {
    for (let how = "restart"; how === "restart"; ) {
      starts++;
      service = await startService({ mode: "session", env: { ...own }, log: silentLog, ...(clock && { clock }) });
      how = await service.ended;
      await service.close(how === "restart" ? "restarting" : "stopped");
    }
  })();
  running.catch(() => {});
  return {
    configFile: `${own.XDG_CONFIG_HOME}/farhand/worker.yaml`,
    starts: () => starts,
    async [Symbol.asyncDispose]() {
      await service?.close("stopped");
    },
  };
}
