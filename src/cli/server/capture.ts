import { type JsonObject, parseSize, systemClock } from "#core";
import type { CaptureOptions } from "../commands/capture.ts";
import { CliError } from "../errors.ts";
import { oneLine } from "../quantities.ts";
import type { Terminal } from "../terminal.ts";
import type { ApiClient } from "./api-client.ts";
import { apiPath } from "./api-path.ts";
import { openSink } from "./capture-sink.ts";
import { type CaptureWord, CaptureWatch, captureWord } from "./capture-word.ts";
import { hearPresses, type Presses } from "./presses.ts";
import { withServer } from "./server-options.ts";
import { tellRemedies } from "./tool-refusal.ts";
import { exitOfAll, runTool, type ToolEnding } from "./tool-run.ts";
import { toolWorkers } from "./tool-workers.ts";
import { unitReport } from "./unit-report.ts";

/** `farhand capture`. `presses` is for tests. */
export async function captureOn(
  names: readonly string[],
  options: CaptureOptions,
  terminal: Terminal,
  presses: Presses = hearPresses(),
): Promise<number> {
  try {
    const params = captureParams(options);
    return await withServer(options, terminal, async (api) => {
      const workers = await toolWorkers(api, names, options.from);
      const sink = openSink(workers, options, terminal);
      const tell = (text: string, worker?: string): void => {
        if (!options.json) terminal.say(worker === undefined ? text : `${oneLine(worker)}: ${text}`);
      };
      const units = new Map<string, string>();
      const watch = openWatch(api, units, options, terminal);
      const endings = await runTool(
        { api, workers, tool: "capture", params, presses, whenUnread: terminal.whenUnread },
        {
          started: (worker, unit) => void units.set(worker, unit),
          output: async (worker, chunk) => {
            void watch.heard(worker);
            await sink.take(worker, chunk);
          },
          told: tell,
        },
      );
      for (const ending of endings) report(ending, sink.close(ending.worker), options, terminal);
      if (!options.json) tellRemedies(endings, terminal);
      return exitOfAll(endings);
    });
  } finally {
    presses.close();
  }
}

/** Says on stderr how far each capture is; beside packets on a terminal, or in JSON, only what was lost. */
function openWatch(
  api: ApiClient,
  units: ReadonlyMap<string, string>,
  { json, write }: CaptureOptions,
  terminal: Terminal,
): CaptureWatch {
  const isShown = json || (terminal.columns !== undefined && write === undefined);
  const textOf = (worker: string, { packets, dropped }: CaptureWord): string =>
    json
      ? JSON.stringify({ worker, packets, dropped })
      : `${oneLine(worker)}: ${packets} ${packets === 1 ? "packet" : "packets"} captured, ${dropped} dropped by the kernel so far`;
  return new CaptureWatch({
    clock: systemClock,
    ask: async (worker) => {
      const unit = units.get(worker) ?? "";
      return unitReport(await api.ask("GET", apiPath`/workers/${worker}/units/${unit}`)).report.Detail;
    },
    tell: (worker, word, hasLostMore) => {
      const text = textOf(worker, word);
      if (hasLostMore || !isShown) terminal.say(hasLostMore && !json ? terminal.colours.bad(text) : text);
    },
  });
}

/** As the tool takes them. @throws {CliError} `USAGE`. */
export function captureParams(options: CaptureOptions): JsonObject {
  const { filter, interface: name, seconds, packets, bytes, snapLength, promiscuous, withOwn } = options;
  const size = bytes === undefined ? undefined : parseSize(bytes);
  if (bytes !== undefined && !size) throw new CliError("USAGE", `--bytes: ${bytes} is no size`, { remedy: "as 10MiB" });
  const given = {
    ...{ filter, interface: name, bytes: size },
    seconds: whole("--seconds", seconds),
    packets: whole("--packets", packets),
    snapLength: whole("--snap-length", snapLength),
    ...(promiscuous && { promiscuous }),
    ...(withOwn && { excludeOwn: false }),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as JsonObject;
}

function whole(option: string, text: string | undefined): number | undefined {
  if (text === undefined || /^[1-9]\d{0,9}$/.test(text)) return text === undefined ? undefined : Number(text);
  throw new CliError("USAGE", `${option}: ${text} is no whole number above 0`);
}

function report(ending: ToolEnding, file: string | undefined, { json }: CaptureOptions, terminal: Terminal): void {
  const { worker, fault, code, exit, report: unit } = ending;
  if (json) {
    const dropped = captureWord(unit?.Detail ?? "")?.dropped;
    const told = { worker, unit: ending.unit, exit, detail: unit?.Detail, dropped, file, fault, code };
    return terminal.say(JSON.stringify(told));
  }
  const said = fault ?? unit?.Detail.replace(/^exit status 0: /, "") ?? "";
  const where = file === undefined ? "" : `, in ${file}`;
  const isWhole = fault === undefined && !said.endsWith(": incomplete");
  terminal.say(`${oneLine(worker)}: ${isWhole ? oneLine(said) : terminal.colours.bad(oneLine(said))}${where}`);
}
