/** The sheet: a view's title, its filters, and its rows in groups. */

import { html, nothing } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";

import { capital, dueInWords, hasTime, isLate, localDay, longDay, dayOf, timeInWords } from "../pure/dates.js";
import { ruleInWords } from "../pure/rules.js";
import { listTitle } from "../pure/lists.js";
import { addLine } from "./add-line.js";
import { ICONS, empty, field, guard, head } from "./parts.js";
import { href } from "./route.js";

/** @import {Group} from "../pure/select.js" */
/** @import {Command, Todo} from "../pure/types.js" */
/** @import {App} from "./app.js" */

/** @param {App} app */
export function sheet(app) {
  const { groups, route, beside } = app;
  const total = size(groups);
  const count = total - size(groups.filter(({ done }) => done));
  return html`${head(app, html`<p class="soft">${route.name === "today" ? longDay(dayOf(app.here.now), app.here.locale) : html`<span class="num">${count.toLocaleString(app.here.locale)}</span>`}</p>
      ${route.name === "list" ? html`<button class="link" @click=${() => app.show({ dialog: "rename" })}>Rename</button>${isEmpty(app)
        ? html`<button class="link" @click=${() => app.ledger.keep(app.list, false)}>Remove</button>` : nothing}` : nothing}
      <form class="tools" role="search" method="dialog">
        <label class="find">${ICONS.search}<input id="search" type="search" placeholder="Search" aria-label="Search in ${app.title}" .value=${route.q}
          @input=${(/** @type {Event} */ { target }) => app.go(app.to({ q: /** @type {HTMLInputElement} */ (target).value }), true)} /></label>
      </form>`)}
    <div class="filters"><ul aria-label="Filter">${/** @type {const} */ (["all", "active", "completed"]).map(
      (filter) => html`<li><a href=${app.to({ filter, todo: undefined })} aria-current=${route.filter === filter ? "true" : nothing}>${capital(filter)}</a></li>`,
    )}</ul>${app.isList && total > 0 ? html`<button class="link" @click=${() => app.done(app.actions.toggle(groups.flatMap(({ rows }) => rows)))}>${count ? `Complete all ${count}` : `Reopen all ${total}`}</button>` : nothing}</div>
    ${renaming(app)}
    ${addLine(app)}
    ${windowed(app, groups, (todo) => guard([beside, ...shownBy(app, todo)], () => row(app, todo)))}
    ${groups.length ? nothing : empty(nothingHere(app))}`;
}

/** Whether the list is one that is kept without todos. @param {App} app */
const isEmpty = ({ later, list, store }) => later.named.includes(list) && !store.todos().some((todo) => todo.list === list);

/** @param {Group[]} groups */
const size = (groups) => groups.reduce((sum, { rows }) => sum + rows.length, 0);

/** The rows of groups that are near what is seen. @param {App} app @param {Group[]} groups @param {(todo: Todo) => unknown} draw a row */
export function windowed(app, groups, draw) {
  const total = size(groups);
  if (app.first >= total) app.rewind();
  let at = 0;
  /** @param {Group} group */
  const drawn = (group) => {
    const rows = group.rows.slice(Math.max(0, app.first - at), Math.max(0, app.window - at));
    at += group.rows.length;
    return rows.length ? section(app, group, repeat(rows, ({ id }) => id, draw)) : nothing;
  };
  return html`${app.first > 0 ? html`<div id="before"></div>` : nothing}
    ${guard([groups, app.first, app.window, app.current, app.editing, app.connection.state, app.store.todos()], () => repeat([app.jumps], (jumps) => jumps, () => groups.map(drawn)))}
    ${app.window <= total ? html`<div id="more"></div>` : nothing}`;
}

/** What waits to be the list's name. @param {App} app */
function renaming({ later, route }) {
  const found = route.name === "list" && later.renames.find(({ from }) => from === route.list);
  if (!found) return nothing;
  const { from, to, error } = found;
  const words = error === undefined ? `Becomes “${to}” once the server can be reached.` : html`<span class="late">Not renamed to “${to}”.</span> ${error}`;
  return html`<p class="note renaming"><span>${words}</span> <button class="link" @click=${() => later.keepName(from)}>Keep the name</button></p>`;
}

/** @param {App} app */
function nothingHere({ route, store, connection }) {
  if (route.q) return `Nothing in this view has “${route.q}”.`;
  if (connection.state === "starting" && !store.rows.size) return "Getting your todos.";
  if (route.filter === "completed") return "Nothing is done yet.";
  if (route.name === "today") {
    const coming = store.todos().filter(({ due, completed }) => due && !completed).length;
    return html`Nothing is due today. ${coming ? html`<a href=${href({ name: "upcoming" })}>Upcoming has ${coming}.</a>` : "What you add here is due today."}`;
  }
  if (route.name === "upcoming") return "Nothing is due after today. Write “tomorrow” or “on friday” when you add something.";
  return "Nothing here yet. Write what is to be done, and press Enter.";
}

/** @param {App} app @param {Group} group @param {unknown} drawn of its rows */
function section(app, { title, late, done, rows: all }, drawn) {
  return html`<section aria-label=${title || app.title}>
    ${title ? html`<h2 class="group"><span class=${late ? "late" : ""}>${title}</span>${done && !["today", "past"].includes(app.route.name)
      ? html`<button class="link" @click=${() => app.remove(all)}>Clear ${all.length}</button>`
      : html`<span class="num">${all.length}</span>`}</h2>` : nothing}
    <ul class="rows">${drawn}</ul>
  </section>`;
}

/** What a row shows: as long as it stays, the row is not drawn again. @param {App} app @param {Todo} todo */
function shownBy(app, todo) {
  const waiting = app.store.waiting(todo.id);
  return [todo, app.current === todo.id, app.editing === todo.id, waiting, waiting.length && app.connection.state, app.children(todo)];
}

/** @param {App} app @param {Todo} todo */
function row(app, todo) {
  const waiting = app.store.waiting(todo.id);
  const stuck = waiting.find(({ state }) => state !== "waiting");
  const { completed } = app.store.get(todo.id) ?? todo;
  const current = app.current === todo.id;
  const child = Boolean(todo.parent) && app.route.name !== "today" && app.route.name !== "upcoming";
  return html`<li class="row ${completed ? "done" : ""} ${child ? "child" : ""}" id="row-${todo.id}" aria-current=${current ? "true" : nothing}>
    <button class="box" role="checkbox" aria-checked=${completed} aria-label=${todo.title} tabindex="-1" @click=${() => app.toggle(todo)}>${ICONS.tick}</button>
    <div class="what">
      ${app.editing === todo.id ? editor(app, todo) : html`<a class="title" href=${app.to({ todo: todo.id })} dir="auto"
        @focus=${() => app.current !== todo.id && app.show({ current: todo.id })}
        @dblclick=${() => app.startEditing(todo.id)}>${todo.title}</a>`}
      <p class="meta">${meta(app, todo)}${stuck ? nothing : waiting.length > 0 && app.connection.state !== "synced" ? html`<span>waiting to be sent</span>` : nothing}</p>
      ${stuck ? problem(app, stuck) : nothing}
    </div>
    ${due(app, todo, completed)}
  </li>`;
}

/** @param {App} app @param {Todo} todo */
function meta(app, todo) {
  const { route } = app;
  const parts = [];
  if (todo.priority !== "none") parts.push(html`<span class=${todo.priority}>${capital(todo.priority)}</span>`);
  if (route.name === "today" || route.name === "upcoming" || route.q) parts.push(html`<span>${listTitle(todo.list)}</span>`);
  const children = app.children(todo);
  if (children.length) parts.push(html`<span>${children.filter(({ completed }) => completed).length} of ${children.length} subtasks</span>`);
  if (todo.notes) parts.push(html`<span>note</span>`);
  if (todo.repeat) parts.push(html`<span>${ruleInWords(todo.repeat, app.here.locale, todo.repeat_from)}</span>`);
  return [...parts, ...(todo.tags ?? []).map((tag) => html`<a href=${app.to({ q: `#${tag}`, todo: undefined })}>#${tag}</a>`)];
}

/** @param {App} app @param {Todo} todo @param {boolean} completed */
function due({ here, route }, todo, completed) {
  if (completed && todo.completed_at && route.name === "today") return html`<time class="when">${timeInWords(todo.completed_at, here.locale)}</time>`;
  if (!todo.due) return nothing;
  const late = !completed && isLate(todo.due, here.now);
  const today = localDay(todo.due) === dayOf(here.now) && route.name === "today";
  const words = today ? (hasTime(todo.due) ? timeInWords(todo.due, here.locale) : "") : dueInWords(todo.due, here);
  return html`<time class="when ${late ? "late" : ""}" datetime=${todo.due}>${words}${late ? html`<span class="unseen"> overdue</span>` : nothing}</time>`;
}

/** @param {App} app @param {Todo} todo */
function editor(app, todo) {
  /** @param {HTMLInputElement} input */
  const save = async (input) => {
    if (app.editing !== todo.id) return;
    const title = input.value.trim();
    app.show({ editing: undefined });
    // As TodoMVC has it: an emptied title deletes; there is Undo.
    if (!title) return app.remove([todo]);
    if (await app.edit(todo.id, { title })) return;
    app.startEditing(todo.id);
    /** @type {HTMLInputElement} */ (document.getElementById("edit-title")).value = title;
  };
  /** @param {KeyboardEvent} event */
  const pressed = (event) => {
    event.stopPropagation();
    if (event.key === "Enter" && !event.isComposing) save(/** @type {HTMLInputElement} */ (event.target));
    if (event.key === "Escape") app.show({ editing: undefined });
    if (event.key === "Enter" || event.key === "Escape") app.focusRow(todo.id);
  };
  return html`<input class="editor" id="edit-title" aria-label="Title" maxlength="500" dir="auto" ${field(todo.title)}
    @keydown=${pressed} @blur=${(/** @type {Event} */ { target }) => save(/** @type {HTMLInputElement} */ (target))} />`;
}

/** What waits for a person. @param {App} app @param {Command} command */
function problem(app, command) {
  if (command.state === "conflict") {
    return html`<p class="note"><span>Two edits.</span> <button class="link" @click=${() => app.show({ dialog: command.seq })}>Choose</button></p>`;
  }
  const text = Object.values(command.body).filter((value) => typeof value === "string").join("\n");
  const again = () => app.store.settle(command, { put: [{ ...command, state: "waiting", problem: undefined, key: crypto.randomUUID() }] });
  return html`<p class="note"><span><span class="late">Not saved.</span> ${command.problem?.errors?.[0]?.detail ?? command.problem?.detail ?? ""}</span>
    <button class="link" @click=${again}>Try again</button>
    ${text ? html`<button class="link" @click=${() => navigator.clipboard.writeText(text).then(() => app.say("Copied."))}>Copy text</button>` : nothing}
    <button class="link" @click=${() => app.store.replace(command, [], command.version)}>Discard</button></p>`;
}

