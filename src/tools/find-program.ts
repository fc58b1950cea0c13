import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Where programs of the system lie, also those that only root has in its PATH. */
const usualPlaces = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/** Absolute path of a program of this machine that may be run, or undefined. `path` is that of the environment. */
export function findProgram(program: string, path = process.env["PATH"] ?? ""): string | undefined {
  const places = [...path.split(delimiter).filter((place) => place.startsWith("/")), ...usualPlaces];
  return places.map((place) => join(place, program)).find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
