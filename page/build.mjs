/**
 * Builds the page: `node build.mjs SOURCE OUTPUT`. One script, one style and an icon, each named by its content, in
 * `assets/`; beside it the page that loads them, the worker that keeps them, and the manifest.
 */

import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";

import { build } from "esbuild";
import { minify } from "terser";

const [source, output] = process.argv.slice(2);

/** What lit-html calls its own. */
const LIT = /^_\$/;

/** @param {string} name @param {Record<string, string>} define */
async function bundle(name, define = {}) {
  const options = { bundle: true, minify: true, write: false, format: "esm", target: "es2023", legalComments: "none", charset: "utf8", define, mangleProps: LIT };
  const { outputFiles } = await build({ ...options, entryPoints: [join(source, name)], outdir: "out" });
  // How templates are indented makes no difference, nor do spaces between their elements.
  return outputFiles[0].text.replace(/([>}])\n\s+(?=[<$])/g, "$1").replace(/\n\s+/g, "\n");
}

/** A script as terser leaves it, which says the same in fewer bytes than esbuild does. @param {string} name @param {Record<string, string>} [define] */
async function shortened(name, define) {
  const { code } = await minify(await bundle(name, define), { module: true, ecma: 2020, compress: { passes: 3 } });
  return /** @type {string} */ (code);
}

/** Custom properties with one value each, in the places where they are used: that is shorter. @param {string} css */
function inlined(css) {
  const found = Map.groupBy(css.matchAll(/(--[\w-]+): *([^;}(]+);/g), ([, name]) => name);
  for (const [[all, name, value], ...others] of found.values()) {
    if (!others.length) css = css.replace(all, "").replaceAll(`var(${name})`, value);
  }
  return css;
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
const script = hashed("app", "js", await shortened("app.js"));
const style = hashed("style", "css", inlined(await bundle("style.css")));
const assets = [...files.keys()].map((name) => name.replace("assets/", ""));
const page = fill(await read("index.html"), { icon, script, style });
files.set("manifest.webmanifest", fill(await read("manifest.webmanifest"), { icon }));
files.set("index.html", page);
// With the page in the name of the cache: a worker that differs in nothing is not installed.
files.set("sw.js", await shortened("worker.js", { ASSETS: JSON.stringify(assets), VERSION: JSON.stringify(digest(page)) }));

await mkdir(join(output, "assets"), { recursive: true });
for (const [name, text] of files) {
  await writeFile(join(output, `${name}.new`), text);
  await rename(join(output, `${name}.new`), join(output, name));
}
// What older pages load goes last: nobody finds a page without its script.
for (const name of await readdir(join(output, "assets"))) if (!files.has(`assets/${name}`)) await rm(join(output, "assets", name));
