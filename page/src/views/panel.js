/** The panel beside the sheet: one todo with all its fields, its subtasks and its history. */

import { html, nothing } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";

import { capital, dayInWords, dayOf, dueAt, hasTime, localDay, timeInWords, timeOf } from "../pure/dates.js";
import { tagsOf } from "../pure/quick-add.js";
import { FROM, ruleInWords } from "../pure/rules.js";
import { INBOX, listError, listNamed, listTitle } from "../pure/lists.js";
import { deed, differences, statesBefore, who } from "../pure/words.js";
import { ICONS, field, inWords } from "./parts.js";
import { openRepeat } from "./repeat.js";

/** @import {Fields, Todo, TodoEvent} from "../pure/types.js" */
/** @import {App} from "./app.js" */

const RULES = ["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "FREQ=WEEKLY", "FREQ=MONTHLY", "FREQ=YEARLY"];

/** @param {App} app */
export function panel(app) {
  const todo = app.route.todo && app.store.get(app.route.todo);
  if (!todo) return nothing;
  app.ledger.loadHistory(todo);
  return html`<aside aria-label="Details of ${todo.title}">
    <div class="bar"><p class="soft">${todo.version ? `Version ${todo.version}, changed ${instant(app, todo.updated_at)}` : "Not sent yet"}</p>
      <a class="tool" href=${app.to({ todo: undefined })} aria-label="Close details">${ICONS.close}</a></div>
    ${todo.deleted ? html`<h2 class="name">${todo.title}</h2><p>This todo is deleted. <button class="link" @click=${() => app.undo([{ id: todo.id, op: "restore", body: {} }])}>Bring it back</button></p>` : repeat([todo], ({ id }) => id, () => fields(app, todo))}
    ${history(app, todo)}
  </aside>`;
}

/** @param {App} app @param {string} at */
function instant({ here }, at) {
  const today = localDay(at) === dayOf(here.now);
  return `${today ? "today" : dayInWords(localDay(at), here)}, ${timeInWords(at, here.locale)}`;
}

/** @param {App} app @param {Todo} todo */
function fields(app, todo) {
  const { id } = todo;
  /** @param {keyof Fields} name @param {(text: string) => Fields | string | undefined} read says why not @param {string} [value] of a text field */
  const edits = (name, read, value) => field(value, () => app.began(todo, name), (text) => {
    const body = read(text.trim());
    if (typeof body === "string") return body;
    if (body) app.edit(id, body);
    return undefined;
  });
  const own = todo.repeat && !RULES.includes(todo.repeat) ? todo.repeat : undefined;
  const { index, of } = app.actions.position(todo);
  return html`
    <textarea class="name" id="p-title" rows="1" maxlength="500" aria-label="Title" dir="auto" ${edits("title", (text) => (text ? { title: text } : undefined), todo.title)} @keydown=${leave}></textarea>
    <dl>
      <dt><label for="p-list">List</label></dt><dd><input id="p-list" dir="auto" list="lists" autocomplete="off" ${edits("list", (text) => listError(text) || { list: listNamed(text || INBOX) }, listTitle(todo.list))} />
        <datalist id="lists">${["inbox", ...app.counts.lists.keys()].map((name) => html`<option value=${listTitle(name)}></option>`)}</datalist></dd>
      <dt><label for="p-due">Due</label></dt><dd class="two"><input id="p-due" type="date" ${edits("due", (text) => ({ due: text ? dueAt(text, time(todo.due)) : null }), todo.due ? localDay(todo.due) : "")} />
        <input type="time" id="p-time" aria-label="Time" ${edits("due", (text) => ({ due: todo.due || text ? dueAt(todo.due ? localDay(todo.due) : dayOf(app.here.now), text) : null }), time(todo.due) ?? "")} /></dd>
      <dt><label for="p-remind">Remind</label></dt><dd><input id="p-remind" type="datetime-local" ${edits("remind_at", (text) => ({ remind_at: text ? dueAt(text.slice(0, 10), text.slice(11, 16)) : null }), todo.remind_at ? `${localDay(todo.remind_at)}T${time(todo.remind_at) ?? "00:00"}` : "")} /></dd>
      <dt><label for="p-priority">Priority</label></dt><dd><select id="p-priority" ${edits("priority", (text) => ({ priority: text }))}>${["none", "low", "medium", "high"].map(
        (each) => html`<option value=${each} .selected=${todo.priority === each}>${capital(each)}</option>`,
      )}</select></dd>
      <dt><label for="p-tags">Tags</label></dt><dd><input id="p-tags" dir="auto" autocomplete="off" placeholder="none" ${edits("tags", (text) => ({ tags: tagsOf(text, todo.tags ?? []) }), (todo.tags ?? []).map((tag) => `#${tag}`).join(" "))} /></dd>
      <dt><label for="p-repeat">Repeat</label></dt><dd><select id="p-repeat" aria-describedby="p-rule" ${edits("repeat", (text) => ({ repeat: text || null }))}><option value="" .selected=${!todo.repeat}>Does not repeat</option>${RULES.map(
        (each) => html`<option value=${each} .selected=${todo.repeat === each}>${ruleInWords(each, app.here.locale)}</option>`,
      )}${own ? html`<option value=${own} .selected=${true}>as below</option>` : nothing}</select>
        <p class="rule"><span id="p-rule">${own ? ruleInWords(own, app.here.locale, todo.repeat_from) : todo.repeat && todo.repeat_from ? FROM[todo.repeat_from] : nothing}</span> <button class="link" @click=${() => openRepeat(app, todo)}>Other…</button></p></dd>
      ${index < 0 ? nothing : html`<dt>Place</dt><dd class="place"><span>${app.placeInWords(todo)}</span><span class="moves">
        <button class="btn" aria-label="Move up" ?disabled=${index === 0} @click=${() => app.move(todo, -1)}>${ICONS.up}</button>
        <button class="btn" aria-label="Move down" ?disabled=${index === of - 1} @click=${() => app.move(todo, 1)}>${ICONS.down}</button></span></dd>`}
      <dt><label for="p-notes">Notes</label></dt><dd><textarea id="p-notes" rows="2" dir="auto" placeholder="none" ${edits("notes", (text) => ({ notes: text || null }), todo.notes ?? "")}></textarea></dd>
    </dl>
    ${subtasks(app, todo)}
    <p class="acts"><button class="btn" @click=${() => app.toggle(todo)}>${todo.completed ? "Reopen" : "Complete"}</button>
      <button class="btn" @click=${() => app.remove([todo])}>Delete</button></p>`;
}

/** @param {string | null} due */
const time = (due) => (due && hasTime(due) ? timeOf(new Date(due)) : undefined);

/** Enter is done with a title; Esc gives up what was typed. @param {KeyboardEvent} event */
function leave(event) {
  if (event.key !== "Enter" || event.isComposing) return;
  event.preventDefault();
  /** @type {HTMLElement} */ (event.target).blur();
}

/** @param {App} app @param {Todo} todo */
function subtasks(app, todo) {
  const children = app.children(todo);
  /** @param {Event} event */
  const add = (event) => {
    event.preventDefault();
    const input = /** @type {HTMLInputElement} */ (/** @type {HTMLFormElement} */ (event.target).elements.namedItem("subtask"));
    if (input.value.trim()) app.actions.create({ title: input.value.trim(), list: todo.list, parent: todo.id });
    input.value = "";
  };
  return html`<section aria-label="Subtasks"><h2 class="group"><span>Subtasks</span><span class="num">${children.length || nothing}</span></h2>
    <ul class="rows">${children.map((child) => html`<li class="row ${child.completed ? "done" : ""}">
      <button class="box" role="checkbox" aria-checked=${child.completed} aria-label=${child.title} @click=${() => app.toggle(child)}>${ICONS.tick}</button>
      <a class="title" href=${app.to({ todo: child.id })} dir="auto">${child.title}</a></li>`)}</ul>
    <form class="sub" @submit=${add}><input name="subtask" maxlength="500" autocomplete="off" placeholder="Add a subtask" aria-label="Add a subtask" /></form></section>`;
}

/** @param {App} app @param {Todo} todo */
function history(app, todo) {
  const known = app.ledger.histories.get(todo.id);
  if (!known?.events) {
    const why = !todo.version ? "Its history begins when it is sent." : app.connection.state === "synced" ? "Getting it." : "Its history is on the server, which cannot be reached.";
    return html`<section aria-label="History"><h2 class="group"><span>History</span></h2><p class="soft pad">${why}</p></section>`;
  }
  const before = statesBefore(known.events);
  const last = known.events.length;
  return html`<section aria-label="History"><h2 class="group"><span>History</span><span class="num">${last}</span></h2>
    <ol class="events" reversed>${known.events.map((event, index) => happened(app, todo, event, before[index], index === last - 1)).reverse()}</ol></section>`;
}

/** @param {App} app @param {Todo} todo @param {TodoEvent} event @param {Record<string, any>} before @param {boolean} last */
function happened(app, todo, event, before, last) {
  return html`<li class="event"><span class="num">${event.version}</span><div>
    <p><b>${who(event, app.person.sub)}</b> ${deed(event)}</p>
    ${differences(before, event, app.here).map(({ diff }) => html`<p>${inWords(diff)}</p>`)}
    <div class="foot"><span class="soft">${instant(app, event.occurred_at)}${event.client ? `, ${event.client}` : ""}</span>
      ${!last && event.type !== "TodoDeleted" ? html`<button class="link" aria-label="Restore version ${event.version}" @click=${() => app.bringBack(todo.id, event.version, `Version ${event.version} is back.`)}>Restore</button>` : nothing}</div>
  </div></li>`;
}
