import { SettingsError, type SettingsFault, type WorkerErrorCode } from "../errors.ts";

/** More than this many help nobody; the rest is only counted. */
const shown = 100;

/** Collects what is wrong, so that one run reports all of it. */
export class Faults {
  readonly #faults: SettingsFault[] = [];
  #code: WorkerErrorCode = "SETTINGS_INVALID";
  #more = 0;

  /** True when looking for more faults is not worth the time. */
  get full(): boolean {
    return this.#faults.length >= shown;
  }

  get any(): boolean {
    return this.#faults.length > 0;
  }

  /** Note a fault. `code` counts when it is the first. */
  add(fault: SettingsFault, code: WorkerErrorCode = "SETTINGS_INVALID"): void {
    if (!this.any) this.#code = code;
    if (this.full) this.#more++;
    else this.#faults.push(fault);
  }

  /** @throws {SettingsError} with everything that was noted. */
  throwIfAny(): void {
    if (this.any) throw new SettingsError(this.#code, this.#faults, this.#more);
  }
}
