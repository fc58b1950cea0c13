import type { CharacterSet } from "./characters.ts";
import { type Between, type Part, readPattern } from "./syntax.ts";

/** One step of the machine; `to` are steps that follow. A step without a condition is a fork. */
interface Step {
  readonly takes?: CharacterSet;
  readonly holds?: Between;
  readonly to: readonly Step[];
}

const maxPatternLength = 4096;
const maxSteps = 5000;

/**
 * A regular expression in RE2's syntax that a whole text matches or does not.
 *
 * The engine's own expressions go back and try again, so that `(a+)+b` takes hours over a node id somebody chose well;
 * this machine is in all its states at once and reads each character once. It also reads RE2's syntax as it is.
 */
export class Pattern {
  readonly #start: Step;
  readonly #end: Step = { to: [] };
  #steps = 0;

  /** @throws {SyntaxError} that says what is wrong with the pattern. */
  constructor(text: string) {
    if (text.length > maxPatternLength) throw new SyntaxError("the pattern is too long");
    this.#start = this.#compile(readPattern(text), this.#end);
  }

  /** True when the whole text matches. */
  matches(text: string): boolean {
    const codes = Array.from(text, (sign) => sign.codePointAt(0) ?? 0);
    let steps = reach([this.#start], undefined, codes[0]);
    for (const [index, code] of codes.entries()) {
      const next = [...steps].filter(({ takes }) => takes?.(code)).flatMap(({ to }) => to);
      if (next.length === 0) return false;
      steps = reach(next, code, codes[index + 1]);
    }
    return steps.has(this.#end);
  }

  /** The step at which a part begins that goes on to `next`. */
  #compile(part: Part, next: Step): Step {
    switch (part.kind) {
      case "one":
        return this.#step({ takes: part.of, to: [next] });
      case "between":
        return this.#step({ holds: part.holds, to: [next] });
      case "all":
        return part.parts.reduceRight((after, each) => this.#compile(each, after), next);
      case "either":
        return this.#step({ to: part.parts.map((each) => this.#compile(each, next)) });
      case "repeat":
        return this.#compileRepeat(part.part, part.min, part.max, next);
    }
  }

  #compileRepeat(part: Part, min: number, max: number, next: Step): Step {
    let start = next;
    if (max === Number.POSITIVE_INFINITY) {
      const to: Step[] = [next];
      start = this.#step({ to });
      to.push(this.#compile(part, start));
    } else {
      for (let spare = min; spare < max; spare++) start = this.#step({ to: [next, this.#compile(part, start)] });
    }
    for (let must = 0; must < min; must++) start = this.#compile(part, start);
    return start;
  }

  #step(step: Step): Step {
    if (++this.#steps > maxSteps) throw new SyntaxError("the pattern is too large");
    return step;
  }
}

/** Every step that can be reached from these without taking a character. */
function reach(from: readonly Step[], before: number | undefined, after: number | undefined): ReadonlySet<Step> {
  const reached = new Set(from);
  // A set is walked in the order of its growth, so what is added here is walked too.
  for (const step of reached) {
    const isOpen = !step.takes && (step.holds?.(before, after) ?? true);
    if (isOpen) for (const next of step.to) reached.add(next);
  }
  return reached;
}
