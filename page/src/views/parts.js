/** Small pieces that several views draw. */

import { html, noChange } from "lit-html";
import { Directive, directive } from "lit-html/directive.js";

/** @import {Diff} from "../pure/words.js" */
/** @import {App} from "./app.js" */

/** @param {string} path @param {number} [size] */
const icon = (path, size = 20) =>
  html`<svg class="icon" viewBox="0 0 20 20" width=${size} height=${size} aria-hidden="true"><path d=${path} /></svg>`;

export const ICONS = {
  tick: icon("m4 10.5 4 4 8-9", 14),
  menu: icon("M3 6h14M3 10h14M3 14h9"),
  search: icon("M8.5 3.25a5.25 5.25 0 1 0 0 10.5 5.25 5.25 0 0 0 0-10.5m4 9.25 4.5 4.5"),
  close: icon("m5 5 10 10M15 5 5 15"),
  up: icon("m5 12 5-5 5 5", 16),
  down: icon("m5 8 5 5 5-5", 16),
};

/** A view's title, with what stands beside it. @param {App} app @param {unknown} beside */
export const head = (app, beside) => html`<header class="head">
  <button class="tool menu" aria-label="Views" @click=${() => app.show({ dialog: "views" })}>${ICONS.menu}</button>
  <h1 tabindex="-1">${app.title}</h1>${beside}</header>`;

/** What else the service has. @param {string} base */
export const links = (base) => html`<a href="${base}/docs">API</a> · <a href="${base}/problems">Problems</a> · <a href="${base}/openapi.json">Contract</a> · <a href="${base}/health">Health</a>`;

/** The end of a form in a dialog. @param {App} app @param {string} away what leaves it @param {unknown} main */
export const buttons = (app, away, main) => html`<div class="buttons">
  <button type="button" class="btn" @click=${() => app.show({ dialog: undefined })}>${away}</button>${main}</div>`;

/** Says at a field why what is in it is not taken. @param {EventTarget | null} target @param {string} why nothing: it is */
export function refuse(target, why) {
  const field = /** @type {HTMLInputElement} */ (target);
  field.setCustomValidity(why);
  field.reportValidity();
}

/** @param {unknown} words where nothing is */
export const empty = (words) => html`<p class="empty">${words}</p>`;

/** A diff; the spaces around what changed are not marked. @param {Diff} diff */
export const inWords = (diff) => diff.map(([kind, text]) => {
  if (kind === "same") return text;
  const [, before, words, after] = /** @type {RegExpMatchArray} */ (text.match(/^(\s*)(.*?)(\s*)$/s));
  return kind === "del" ? html`${before}<del>${words}</del>${after || " "}` : html`${before}<ins>${words}</ins>${after}`;
});

/** Sets a property that a person may have changed, too: it is compared with what the element has. */
export const live = directive(class extends Directive {
  /** @param {unknown} value */
  render(value) {
    return value;
  }

  /** @override @param {any} part @param {[unknown]} values */
  update({ element, name }, [value]) {
    if (element[name] !== value) element[name] = value;
    return noChange;
  }
});

/** A field that gets its value if that is another, unless somebody edits it just now: what comes from elsewhere never changes what is being typed. */
export const field = directive(class extends Directive {
  /** @type {string | undefined} */ #shown;

  /** @param {string | undefined} value @param {() => void} [began] @param {(text: string) => string | undefined} [changed] says why it does not take the text */
  render(value, began, changed) {}

  /** @override @param {any} part @param {[string | undefined, (() => void)?, ((text: string) => string | undefined)?]} values */
  update({ element }, [value, began, changed]) {
    if (value !== this.#shown && element !== document.activeElement) element.value = this.#shown = value;
    element.onfocus = began;
    element.onchange = () => refuse(element, changed?.(element.value) ?? "");
  }
});

/** Draws again only if something that it depends on is another. */
export const guard = directive(class extends Directive {
  /** @type {unknown[] | undefined} */ #on;

  /** @param {unknown[]} on @param {() => unknown} draw @returns {unknown} */
  render(on, draw) {
    if (this.#on?.every((each, index) => each === on[index])) return noChange;
    this.#on = on;
    return draw();
  }
});
