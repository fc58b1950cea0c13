/** What a signature is asked for: what the request says, as both ends know it from the request itself. */
export type WorkFacts = SubmitFacts | EndingFacts | ResultsFacts;

/** Work that is given to a node. */
export interface SubmitFacts {
  readonly operation: "submit";
  /** The id the submitter chose (`workUnitID`); empty when it leaves the choice to the executing node. */
  readonly unitId: string;
  /** The type as the executing node calls it. */
  readonly workType: string;
  /** Every work parameter of the request; the reserved keys (spec §1.8) are none. */
  readonly params: Readonly<Record<string, string>>;
}

/** A request to end or remove a unit of the executing node. */
export interface EndingFacts {
  readonly operation: "cancel" | "release" | "force-release";
  readonly unitId: string;
  /** The type of the unit as the executing node calls it. */
  readonly workType: string;
}

/** A request for the output of a unit of the executing node. */
export interface ResultsFacts {
  readonly operation: "results";
  readonly unitId: string;
  readonly workType: string;
  /** The first byte that is asked for. */
  readonly startPos: number;
}

/** What may be asked under a signature. */
export type SignedOperation = WorkFacts["operation"];
