/** Dialogs: every key, the views on a narrow screen, a list's new name, a repeat, and two edits of one todo. */

import { html, nothing } from "lit-html";

import { capital, timeInWords } from "../pure/dates.js";
import { listError, listNamed } from "../pure/lists.js";
import { resolve } from "../pure/merge.js";
import { diff, FIELD_NAMES, valueInWords, who } from "../pure/words.js";
import { nav } from "./nav.js";
import { buttons, inWords, refuse } from "./parts.js";
import { repeatForm } from "./repeat.js";

/** @import {Clash, Command} from "../pure/types.js" */
/** @import {App} from "./app.js" */

/** @param {App} app */
export function dialogs(app) {
  const { dialog } = app;
  const close = () => app.show({ dialog: undefined });
  if (dialog === "views") return html`<dialog class="drawer" aria-label="Views" @close=${close} @click=${outside}>${nav(app, true)}</dialog>`;
  const content = dialog && (typeof dialog === "number" ? conflict : { keys, list: nameOfList, rename: nameOfList, repeat: repeatForm }[dialog])(app);
  return content ? html`<dialog @close=${close} aria-labelledby="dialog">${content}</dialog>` : nothing;
}

/** A click beside the drawer closes it. @param {Event} event */
function outside(event) {
  if (event.target === event.currentTarget) /** @type {HTMLDialogElement} */ (event.currentTarget).close();
}

const KEYS = [
  ["n", "add"], ["/", "search"], ["j k or ↓ ↑", "next, previous"], ["x or Space", "complete, reopen"], ["e or Enter", "edit the title"],
  ["o", "open the details"], ["t", "change the due date"], ["h", "see the history"], ["Delete", "delete"], ["z", "undo"],
  ["Alt+↑ Alt+↓", "move a todo in its list, or a list"], ["Esc", "leave"], ["g then i t u e a w", "go to Inbox, Today, Upcoming, Everything, Activity, As it was"], ["?", "this"],
];

/** @param {App} app */
function keys(app) {
  const off = app.keysOff;
  return html`<h1 id="dialog">Every key</h1>
    <dl class="keys">${KEYS.map(([key, what]) => html`<dt>${key.split(" ").map((each) => (/^(or|then)$/.test(each) ? ` ${each} ` : html`<kbd>${each}</kbd> `))}</dt><dd>${what}</dd>`)}</dl>
    <label class="check"><input type="checkbox" .checked=${!off} @change=${() => app.switchKeys()} /> Single letters act outside of fields</label>
    <form method="dialog" class="buttons"><button class="btn main">Close</button></form>`;
}

/** Of a new list, or another of the one that is shown. @param {App} app */
function nameOfList(app) {
  const isNew = app.dialog === "list";
  const { list = "" } = isNew ? {} : app.route;
  /** @param {SubmitEvent} event */
  const submit = (event) => {
    event.preventDefault();
    const name = listNamed(String(new FormData(/** @type {HTMLFormElement} */ (event.target)).get("name")).trim());
    if (!name) return;
    if (isNew) app.ledger.keep(name, true);
    else app.ledger.rename(name);
  };
  /** @param {Event} event */
  const typed = ({ target }) => refuse(target, listError(/** @type {HTMLInputElement} */ (target).value.trim()));
  return html`<form @submit=${submit}><h1 id="dialog">${isNew ? "New list" : `Rename “${list}”`}</h1>
    ${isNew ? nothing : html`<p class="soft lead">All its todos move, as one operation that can be undone. If there is a list of the new name, both become one.</p>`}
    <input class="wide" name="name" required autocomplete="off" aria-label="New name" .value=${list} @input=${typed} />
    ${buttons(app, "Leave it", html`<button class="btn main">${isNew ? "Make" : "Rename"}</button>`)}</form>`;
}

/** @param {App} app */
function conflict(app) {
  const command = app.store.commands.find(({ seq, state }) => seq === app.dialog && state === "conflict");
  if (!command) return undefined;
  const clash = /** @type {Clash} */ (command.clash);
  const { locale } = app.here;
  const other = clash.events.at(-1);
  const name = other ? who(other, app.person.sub) : "Somebody";
  const theirs = other ? `${name === "You" ? "You, elsewhere" : name}, ${timeInWords(other.occurred_at, locale)}` : "Theirs";
  const mine = `Yours, ${timeInWords(command.at, locale)}`;
  const merged = clash.merged.map((field) => FIELD_NAMES[field]).filter(Boolean);
  const fields = clash.deleted ? ["deleted"] : clash.fields;
  /** @param {Event} event */
  const keep = async (event) => {
    event.preventDefault();
    const chosen = Object.fromEntries(new FormData(/** @type {HTMLFormElement} */ (event.target)));
    const wanted = resolve(command, /** @type {any} */ (chosen)).map((one) => ({ id: command.id, ...one }));
    await app.store.replace(command, wanted, clash.theirs.version || null);
    app.show({ dialog: undefined });
    app.say("Kept. What you did not choose is in the history.");
  };
  /** @param {Event} event */
  const chose = ({ currentTarget }) => {
    const form = /** @type {HTMLFormElement} */ (currentTarget);
    /** @type {HTMLButtonElement} */ (form.querySelector(".main")).disabled = !form.checkValidity();
  };
  return html`<form @submit=${keep} @change=${chose}><h1 id="dialog">${clash.deleted ? "Edited here, deleted there" : "Two edits of the same todo"}</h1>
    <p class="soft lead">“${app.store.get(command.id)?.title}”. ${merged.length ? `What only one of you touched is merged already: the ${merged.join(", ")}.` : ""}</p>
    ${fields.map((field) => (clash.deleted ? deletion(mine, theirs) : choice(app, command, clash, field, mine, theirs)))}
    <p class="soft">What you do not choose stays in the history, one click away.</p>
    ${buttons(app, "Decide later", html`<button class="btn main" disabled>Keep these</button>`)}</form>`;
}

/** @param {string} mine @param {string} theirs */
const deletion = (mine, theirs) => html`<fieldset><legend>Deleted meanwhile</legend><div class="opts">
  ${option("deleted", "mine", mine, "Bring it back, with your edit")}${option("deleted", "theirs", theirs, "Leave it deleted")}</div></fieldset>`;

/** @param {App} app @param {Command} command @param {Clash} clash @param {string} field @param {string} mine @param {string} theirs */
function choice(app, command, clash, field, mine, theirs) {
  /** @param {any} source */
  const words = (source) => valueInWords(field, source[field], app.here);
  const before = words(command.base);
  return html`<fieldset><legend>${capital(FIELD_NAMES[field] ?? field)}</legend><p class="soft before">Before: ${before || "nothing"}</p><div class="opts">
    ${option(field, "mine", mine, inWords(diff(before, words(command.body))))}${option(field, "theirs", theirs, inWords(diff(before, words(clash.theirs))))}</div></fieldset>`;
}

/** @param {string} field @param {string} value @param {string} by @param {unknown} content */
const option = (field, value, by, content) => html`<label class="opt"><input type="radio" name=${field} value=${value} required /><span><span class="soft">${by}</span><br />${content}</span></label>`;
