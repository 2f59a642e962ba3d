/** The keyboard: single letters outside of fields, and the row that they act on. */

import { href } from "./route.js";
import { reveal } from "./window.js";

/** @import {App} from "./app.js" */
/** @import {Route} from "./route.js" */

const VIEWS = /** @type {Record<string, Route["name"]>} */ ({ i: "inbox", t: "today", u: "upcoming", e: "everything", a: "activity", w: "past" });

/** @param {App} app */
export function listen(app) {
  let going = false;
  addEventListener("keydown", (event) => {
    const { target, key } = event;
    // What is on the screen counts: a dialog that Escape has closed says so to the page only a moment later.
    if (event.ctrlKey || event.metaKey || event.isComposing || document.querySelector("dialog[open]")) return;
    const inField = target instanceof HTMLElement && target.matches("input, textarea, select");
    if (inField) {
      if (key === "Escape") leave(app, /** @type {HTMLInputElement} */ (target));
      return;
    }
    const was = going;
    going = false;
    if (event.altKey && key.startsWith("Arrow")) move(app, event);
    else if (event.altKey) return;
    else if (was && VIEWS[key]) app.go(href({ name: VIEWS[key] }));
    else if (key === "g" && !app.keysOff) going = true;
    else act(app, event);
  });
}

/** @param {App} app @param {HTMLInputElement} field */
function leave(app, field) {
  if (field.id === "search" && app.route.q) app.go(app.to({ q: "" }), true);
  if (field.id === "add") app.show({ draft: { text: "", declined: new Set() } });
  field.blur();
  app.focusRow(app.current);
}

/** @param {App} app @param {KeyboardEvent} event */
function move(app, event) {
  const todo = app.current && app.store.get(app.current);
  const by = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : undefined;
  if (!todo || !by) return;
  event.preventDefault();
  if (!app.isList) return app.say("Only a list can be put in order.");
  app.move(todo, by).then(() => app.focusRow(todo.id));
}

/** @param {App} app @param {KeyboardEvent} event */
function act(app, event) {
  const { key, target } = event;
  const onControl = target instanceof HTMLElement && target.matches("button, a:not(.title), summary");
  if (app.keysOff && key.length === 1 && key !== " ") return;
  const todo = app.current ? app.store.get(app.current) : undefined;
  /** @type {Record<string, () => void>} */ const deeds = {
    n: () => document.getElementById("add")?.focus(),
    "/": () => document.getElementById("search")?.focus(),
    "?": () => {
      app.show({ dialog: "keys" });
      app.draw();
    },
    z: () => void app.undo(),
    j: () => step(app, 1),
    k: () => step(app, -1),
    ArrowDown: () => step(app, 1),
    ArrowUp: () => step(app, -1),
    Escape: () => {
      if (app.route.todo) app.go(app.to({ todo: undefined }));
      app.focusRow(app.current);
    },
  };
  if (todo && !todo.deleted) {
    Object.assign(deeds, {
      x: () => app.toggle(todo),
      e: () => app.startEditing(todo.id),
      o: () => app.go(app.to({ todo: todo.id })),
      t: () => inPanel(app, todo.id, "p-due"),
      h: () => inPanel(app, todo.id, "p-title"),
      Delete: () => remove(app, todo.id),
      ...(onControl ? {} : { " ": () => app.toggle(todo), Enter: () => app.startEditing(todo.id) }),
    });
  }
  const deed = deeds[key];
  if (!deed) return;
  event.preventDefault();
  deed();
}

/** @param {App} app @param {string} id */
function remove(app, id) {
  const todo = app.store.get(id);
  if (todo) app.remove([todo]).then(() => app.focusRow(app.current));
}

/** @param {App} app @param {string} id @param {string} field */
function inPanel(app, id, field) {
  app.go(app.to({ todo: id }));
  app.focus(field);
}

/** @param {App} app @param {1 | -1} by */
function step(app, by) {
  const ids = app.groups.flatMap(({ rows }) => rows.map(({ id }) => id));
  const at = app.current ? ids.indexOf(app.current) : -1;
  const next = ids[at < 0 ? 0 : Math.max(0, Math.min(ids.length - 1, at + by))];
  if (!next) return;
  reveal(app, ids.indexOf(next));
  app.current = next;
  app.focusRow(next);
}
