#!/usr/bin/env node
/** The tool program: the command of a tool's unit. Its order is its stdin, its result its stdout, its words its stderr. */
import { readFileSync } from "node:fs";
import { ToolError } from "./errors.ts";
import { runTool } from "./program.ts";

const stopping = new AbortController();
const stop = (): void => stopping.abort(new ToolError("CANCELED", "the unit was cancelled"));
process.on("SIGINT", stop).on("SIGTERM", stop);
const stage = { stdout: 1, stderr: 2, stopped: stopping.signal };
// Everything is written by now; a resolver that still waits for its answer must not keep us.
process.exit(await runTool(readFileSync(0, "utf8"), stage));
