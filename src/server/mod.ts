/**
 * The server: users, workers and their configurations, and the API through which people and programs reach them.
 *
 * Start at {@link startServer}. Over its database alone: {@link writeBackup}, {@link restoreBackup}, {@link recoverAdmin},
 * {@link enterLocally}.
 */
export { type Recovery, recoverAdmin } from "./auth/recovery.ts";
export { restoreBackup, type RestoreReport } from "./backup/restore-backup.ts";
export { type BackupReport, writeBackup } from "./backup/write-backup.ts";
export { factorPolicy } from "./auth/factor-policy.ts";
export { ServerError, type ServerErrorCode, serverErrors } from "./errors.ts";
export type { Asker } from "./line/worker-lines.ts";
export { enterLocally, type LocalEntitlement, serverIdIn } from "./policy/local-entitlements.ts";
export { parseRoad, type ServerRoad } from "./line/server-roads.ts";
export { type RunningServer, type ServerSettings, startServer } from "./server.ts";
export { openStore, type Store, type StoreSettings } from "./store/store.ts";
