/** The add line: it underlines what it understood, and each part can be told to stay text. */

import { html, nothing } from "lit-html";

import { dayOf } from "../pure/dates.js";
import { parse } from "../pure/quick-add.js";
import { listTitle } from "../pure/lists.js";
import { ICONS, live } from "./parts.js";

/** @import {App} from "./app.js" */

/** @param {App} app */
export function addLine(app) {
  const { text, declined } = app.draft;
  // The names of days and months take long to get, and nothing needs them before something is typed.
  const parts = text ? parse(text, { ...app.here, declined }).parts : [];
  const to = app.route.name === "today" ? "Add for today" : `Add to ${listTitle(app.list)}`;
  /** @param {Event} event */
  const typed = ({ target }) => app.show({ draft: { text: /** @type {HTMLInputElement} */ (target).value, declined } });
  return html`<form class="add" @submit=${(/** @type {Event} */ event) => submit(app, event)}>
    <div class="line">
      <div class="typed">
        <div class="mirror" aria-hidden="true">${marked(text, parts)}</div>
        <input id="add" name="title" autocomplete="off" enterkeyhint="done" maxlength="900" placeholder=${to} aria-label=${to}
          aria-describedby="understood" .value=${live(text)} @input=${typed} @scroll=${scrolled} />
      </div>
      <button class="btn main">Add</button>
    </div>
    <div class="parts" id="understood">${parts.map(
      (part) => html`<span class="part">${part.label}<button type="button" aria-label="Keep “${part.text}” as text"
        @click=${() => keep(app, part.text)}>${ICONS.close}</button></span>`,
    )}${parts.length ? html`<span class="soft hint" aria-hidden="true">× keeps it as text</span>` : nothing}</div>
  </form>`;
}

/** @param {string} text @param {import("../pure/quick-add.js").Part[]} parts */
function marked(text, parts) {
  /** @type {unknown[]} */ const shown = [];
  let from = 0;
  for (const { start, end } of parts) {
    shown.push(text.slice(from, start), html`<mark>${text.slice(start, end)}</mark>`);
    from = end;
  }
  return [...shown, text.slice(from)];
}

/** The marks move with the text of a long line. @param {Event} event */
function scrolled({ target }) {
  const input = /** @type {HTMLInputElement} */ (target);
  /** @type {HTMLElement} */ (input.previousElementSibling).scrollLeft = input.scrollLeft;
}

/** @param {App} app @param {string} part */
function keep(app, part) {
  app.show({ draft: { ...app.draft, declined: new Set([...app.draft.declined, part]) } });
  document.getElementById("add")?.focus();
}

/** @param {App} app @param {Event} event */
async function submit(app, event) {
  event.preventDefault();
  const { text, declined } = app.draft;
  const { title, fields } = parse(text, { ...app.here, declined });
  if (!title) return;
  if ([...title].length > 500) return app.say("A title has at most 500 characters.");
  const zone = fields.repeat ? { time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone } : {};
  const due = app.route.name === "today" && !fields.due ? { due: dayOf(app.here.now) } : {};
  app.draft = { text: "", declined: new Set() };
  let done;
  try {
    done = await app.actions.create({ ...due, ...zone, list: app.list, ...fields, title });
  } catch (error) {
    app.draft = { text, declined };
    return app.notStored(error);
  }
  if (!app.groups.some(({ rows }) => rows.some(({ id }) => id === done.id))) app.done(Promise.resolve(done));
  app.redraw();
}
