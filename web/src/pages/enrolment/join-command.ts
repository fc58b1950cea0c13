/** What comes from the server is put into a command as one word, whatever is in it. */
const quoted = (text: string): string => (/^[\w.:/@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/**
 * What is typed on the machine that is to become a worker, for any POSIX shell. The token goes in by stdin: an argument
 * could be read there by everybody for as long as the worker runs.
 *
 * @param server address of the server, as the other machine reaches it. @param token undefined: a person approves it.
 */
export function joinCommand(server: string, token?: string): string {
  const url = quoted(server.replace(/\/+$/, ""));
  if (token === undefined) return `farhand worker join ${url}`;
  return `farhand worker join ${url} --token-file - <<'END'\n${token}\nEND`;
}

/** Whether an address is good on one's own machine only. */
export const isLoopback = (host: string): boolean =>
  /^(localhost|.*\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(host);
