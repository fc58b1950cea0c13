/**
 * The server: users, workers and their configurations, and the API through which people and programs reach them.
 *
 * Start at {@link openStore}.
 */
export { ServerError, type ServerErrorCode, serverErrors } from "./errors.ts";
export { openStore, type Store, type StoreSettings } from "./store/store.ts";
