/**
 * xterm.js puts `<style>` elements and `style` attributes into the page, and our policy refuses both: they are how text
 * becomes rules. Here it is given the same in the form that is for scripts (CSSOM), which no policy refuses.
 */

/** From now on `setAttribute("style", …)` sets what `element.style` does; without it that is refused. */
export function allowStyleAttributes(): void {
  const setPlain = Element.prototype.setAttribute;
  HTMLElement.prototype.setAttribute = function setAttribute(name: string, value: string): void {
    if (name === "style") this.style.cssText = value;
    else setPlain.call(this, name, value);
  };
}

/** Run `work`; each `<style>` that it makes is an element that looks the same to it, and whose text is a sheet of the page. */
export function withStyleSheets(document: Document, work: () => void): void {
  const make = (tag: string): HTMLElement => document.createElementNS("http://www.w3.org/1999/xhtml", tag);
  const value = (tag: string): HTMLElement => (tag === "style" ? sheetElement(document, make("span")) : make(tag));
  Object.defineProperty(document, "createElement", { value, configurable: true });
  try {
    work();
  } finally {
    Reflect.deleteProperty(document, "createElement");
  }
}

/** An element that is not seen. The text it is given is in force for as long as it stands in the page. */
function sheetElement(document: Document, element: HTMLElement): HTMLElement {
  const sheet = new CSSStyleSheet();
  document.adoptedStyleSheets.push(sheet);
  element.hidden = true;
  Object.defineProperty(element, "textContent", {
    set: (text: string) => {
      sheet.replaceSync(text);
    },
    get: () => "",
  });
  element.remove = () => {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((one) => one !== sheet);
    Element.prototype.remove.call(element);
  };
  return element;
}
