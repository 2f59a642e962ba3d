/** Which rows are drawn: those around what is seen. A space has the height of those before them. */

/** @import {App} from "./app.js" */

/** As many as are drawn well within a frame. */
const MORE = 20;
const MOST = 160;
/** So far beyond what is seen, in pixels. */
const AHEAD = 800;
/** The height of a row that was never drawn, about. */
const ROW = 48;

/** @type {IntersectionObserver | undefined} */
let watcher;

/** Draws others when an end of what is drawn now comes near. @param {App} app */
export function follow(app) {
  watcher?.disconnect();
  const [before, more] = ["before", "more"].map((end) => document.querySelector(`main > .${end}`));
  if (before) keepHeight(app, before);
  if (!before && !more) return;
  watcher = new IntersectionObserver((entries) => {
    const near = entries.find(({ isIntersecting }) => isIntersecting);
    if (near) (near.target === more ? forward : back)(app, near.boundingClientRect.bottom);
  }, { rootMargin: `${AHEAD}px` });
  for (const end of [before, more]) if (end) watcher.observe(end);
}

/** @param {App} app @param {Element} space */
function keepHeight(app, space) {
  /** @type {HTMLElement} */ (space).style.height = `${app.above}px`;
}

const drawn = () => [...document.querySelectorAll("main > section > .rows > .row")];

/** The row that has the focus stays, wherever it is. @param {Element[]} rows */
const focused = (rows) => rows.findIndex((row) => row.contains(document.activeElement));

/** @param {App} app */
function forward(app) {
  const rows = drawn();
  const at = focused(rows);
  // On a large screen more are seen.
  const far = rows.findIndex((row) => row.getBoundingClientRect().bottom > -2 * AHEAD);
  const spare = Math.max(0, Math.min(app.window + MORE - app.first - MOST, far, at < 0 ? far : at));
  move(app, app.first + spare, app.window + MORE, rows[spare]);
}

/** @param {App} app @param {number} bottom where the space ends, from the top of what is seen */
function back(app, bottom) {
  const rows = drawn();
  const missing = Math.ceil((bottom + AHEAD) / (app.above / app.first));
  const first = Math.max(0, app.first - Math.max(MORE, missing));
  const at = focused(rows);
  const end = Math.max(Math.min(app.window, first + MOST), at < 0 ? 0 : app.first + at + 1);
  move(app, first, end, rows[0]);
}

/**
 * Draws other rows, and gives the space the height of those that went.
 * @param {App} app
 * @param {number} first
 * @param {number} end
 * @param {Element} kept a row that is drawn before and, unless they are others altogether, after
 */
function move(app, first, end, kept) {
  const main = /** @type {Element} */ (kept.closest("main"));
  const top = () => kept.getBoundingClientRect().top - main.getBoundingClientRect().top;
  const was = top();
  const before = app.first;
  Object.assign(app, { first, window: end });
  app.draw();
  if (first === before) return;
  app.above = first && (kept.isConnected ? Math.max(0, app.above + was - top()) : (app.above * first) / before);
  const space = main.querySelector(".before");
  if (space) keepHeight(app, space);
}

/** Has a row drawn at the next draw. @param {App} app @param {number} index */
export function reveal(app, index) {
  if (index < app.first || index >= app.window + MORE) {
    const first = Math.max(0, index - MORE);
    Object.assign(app, { first, window: first + MOST / 2, above: first * ROW });
  } else if (index >= app.window - MORE / 2) app.window += MORE;
}
