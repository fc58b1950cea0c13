/** A host with many open ports and scripts takes some tens of kilobytes. */
const maxElementChars = 4 * 1024 * 1024;

/** What is worth reading in nmap's XML: each ends by its own tag, or in itself. */
const begins = /<(host|taskprogress|runstats)[\s>/]/;

/**
 * Cuts the XML that nmap writes while it scans into the elements we read, each as soon as it is whole. Pure.
 *
 * Whatever else is there (the document's type, which could define entities, among it) is passed over and never parsed.
 */
export class XmlElements {
  #text = "";

  /** Text that came next; the elements that became whole by it. @throws {RangeError} for one that has no end. */
  push(text: string): string[] {
    this.#text += text;
    const elements: string[] = [];
    for (let element = this.#next(); element !== undefined; element = this.#next()) elements.push(element);
    if (this.#text.length > maxElementChars) throw new RangeError("an element of nmap's output has no end");
    return elements;
  }

  #next(): string | undefined {
    const begin = begins.exec(this.#text);
    if (!begin) {
      // The beginning of a tag may be the last that came.
      this.#text = this.#text.slice(Math.max(0, this.#text.lastIndexOf("<")));
      if (!this.#text.startsWith("<")) this.#text = "";
      return undefined;
    }
    this.#text = this.#text.slice(begin.index);
    const end = endOf(this.#text, begin[1] as string);
    if (end === undefined) return undefined;
    const element = this.#text.slice(0, end);
    this.#text = this.#text.slice(end);
    return element;
  }
}

/** Where an element that begins here ends: nmap quotes `>` in attributes. */
function endOf(text: string, name: string): number | undefined {
  const tag = text.indexOf(">");
  if (tag === -1) return undefined;
  if (text[tag - 1] === "/") return tag + 1;
  const close = `</${name}>`;
  const at = text.indexOf(close, tag);
  return at === -1 ? undefined : at + close.length;
}
