import { connectionOptions } from "./connection.ts";

/**
 * The same command line with the options of a connection behind the command, where they belong.
 *
 * receptorctl takes them in front, `--socket X work list`, and fingers remember that.
 */
export function commandFirst(argv: readonly string[]): string[] {
  const front: string[] = [];
  const rest = [...argv];
  for (let option = known(rest[0]); option; option = known(rest[0])) {
    const isWhole = rest[0]?.includes("=") || !option.flags.includes("<");
    front.push(...rest.splice(0, isWhole ? 1 : 2));
  }
  const end = rest.indexOf("--");
  return rest.toSpliced(end === -1 ? rest.length : end, 0, ...front);
}

function known(word = "") {
  const [name = ""] = word.split("=");
  return connectionOptions.find(({ flags }) => flags.split(" ")[0] === name);
}
