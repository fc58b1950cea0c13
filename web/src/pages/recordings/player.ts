import type { ReplayScreen } from "../../parts/terminal/replay-screen.ts";
import type { CastEvent } from "./cast.ts";

/** Puts the events of a recorded terminal onto a screen: so many of them, forward or back. */
export class Player {
  readonly #screen: ReplayScreen;
  #shown = 0;

  constructor(screen: ReplayScreen) {
    this.#screen = screen;
  }

  /** Show the first `count` events, and none behind them. What lies before what is shown is drawn anew. */
  show(events: readonly CastEvent[], count: number): void {
    if (count < this.#shown) {
      this.#screen.clear();
      this.#shown = 0;
    }
    let text = "";
    for (; this.#shown < count; this.#shown++) {
      const event = events[this.#shown];
      if (event?.kind === "output") text += event.text;
      else if (event?.kind === "mark") text += `\r\n[${event.text.replaceAll(/\p{Cc}/gu, "")}]\r\n`;
      else if (event) {
        this.#screen.write(text);
        text = "";
        this.#screen.resize(event.columns, event.rows);
      }
    }
    if (text !== "") this.#screen.write(text);
  }
}
