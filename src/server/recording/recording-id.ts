import { randomBytes } from "node:crypto";

/** Digits of the time: enough until the year 5000. */
const timeDigits = 9;
const idShape = /^[0-9a-z]{9}[0-9a-f]{12}$/;

/** A new id; ids are in the order of their time. @param now milliseconds since 1970. */
export function newRecordingId(now: number): string {
  return `${now.toString(36).padStart(timeDigits, "0")}${randomBytes(6).toString("hex")}`;
}

export function isRecordingId(text: string): boolean {
  return idShape.test(text);
}

/** When it was made, milliseconds since 1970. */
export function timeOfRecording(id: string): number {
  return Number.parseInt(id.slice(0, timeDigits), 36);
}
