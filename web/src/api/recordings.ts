import type { Page, Recording } from "#server/wire";
import { apiPath, word } from "./place.ts";
import { problemIn } from "./problem.ts";
import { get, send } from "./request.ts";

/** Recordings, the newest first. @param cursor `next` of the part before. */
export function readRecordings(live: boolean, cursor: string, signal: AbortSignal): Promise<Page<Recording>> {
  const query = new URLSearchParams({ limit: "100", ...(live && { live: "true" }), ...(cursor !== "" && { cursor }) });
  return get(`recordings?${query}`, signal);
}

export const readRecording = (id: string, signal: AbortSignal): Promise<Recording> =>
  get(`recordings/${word(id)}`, signal);

/** Where the browser fetches what a recording holds: asciicast v2 of a terminal, JSON lines of a TCP stream. */
export const recordingPath = (id: string): string => apiPath(`recordings/${word(id)}/content`);

/**
 * What a recording holds, as its bytes come; with `follow` until it is over.
 *
 * @throws {ProblemError} RECORDING_ALTERED, RECORDING_NOT_FOUND, and the rest. @throws the reason of `signal`; in the middle,
 *   where what comes next cannot be read, whatever the browser says of that.
 */
export async function* recordingBytes(id: string, follow: boolean, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const answer = await send("GET", `recordings/${word(id)}/content?follow=${follow}`, { signal });
  if (!answer.ok) throw problemIn(await answer.json(), answer.status, answer.statusText);
  const reader = answer.body?.getReader();
  for (let read = await reader?.read(); read && !read.done; read = await reader?.read()) yield read.value;
}
