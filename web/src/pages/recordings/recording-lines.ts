import { readRecording, recordingBytes } from "../../api/recordings.ts";
import { problemOf } from "../../api/problem.ts";

/** A page keeps so much of a recording, characters. */
const mostChars = 48 * 1024 * 1024;
/** No recording of ours has longer lines: a record is 128 KiB, and JSON escapes at most six times as much. */
const longestLine = 1024 * 1024;

/** How far a recording could be read. */
export type RecordingEnd =
  | { readonly kind: "all" }
  /** What lies behind this place was altered, or taken away. */
  | { readonly kind: "altered" }
  /** The page keeps no more. */
  | { readonly kind: "tooLong" }
  /** It was altered at its beginning or its end, is not there, or may not be read: nothing was shown. */
  | { readonly kind: "refused"; readonly error: unknown };

/** An answer that broke off is asked for so often, while more of it comes. */
const mostTries = 5;

/**
 * The lines of a recording, each as it comes, until its end.
 *
 * The server breaks an answer off where the recording was altered, and so does a line that is cut: what does not get any
 * further at the next try, while the server can be reached, was altered.
 *
 * @throws the reason of `signal`; {ProblemError} where the server cannot be reached.
 */
export async function readLines(
  id: string,
  follow: boolean,
  line: (text: string) => void,
  signal: AbortSignal,
): Promise<RecordingEnd> {
  let [known, isFollowed] = [-1, follow];
  for (let tries = 0; tries < mostTries; tries++) {
    const read = await linesFrom(id, isFollowed, Math.max(0, known), line, signal);
    if (read.kind !== "broken") return read;
    if (read.lines <= known) break;
    known = read.lines;
    isFollowed = false;
  }
  await readRecording(id, signal);
  return { kind: "altered" };
}

type Broken = { readonly kind: "broken"; readonly lines: number };

/** @param from lines that are known already are passed over. */
async function linesFrom(
  id: string,
  follow: boolean,
  from: number,
  line: (text: string) => void,
  signal: AbortSignal,
): Promise<RecordingEnd | Broken> {
  const text = new TextDecoder();
  let [rest, lines, chars] = ["", 0, 0];
  let isBegun = false;
  try {
    for await (const chunk of recordingBytes(id, follow, signal)) {
      isBegun = true;
      chars += chunk.length;
      const parts = (rest + text.decode(chunk, { stream: true })).split("\n");
      rest = parts.pop() ?? "";
      for (const part of parts) if (++lines > from) line(part);
      if (chars > mostChars || rest.length > longestLine) return { kind: "tooLong" };
    }
    return { kind: "all" };
  } catch (error) {
    signal.throwIfAborted();
    if (isBegun) return { kind: "broken", lines };
    const { status } = problemOf(error);
    if (status >= 400) return { kind: "refused", error };
    // Nothing has come at all: of what is altered early, or because nobody answers.
    return { kind: "broken", lines: 0 };
  }
}
