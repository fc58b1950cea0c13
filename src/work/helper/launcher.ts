import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { TurnWriter } from "./turn-writer.ts";
import type { Launch } from "./wire.ts";

/** A line of the launcher (see launcher.pl). */
export type LaunchReport =
  | { kind: "started" | "refused" | "ended"; unit: string; fence: number }
  | { kind: "failed"; unit: string; fence: number; errno: number; stage: string };

/** What the owner of a launcher wants to hear. */
export interface LauncherEvents {
  report(report: LaunchReport): void;
  /** The launcher is gone; what was asked and not reported may or may not have been started: ask the records. */
  gone(): void;
}

/** One launcher process. Its reapers go on without it, and without us. */
export class Launcher {
  readonly #child: ChildProcess;
  readonly #writer: TurnWriter | undefined;
  #alive = true;

  constructor(env: Readonly<Record<string, string>>, events: LauncherEvents) {
    const script = fileURLToPath(new URL("./launcher.pl", import.meta.url));
    this.#child = spawn("perl", [script], { stdio: ["pipe", "pipe", "inherit"] });
    this.#writer = this.#child.stdin ? new TurnWriter(this.#child.stdin) : undefined;
    const gone = () => {
      if (!this.#alive) return;
      this.#alive = false;
      events.gone();
    };
    this.#child.on("error", gone).on("exit", gone);
    this.#child.stdin?.on("error", gone);
    if (this.#child.stdout) {
      // Reapers hold this pipe too, so it goes on after the launcher itself was killed.
      const lines = createInterface({ input: this.#child.stdout });
      lines.on("line", (line) => events.report(decodeReport(line))).on("error", () => undefined);
    }
    this.setEnvironment(env);
  }

  setEnvironment(env: Readonly<Record<string, string>>): void {
    this.#send(["env", ...Object.entries(env).map(([name, value]) => `${name}=${value}`)]);
  }

  /** Ask for one command. A field with a NUL byte cannot be passed on to any program. */
  start(unit: string, fence: number, dir: string, launch: Launch): void {
    const { user, order } = launch;
    this.#send([
      ...(order === undefined ? ["start"] : ["tool", order]),
      unit,
      String(fence),
      dir,
      launch.output,
      launch.cwd ?? "",
      user ? String(user.uid) : "",
      user ? String(user.gid) : "",
      user ? user.groups.join(" ") : "",
      launch.envAllow ? `,${launch.envAllow.join(",")}` : "",
      String(launch.argv.length),
      ...launch.argv,
    ]);
  }

  /** Let it end once it has read everything; reapers stay. */
  close(): void {
    this.#alive = false;
    this.#writer?.flush();
    this.#child.stdin?.end();
  }

  #send(fields: readonly string[]): void {
    const payload = Buffer.from(fields.join("\0"));
    this.#writer?.write(Buffer.concat([Buffer.from(`${payload.length}\n`), payload]));
  }
}

function decodeReport(line: string): LaunchReport {
  const [kind = "", unit = "", fence = "0", errno = "0", stage = "exec"] = line.split(" ");
  if (kind === "failed") return { kind, unit, fence: Number(fence), errno: Number(errno), stage };
  return { kind: kind as "started" | "refused" | "ended", unit, fence: Number(fence) };
}
