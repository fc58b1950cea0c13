/**
 * Units of work: taken in, run by helpers, followed live, kept on disk, and never lied about.
 *
 * Start at {@link openUnits}, and offer {@link workCommand} over the control service.
 */
export {
  cancelUnit,
  type EndedUnit,
  listUnits,
  releaseUnit,
  type SubmitRequest,
  type SubmittedUnit,
  submitUnit,
  unitOutput,
  unitStatus,
} from "./client.ts";
export { workCommand } from "./commands.ts";
export { WorkError, type WorkErrorCode, workErrors } from "./errors.ts";
export { parseWorkRules } from "./rules/parse-work-rules.ts";
export { splitParams } from "./runner/params.ts";
export { toolTrouble } from "./runner/tool.ts";
export { type CommandUser, findUser } from "./runner/user.ts";
export { permit } from "./rules/permission.ts";
export type { WorkRules } from "./rules/work-rules.ts";
export type { Dial, RemoteOptions } from "./remote/remote-options.ts";
export type { Claim, LoopTask, Word } from "./loop/held-task.ts";
export { LocalPool } from "./loop/local-pool.ts";
export type { LoopHelper, Loops, NextTask } from "./loop/loops.ts";
export type { KnownClaim, TaskDesk, Told } from "./loop/task-desk.ts";
export type {
  CommandSettings,
  LocalLoop,
  LoopSettings,
  PythonSettings,
  Retention,
  ToolSettings,
  UseLimits,
  WorkLimits,
  WorkTypeSettings,
} from "./settings.ts";
export { signalName } from "./unit/signal-names.ts";
export { openSignatures, type SignatureOptions, type WorkSignatures } from "./signature/signatures.ts";
export type { NewUnit, WatchedUnit } from "./new-unit.ts";
export { openUnits } from "./open-units.ts";
export type { Units } from "./units.ts";
export type { UnitsOptions } from "./units-options.ts";
