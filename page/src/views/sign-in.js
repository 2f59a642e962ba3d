/** Before anybody is here, and when a token is over. */

import { html, nothing, render } from "lit-html";

import { leaveForIssuer } from "../sync/sign-in.js";
import { state } from "./nav.js";
import { links } from "./parts.js";

/** @import {Configuration} from "../sync/http.js" */
/** @import {App} from "./app.js" */

/**
 * @param {HTMLElement} root
 * @param {{configuration: Configuration, code: string | undefined, signIn: (keep: boolean) => Promise<string | undefined>}} how
 */
export function welcome(root, { configuration, code, signIn }) {
  const can = Boolean(code || configuration.issuer);
  /** @param {Event} event */
  const submit = async (event) => {
    event.preventDefault();
    const keep = new FormData(/** @type {HTMLFormElement} */ (event.target)).has("keep");
    const error = await signIn(keep);
    if (error) show(error);
  };
  const show = (error = "") => render(html`<main class="welcome"><form @submit=${submit}>
    <h1>todo-ledger</h1>
    <p>A todo list that forgets nothing. It works without a network, and every change can be taken back.</p>
    ${error ? html`<p role="alert" class="late">${error}</p>` : nothing}
    ${can && !error ? html`<label class="check"><input type="checkbox" name="keep" ?checked=${configuration.codes} /> Stay signed in on this device (keeps the token in this browser)</label>
      <button class="btn main">Sign in</button>` : how(configuration)}
    <p class="soft">${links(configuration.base)}</p>
  </form></main>`, root);
  show();
}

/** Where the browser stores nothing. @param {HTMLElement} root */
export const unusable = (root) => render(html`<main class="welcome"><form>
  <h1>todo-ledger</h1>
  <p role="alert" class="late">This browser does not let the page store anything, so no change could be kept until it is sent.</p>
  <p>Allow this site to store data, or leave the private window; then load the page again.</p>
</form></main>`, root);

/** @param {Configuration} configuration */
const how = ({ codes }) => (codes ? html`<p>Run <code>make open</code> where the service runs: it opens this page with a new link, which is valid once and for ten minutes.</p>` : html`<p>No issuer of tokens is configured for this page. <a href="docs">The API</a> can be used with a token.</p>`);

/** @param {App} app */
export const signedOut = (app) => html`<p class="banner">${state(app)} ${app.configuration.issuer
  ? html`<button class="link" @click=${() => leaveForIssuer(app.configuration)}>Sign in</button>`
  : app.configuration.codes ? html`Run <code>make open</code> to sign in.` : nothing}</p>`;
