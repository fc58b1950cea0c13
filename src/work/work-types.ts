import { isToolName } from "#tools/wire";
import { WorkError } from "./errors.ts";
import type { ToolSettings, WorkTypeSettings } from "./settings.ts";
import { remoteType } from "./wire.ts";

/** The work types this node offers, by name. */
export class WorkTypes {
  readonly #types = new Map<string, WorkTypeSettings>();

  /** @throws {WorkError} `WORK_TYPE_TAKEN` for a second type of one name; `remote` is always taken (spec §2.3). */
  constructor(types: readonly WorkTypeSettings[]) {
    for (const type of types) {
      if (type.workType === remoteType || this.#types.has(type.workType)) {
        throw new WorkError("WORK_TYPE_TAKEN", `work type ${type.workType} already registered`);
      }
      this.#types.set(type.workType, type);
    }
  }

  /** @throws {WorkError} `WORK_TYPE_UNKNOWN`. */
  get(name: string): WorkTypeSettings {
    const type = this.#types.get(name);
    if (!type) throw new WorkError("WORK_TYPE_UNKNOWN", `unknown work type ${name}${wayToOpen(name)}`);
    return type;
  }

  find(name: string): WorkTypeSettings | undefined {
    return this.#types.get(name);
  }

  /** With everything their settings say. */
  all(): WorkTypeSettings[] {
    return [...this.#types.values()];
  }

  /** The built-in tools among them. */
  tools(): ToolSettings[] {
    return this.all().filter((type) => type.kind === "tool");
  }

  /** Does this node ask for signatures on work of this type? */
  isSigned(name: string): boolean {
    const type = this.#types.get(name);
    return type !== undefined && type.kind !== "python" && type.verifySignature === true;
  }

  /** As they stand in service advertisements (spec §1.5). */
  list(): { WorkType: string; Secure: boolean }[] {
    return [...this.#types.keys()].map((WorkType) => ({ WorkType, Secure: this.isSigned(WorkType) }));
  }
}

/** Tools are closed unless somebody opened them: who asks for one is told how. */
function wayToOpen(name: string): string {
  return isToolName(name)
    ? `: this worker has not opened that tool; \`tools: {${name}: {}}\` in its configuration does`
    : "";
}
