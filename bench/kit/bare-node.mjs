/** The least a Node program can do to be a daemon: listen at `socket` and greet. */
export function bareNode(socket) {
  const listen = `require("net").createServer((s) => s.end("hello\\n")).listen(${JSON.stringify(socket)})`;
  return [process.execPath, "-e", listen];
}
