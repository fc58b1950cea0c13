/** Something that breaks a rule of the house. `file` is relative to the root. */
export interface BrokenRule {
  readonly file: string;
  readonly line: number;
  readonly rule: string;
}

/** Everything that breaks a rule under `root`. */
export function checkRooms(root: string): BrokenRule[];
