import type { TwinLink } from "./mirror-context.ts";
import { type ToldStatus, withCause } from "./told-status.ts";
import { UnitState } from "../wire.ts";

/**
 * The twin has ended and its output is here: end the mirror, if the output is what the ending says (design §2, idea 3).
 *
 * A mirror never ends well with bytes that are not those of its twin. The first time they differ they are thrown away, to be
 * fetched again; the second time the unit has failed.
 *
 * @returns whether the mirror is final now.
 */
export async function conclude(link: TwinLink, told: ToldStatus, isSecondTry: boolean): Promise<boolean> {
  const output = await link.output();
  const { bytes, sha256 } = await output.seal();
  if (bytes === told.StdoutSize && (told.StdoutSha256 ?? sha256) === sha256) {
    const final = { ...withCause(told), StdoutSha256: sha256 };
    await link.record.finish({ ...final, Cause: final.Cause ?? "REMOTE_REPORTED" });
    return true;
  }
  if (!isSecondTry) {
    link.context.log.warn(`output of unit ${link.unit.id} is not what its node says; it is fetched again`);
    await output.clear();
    return false;
  }
  await mismatched(link, differenceText(bytes, told));
  return true;
}

/** End the mirror because its output cannot be had. */
export async function mismatched(link: TwinLink, why: string): Promise<void> {
  const { bytes, sha256 } = await (await link.output()).seal();
  await link.record.finish({
    State: UnitState.Failed,
    Detail: `the output from node ${link.record.data.RemoteNode} is not that of the unit: ${why}`,
    StdoutSize: bytes,
    StdoutSha256: sha256,
    Cause: "OUTPUT_MISMATCH",
  });
}

function differenceText(bytes: number, { StdoutSize }: ToldStatus): string {
  return bytes === StdoutSize
    ? "its SHA-256 differs from the one in the final status"
    : `${bytes} bytes came and the final status counts ${StdoutSize}`;
}
