/** Which rows are drawn: those around what is seen. A space has the height of those before them. */

/** @import {App} from "./app.js" */

/** As many as are drawn well within a frame. */
const MORE = 10;
/** So many are drawn, some at a time, also if fewer are seen. */
const LEAST = 80;
/** Some screens full of them. */
const most = () => Math.max(160, Math.ceil(innerHeight / 10));
/** So far beyond what is seen, in pixels. */
const AHEAD = 800;
/** The height of a row that was never drawn, about. */
const ROW = 48;

/** As many rows as are drawn at once: those that are seen, and some more. @param {number} [more] */
export const screenful = (more = MORE) => Math.ceil(innerHeight / ROW) + more;

/** @type {IntersectionObserver | undefined} */
let watcher;

/** Draws others when an end of what is drawn now comes near. @param {App} app */
export function follow(app) {
  watcher?.disconnect();
  watcher = new IntersectionObserver((entries) => {
    const near = entries.find(({ isIntersecting }) => isIntersecting);
    if (near) move(app, near.target.id === "before", near.boundingClientRect.bottom);
  }, { rootMargin: `${app.window - app.first < LEAST ? 9999 : AHEAD}px` });
  for (const id of ["before", "more"]) {
    const end = document.getElementById(id);
    if (!end) continue;
    if (id === "before") end.style.height = `${app.above}px`;
    watcher.observe(end);
  }
}

/**
 * Draws other rows, and gives the space the height of those that went. A row that has the focus stays.
 * @param {App} app
 * @param {boolean} back whether those before are wanted
 * @param {number} bottom where the end that is near ends, from the top of what is seen
 */
function move(app, back, bottom) {
  const rows = [...document.querySelectorAll("main .rows .row")];
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const before = app.first;
  if (back) {
    const wanted = MORE + Math.max(0, Math.ceil((bottom * before) / app.above) || 0);
    const far = at < 0 && wanted > screenful();
    app.first = Math.max(0, before - (far ? wanted : Math.min(wanted, screenful())));
    app.window = far ? app.first + screenful() : Math.max(Math.min(app.window, app.first + most()), before + at + 1);
    // All of them go at once, which is quicker than one by one.
    if (far) app.jumps++;
  } else {
    app.window += MORE;
    app.first += Math.max(0, Math.min(app.window - before - most(), at < 0 ? Infinity : at));
  }
  const kept = rows[back ? 0 : app.first - before];
  const top = () => kept.getBoundingClientRect().top + scrollY;
  const was = top();
  app.draw();
  app.above = app.first && (kept.isConnected ? app.above + was - top() : (app.above * app.first) / before);
  follow(app);
}

/** Has a row drawn at the next draw. @param {App} app @param {number} index */
export function reveal(app, index) {
  if (index < app.first || index >= app.window + MORE) {
    app.first = Math.max(0, index - MORE);
    app.window = app.first + screenful();
    app.above = app.first * ROW;
    app.jumps++;
  } else if (index > app.window - MORE) app.window += MORE;
}
