import type { AnyCommand } from "./command.ts";
import { certInit } from "./commands/cert-init.ts";
import { certMakereq } from "./commands/cert-makereq.ts";
import { certSignreq } from "./commands/cert-signreq.ts";
import { completion } from "./commands/completion.ts";
import { configCheck } from "./commands/config-check.ts";
import { configConvert } from "./commands/config-convert.ts";
import { connect } from "./commands/connect.ts";
import { ping } from "./commands/ping.ts";
import { receptor } from "./commands/receptor.ts";
import { reload } from "./commands/reload.ts";
import { sim } from "./commands/sim.ts";
import { status } from "./commands/status.ts";
import { traceroute } from "./commands/traceroute.ts";
import { version } from "./commands/version.ts";
import { workCancel } from "./commands/work-cancel.ts";
import { workList } from "./commands/work-list.ts";
import { workRelease } from "./commands/work-release.ts";
import { workResults } from "./commands/work-results.ts";
import { workStatus } from "./commands/work-status.ts";
import { workSubmit } from "./commands/work-submit.ts";
import { worker } from "./commands/worker.ts";

/** Titles of groups: the first words that more than one command shares. */
export const groups: Readonly<Record<string, string>> = {
  work: "Units of work",
  config: "Configuration files",
};

/** Every command of `farhand`, in the order of help. */
export const commands: readonly AnyCommand[] = [
  worker,
  receptor,
  status,
  ping,
  traceroute,
  connect,
  reload,
  version,
  completion,
  workSubmit,
  workResults,
  workList,
  workStatus,
  workCancel,
  workRelease,
  configCheck,
  configConvert,
  certInit,
  certMakereq,
  certSignreq,
  sim,
];
