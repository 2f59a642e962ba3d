/**
 * Builds the page: `node build.mjs SOURCE OUTPUT`. One script, one style and an icon, each named by its content, in
 * `assets/`; beside it the page that loads them, the worker that keeps them, and the manifest.
 */

import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";

import { build, transform } from "esbuild";

const [source, output] = process.argv.slice(2);

/**
 * Names that only objects of the page have in memory: they get short ones. None may be a browser's, or be stored or sent.
 * The first are those that lit-html calls its own.
 */
const OWN = [
  "_\\$.*", "creationScope", "endNode", "renderBefore", "setConnected", "startNode", "litHtmlPolyfillSupport",
  "above", "actions", "activityBy", "began", "beside", "bringBack", "configuration", "connection", "current",
  "declined", "dialog", "doers", "draft", "editing", "focusRow", "here", "histories", "http", "isCut", "isList",
  "jumps", "keepName", "keysOff", "label", "later", "ledger", "listed", "loadActivity", "loadHistory", "minute",
  "moments", "notStored", "openActivity", "openPast", "ordering", "past", "pastAt", "person", "placeInWords",
  "putInOrder", "redraw", "rewind", "route", "seePast", "startEditing", "startOver", "staying", "store",
  "subscribe", "switchKeys", "toast", "tryUndo", "undoing", "waiting", "whole", "window",
];

/**
 * In which order the script has its modules, as far as what they import does not decide it; the others come behind. gzip
 * has a memory of 32 KB, and a code for each stretch of what it packs: in this order, which was found by trying, the
 * script is half a kilobyte shorter than in that of the imports.
 */
const ORDER = [
  "./pure/words.js", "lit-html/directives/repeat.js", "./pure/sync.js", "./pure/undo.js", "./store/database.js", "./pure/past.js",
  "./pure/quick-add.js", "./views/window.js", "./pure/select.js", "./sync/connection.js", "./sync/later.js", "./views/route.js",
  "./sync/http.js", "./views/ledger.js", "./views/list.js", "./views/app.js", "./views/nav.js", "./views/past.js",
];

/** @param {string[]} names @param {Record<string, string>} define */
async function bundle(names, define = {}) {
  const options = { bundle: true, minify: true, write: false, format: "esm", target: "es2023", legalComments: "none", charset: "utf8", define, mangleProps: new RegExp(`^(${OWN.join("|")})$`) };
  const stdin = { contents: names.map((name) => `import "${name}";`).join(""), resolveDir: source };
  const { outputFiles } = await build({ ...options, stdin, outdir: "out" });
  // How templates are indented makes no difference, nor do spaces between their elements and quotes around one word.
  return outputFiles[0].text.replace(/([>}])\n\s+(?=[<$])/g, "$1").replace(/\n\s+/g, "\n").replace(/(?<= [a-z-]+=)"([\w.-]+)"(?=[ >])/g, "$1");
}

/** Custom properties with one value each are put where they are used, the others get short names. @param {string} css */
function inlined(css) {
  const found = Map.groupBy(css.matchAll(/(--[\w-]+): *([^;}(]+);/g), ([, name]) => name);
  for (const [[all, name, value], ...others] of found.values()) {
    if (!others.length) css = css.replace(all, "").replaceAll(`var(${name})`, value);
  }
  const names = [...new Set(css.match(/--[\w-]+/g))];
  return css.replace(/--[\w-]+/g, (name) => `--${names.indexOf(name).toString(36)}`);
}

/** @type {Map<string, string>} */
const files = new Map();

/** @param {string} text */
const digest = (text) => createHash("sha256").update(text).digest("hex").slice(0, 8);

/** @param {string} stem @param {string} ending @param {string} text */
function hashed(stem, ending, text) {
  const name = `${stem}-${digest(text)}.${ending}`;
  files.set(`assets/${name}`, text);
  return name;
}

/** @param {string} text @param {Record<string, string>} values */
const fill = (text, values) => Object.entries(values).reduce((filled, [name, value]) => filled.replaceAll(`{${name}}`, value), text);

/** @param {string} name */
const read = (name) => readFile(join(source, name), "utf-8");

const icon = hashed("icon", "svg", await read("icon.svg"));
const script = hashed("app", "js", await bundle([...ORDER, "./app.js"]));
const style = hashed("style", "css", inlined((await transform(await read("style.css"), { loader: "css", minify: true, charset: "utf8" })).code));
const assets = [...files.keys()].map((name) => name.replace("assets/", ""));
const page = fill(await read("index.html"), { icon, script, style });
files.set("manifest.webmanifest", fill(await read("manifest.webmanifest"), { icon }));
files.set("index.html", page);
// With the page in the name of the cache: a worker that differs in nothing is not installed.
files.set("sw.js", await bundle(["./worker.js"], { ASSETS: JSON.stringify(assets), VERSION: JSON.stringify(digest(page)) }));

await mkdir(join(output, "assets"), { recursive: true });
for (const [name, text] of files) {
  await writeFile(join(output, `${name}.new`), text);
  await rename(join(output, `${name}.new`), join(output, name));
}
// What older pages load goes last: nobody finds a page without its script.
for (const name of await readdir(join(output, "assets"))) if (!files.has(`assets/${name}`)) await rm(join(output, "assets", name));
