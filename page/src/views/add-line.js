/** The add line: it underlines what it understood, and each part can be told to stay text. */

import { html, nothing } from "lit-html";

import { dayOf } from "../pure/dates.js";
import { parse } from "../pure/quick-add.js";
import { listError, listTitle } from "../pure/lists.js";
import { ICONS, live, refuse } from "./parts.js";

/** @import {App} from "./app.js" */

const EMPTY = { text: "", declined: new Set() };
/** So many lines are added at once. */
const MOST = 1000;

/** @param {App} app */
export function addLine(app) {
  const { text, declined } = app.draft;
  // The names of days and months take long to get, and nothing needs them before something is typed.
  const parts = text ? parse(text, { ...app.here, declined }).parts : [];
  const to = app.route.name === "today" ? "Add for today" : `Add to ${listTitle(app.list)}`;
  /** @param {Event} event */
  const typed = ({ target }) => app.show({ draft: { text: /** @type {HTMLInputElement} */ (target).value, declined } });
  return html`<form class="add" novalidate @submit=${(/** @type {Event} */ event) => submit(app, event)}>
    <div class="line">
      <div class="typed">
        <div class="mirror" aria-hidden="true">${marked(text, parts)}</div>
        <input id="add" name="title" autocomplete="off" enterkeyhint="done" maxlength="900" placeholder=${to} aria-label=${to}
          aria-describedby="understood" .value=${live(text)} @input=${typed} @scroll=${scrolled}
          @paste=${(/** @type {ClipboardEvent} */ event) => pasted(app, event)} />
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
  const { draft } = app;
  app.draft = EMPTY;
  // What is not added stays in the line.
  if (!(await add(app, [draft.text], draft.declined))) app.show({ draft });
}

/** Several lines are several todos; what is in the line stays there. @param {App} app @param {ClipboardEvent} event */
function pasted(app, event) {
  const lines = (event.clipboardData?.getData("text") ?? "").split(/[\r\n]/).map((line) => line.trim().replace(/^[-*•]\s+/, "")).filter(Boolean);
  if (lines.length < 2) return;
  event.preventDefault();
  add(app, lines);
}

/** @param {App} app @param {string[]} lines @param {Set<string>} [declined] @returns {Promise<boolean>} whether they were added */
async function add(app, lines, declined) {
  const { route, here, list } = app;
  const all = lines.map((line) => {
    const { title, fields } = parse(line, { ...here, declined });
    const zone = fields.repeat ? { time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone } : {};
    const due = route.name === "today" && !fields.due ? { due: dayOf(here.now) } : {};
    // A line that was pasted is a todo, also if all of it was understood.
    return { ...due, ...zone, list, ...fields, title: title || (declined ? "" : line) };
  });
  if (!all[0].title) return false;
  const why = all.length > MOST ? "At most 1,000 lines can be added at once."
    : all.map(({ title, list }) => ([...title].length > 500 ? "A title has at most 500 characters." : listError(list))).find(Boolean);
  refuse(document.getElementById("add"), why ?? "");
  if (why) return false;
  let done;
  try {
    done = await app.actions.create(...all);
  } catch (error) {
    return app.notStored(error);
  }
  const [{ id }] = done.undo;
  if (lines.length > 1 || !app.groups.some(({ rows }) => rows.some((row) => row.id === id))) app.done(Promise.resolve(done));
  app.redraw();
  return true;
}
