import type { FactorSecret } from "#fleet";
import type { WorkerHardenOptions } from "./commands/worker-harden.ts";
import { openKeyboard } from "./server/keyboard.ts";
import type { Terminal } from "./terminal.ts";
import { askWorker } from "./worker-socket.ts";

/** `farhand worker harden`. @throws {CliError} NO_KEYBOARD. @throws {RemoteError} what the worker refused. */
export async function hardenWorker(options: WorkerHardenOptions, terminal: Terminal): Promise<void> {
  if (options.off) {
    await askWorker(options, terminal.env, "factor.clear");
    terminal.say("the worker asks for no code of its own any more");
    return;
  }
  const keyboard = openKeyboard(terminal, "the code has to be typed");
  const { secret, uri } = (await askWorker(options, terminal.env, "factor.begin")) as FactorSecret;
  terminal.say("Enter this in your authenticator app:");
  terminal.say(`  secret  ${secret}`);
  terminal.say(`  address ${uri}`);
  const code = await keyboard.ask("Code it shows: ");
  await askWorker(options, terminal.env, "factor.confirm", { code: code.trim() });
  terminal.say("the worker is hardened: who configures it through a server shows a code of this first");
}
