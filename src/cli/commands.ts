import type { AnyCommand } from "./command.ts";
import { appliance } from "./commands/appliance.ts";
import { auditExport } from "./commands/audit-export.ts";
import { auditList } from "./commands/audit-list.ts";
import { auditVerify } from "./commands/audit-verify.ts";
import { capture } from "./commands/capture.ts";
import { certInit } from "./commands/cert-init.ts";
import { certMakereq } from "./commands/cert-makereq.ts";
import { certSignreq } from "./commands/cert-signreq.ts";
import { completion } from "./commands/completion.ts";
import { configCheck } from "./commands/config-check.ts";
import { configConfirm } from "./commands/config-confirm.ts";
import { configConvert } from "./commands/config-convert.ts";
import { configDiff } from "./commands/config-diff.ts";
import { configEdit } from "./commands/config-edit.ts";
import { configExport } from "./commands/config-export.ts";
import { configGet } from "./commands/config-get.ts";
import { configHistory } from "./commands/config-history.ts";
import { configImport } from "./commands/config-import.ts";
import { configPut } from "./commands/config-put.ts";
import { configRollback } from "./commands/config-rollback.ts";
import { configRollout } from "./commands/config-rollout.ts";
import { configStatus } from "./commands/config-status.ts";
import { connect } from "./commands/connect.ts";
import { enrolToken } from "./commands/enrol-token.ts";
import { enrolTokenList } from "./commands/enrol-token-list.ts";
import { enrolTokenRevoke } from "./commands/enrol-token-revoke.ts";
import { entitlements } from "./commands/entitlements.ts";
import { entitlementsAdd } from "./commands/entitlements-add.ts";
import { entitlementsKey } from "./commands/entitlements-key.ts";
import { entitlementsRemove } from "./commands/entitlements-remove.ts";
import { entitlementsShow } from "./commands/entitlements-show.ts";
import { entitlementsSign } from "./commands/entitlements-sign.ts";
import { helper } from "./commands/helper.ts";
import { helperToken } from "./commands/helper-token.ts";
import { helperTokenList } from "./commands/helper-token-list.ts";
import { helperTokenRevoke } from "./commands/helper-token-revoke.ts";
import { login } from "./commands/login.ts";
import { logout } from "./commands/logout.ts";
import { monitor } from "./commands/monitor.ts";
import { progress } from "./commands/progress.ts";
import { monitorToken } from "./commands/monitor-token.ts";
import { packets } from "./commands/packets.ts";
import { password } from "./commands/password.ts";
import { ping } from "./commands/ping.ts";
import { probe } from "./commands/probe.ts";
import { quokkaAdd } from "./commands/quokka-add.ts";
import { quokkaImport } from "./commands/quokka-import.ts";
import { receptor } from "./commands/receptor.ts";
import { recordings } from "./commands/recordings.ts";
import { recordingsExport } from "./commands/recordings-export.ts";
import { recordingsPlay } from "./commands/recordings-play.ts";
import { reload } from "./commands/reload.ts";
import { run } from "./commands/run.ts";
import { server } from "./commands/server.ts";
import { serverAdminRecover } from "./commands/server-admin-recover.ts";
import { scan } from "./commands/scan.ts";
import { serverBackup } from "./commands/server-backup.ts";
import { serverEntitlement } from "./commands/server-entitlement.ts";
import { serverRestore } from "./commands/server-restore.ts";
import { sessions } from "./commands/sessions.ts";
import { sessionsEnd } from "./commands/sessions-end.ts";
import { forward } from "./commands/forward.ts";
import { shell } from "./commands/shell.ts";
import { sim } from "./commands/sim.ts";
import { status } from "./commands/status.ts";
import { tokens } from "./commands/tokens.ts";
import { tokensMake } from "./commands/tokens-make.ts";
import { tokensRevoke } from "./commands/tokens-revoke.ts";
import { totpDisable } from "./commands/totp-disable.ts";
import { totpEnable } from "./commands/totp-enable.ts";
import { trace } from "./commands/trace.ts";
import { traceroute } from "./commands/traceroute.ts";
import { units } from "./commands/units.ts";
import { unitsCancel } from "./commands/units-cancel.ts";
import { unitsList } from "./commands/units-list.ts";
import { unitsOutput } from "./commands/units-output.ts";
import { unitsRelease } from "./commands/units-release.ts";
import { unitsShow } from "./commands/units-show.ts";
import { users } from "./commands/users.ts";
import { usersAdd } from "./commands/users-add.ts";
import { usersPassword } from "./commands/users-password.ts";
import { usersRemove } from "./commands/users-remove.ts";
import { usersResetFactor } from "./commands/users-reset-factor.ts";
import { usersSessions } from "./commands/users-sessions.ts";
import { usersSet } from "./commands/users-set.ts";
import { usersTrace } from "./commands/users-trace.ts";
import { version } from "./commands/version.ts";
import { whoami } from "./commands/whoami.ts";
import { workCancel } from "./commands/work-cancel.ts";
import { workList } from "./commands/work-list.ts";
import { workRelease } from "./commands/work-release.ts";
import { workResults } from "./commands/work-results.ts";
import { workStatus } from "./commands/work-status.ts";
import { workSubmit } from "./commands/work-submit.ts";
import { worker } from "./commands/worker.ts";
import { workerDoctor } from "./commands/worker-doctor.ts";
import { workerEdit } from "./commands/worker-edit.ts";
import { workerEntitlement } from "./commands/worker-entitlement.ts";
import { workerHarden } from "./commands/worker-harden.ts";
import { workerDrain } from "./commands/worker-drain.ts";
import { workerInstall } from "./commands/worker-install.ts";
import { workerPassword } from "./commands/worker-password.ts";
import { workerReset } from "./commands/worker-reset.ts";
import { workerJoin } from "./commands/worker-join.ts";
import { workerRestart } from "./commands/worker-restart.ts";
import { workerStart } from "./commands/worker-start.ts";
import { workerStatus } from "./commands/worker-status.ts";
import { workerStop } from "./commands/worker-stop.ts";
import { workerSupport } from "./commands/worker-support.ts";
import { workerSwitches } from "./commands/worker-switches.ts";
import { workerUi } from "./commands/worker-ui.ts";
import { workers } from "./commands/workers.ts";
import { workersApprove } from "./commands/workers-approve.ts";
import { workersDoctor } from "./commands/workers-doctor.ts";
import { workersPending } from "./commands/workers-pending.ts";
import { workersReject } from "./commands/workers-reject.ts";
import { workersRemove } from "./commands/workers-remove.ts";
import { workersRestart } from "./commands/workers-restart.ts";
import { workersSet } from "./commands/workers-set.ts";
import { workersShow } from "./commands/workers-show.ts";
import { workersUnlock } from "./commands/workers-unlock.ts";
import { workersSwitch } from "./commands/workers-switch.ts";

/** Titles of groups: the first words that more than one command shares. */
export const groups: Readonly<Record<string, string>> = {
  work: "Units of work",
  server: "A server and its workers",
  quokka: "Workers of a server",
  audit: "Users, tokens and audit of a server",
  totp: "A server and your access to it",
  config: "Configuration files",
};

/** Every command of `farhand`, in the order of help. */
export const commands: readonly AnyCommand[] = [
  worker,
  workerJoin,
  workerStart,
  appliance,
  server,
  serverBackup,
  serverRestore,
  serverAdminRecover,
  serverEntitlement,
  monitor,
  monitorToken,
  workerStatus,
  workerSwitches,
  workerUi,
  workerRestart,
  workerStop,
  workerDrain,
  workerPassword,
  workerHarden,
  workerEdit,
  workerEntitlement,
  workerDoctor,
  workerReset,
  workerSupport,
  workerInstall,
  helper,
  helperToken,
  helperTokenList,
  helperTokenRevoke,
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
  login,
  logout,
  whoami,
  password,
  totpEnable,
  totpDisable,
  sessions,
  sessionsEnd,
  workers,
  workersShow,
  workersDoctor,
  workersSet,
  workersSwitch,
  workersRestart,
  workersRemove,
  workersUnlock,
  workersPending,
  workersApprove,
  workersReject,
  quokkaAdd,
  quokkaImport,
  run,
  shell,
  forward,
  units,
  unitsList,
  unitsShow,
  unitsOutput,
  progress,
  unitsCancel,
  unitsRelease,
  capture,
  trace,
  scan,
  probe,
  packets,
  configGet,
  configEdit,
  configPut,
  configHistory,
  configDiff,
  configRollback,
  configStatus,
  configRollout,
  configExport,
  configImport,
  configConfirm,
  users,
  usersAdd,
  usersSet,
  usersPassword,
  usersResetFactor,
  usersSessions,
  usersRemove,
  usersTrace,
  tokens,
  tokensMake,
  tokensRevoke,
  enrolToken,
  enrolTokenList,
  enrolTokenRevoke,
  entitlements,
  entitlementsAdd,
  entitlementsRemove,
  entitlementsShow,
  entitlementsSign,
  entitlementsKey,
  auditList,
  auditVerify,
  auditExport,
  recordings,
  recordingsPlay,
  recordingsExport,
];
