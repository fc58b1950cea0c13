/**
 * The control protocol: lines a client sends to a daemon over a Unix socket, TCP or TLS, and what comes back.
 *
 * Start at {@link openControlListener} to serve and at {@link connectControl} to ask. What the commands mean is other
 * rooms' business: they hand in {@link ControlCommand} values. `docs/wire/control.md` describes the bytes.
 */
export { type ControlAddress, parseControlAddress } from "./address.ts";
export { type ConnectOptions, type ControlClient, connectControl, controlOver, type OverOptions } from "./client.ts";
export type { ControlCommand, ControlSession, RemoteKind } from "./command.ts";
export { ControlError, controlErrors } from "./errors.ts";
export {
  type ControlListener,
  type ControlListenerOptions,
  openControlListener,
  type ReservedListener,
  reserveControlListener,
} from "./listener.ts";
export { type ControlLimits, type ControlListenerSettings, type ControlLog, controlLimits } from "./settings.ts";
export type { JsonObject } from "./wire.ts";
