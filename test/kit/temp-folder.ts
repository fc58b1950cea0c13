import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder of one test, removed with everything in it at the end of its scope. */
export interface TempFolder extends AsyncDisposable {
  readonly path: string;
  /** The path of a name inside. Short enough for a Unix socket (107 bytes), as long as the name is. */
  file(name: string): string;
}

/** Make a private folder: `await using folder = await tempFolder()`. */
export async function tempFolder(): Promise<TempFolder> {
  const path = await mkdtemp(join(parentFolder(), "t"));
  return {
    path,
    file: (name) => join(path, name),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }),
  };
}

/** The folder of the whole run when `npm test` made one, which removes it also after a crash. */
function parentFolder(): string {
  const temp = process.env.FARHAND_TEST_TEMP ?? tmpdir();
  return temp.length <= 40 ? temp : "/tmp";
}
