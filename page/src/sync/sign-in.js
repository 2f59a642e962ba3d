/** Who is here: by a one-time code of this machine, or by OpenID Connect (code flow with PKCE). */

/** @import {Configuration, Http} from "./http.js" */

/** @typedef {{sub: string, issuer: string}} Person */

const REMEMBERED = "todo-ledger";

/** The person who was here last: whose todos are shown also without a network. @returns {Person | undefined} */
export function remembered() {
  const text = localStorage.getItem(REMEMBERED);
  return text ? JSON.parse(text) : undefined;
}

/** @param {Person | undefined} person */
export function remember(person) {
  if (person) localStorage.setItem(REMEMBERED, JSON.stringify(person));
  else localStorage.removeItem(REMEMBERED);
}

/** @param {Person} person */
export const databaseOf = ({ issuer, sub }) => `todo-ledger ${issuer} ${sub}`;

/** @param {string} part */
const decoded = (part) => new TextDecoder().decode(Uint8Array.from(atob(part.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0)));

/** @param {string} token */
const claims = (token) => JSON.parse(decoded(token.split(".")[1]));

/** @param {string} token @returns {Person} whose it is, as the token says; the server checks it */
export function personOf(token) {
  const { sub, iss } = claims(token);
  return { sub, issuer: iss };
}

/** The program that a token was issued to, if it says so. @param {string | undefined} token @returns {string | null} */
export function clientOf(token) {
  const { client_id, azp } = token ? claims(token) : {};
  return client_id ?? azp ?? null;
}

/** Takes the one-time code out of the address, before anything else can read it. */
export function takeCode() {
  const code = location.hash.match(/^#\/sign-in\/([\w-]+)$/)?.[1];
  if (code) history.replaceState(null, "", location.pathname + location.search);
  return code;
}

/**
 * @param {Http} http
 * @param {string} code
 * @returns {Promise<{token?: string, error?: string}>}
 */
export async function exchange(http, code) {
  const { status, body } = await http.send("/sign-in", { method: "POST", body: { code } });
  if (status === 200) return { token: body.access_token };
  return { error: status ? body?.detail : "The service cannot be reached." };
}

/** @param {Uint8Array} bytes */
const encoded = (bytes) => btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

const random = () => encoded(crypto.getRandomValues(new Uint8Array(32)));

/** @param {string} issuer @returns {Promise<{authorization_endpoint: string, token_endpoint: string}>} */
const discover = async (issuer) => (await fetch(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`, { credentials: "omit" })).json();

/** Leaves for the issuer. @param {Configuration} configuration */
export async function leaveForIssuer({ base, issuer, client_id, audience, scopes }) {
  if (!issuer || !client_id) return;
  const [verifier, state] = [random(), random()];
  sessionStorage.setItem("sign-in", JSON.stringify({ verifier, state, hash: location.hash }));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  const { authorization_endpoint } = await discover(issuer);
  const query = { response_type: "code", client_id, redirect_uri: `${base}/`, scope: scopes, state, code_challenge: encoded(new Uint8Array(digest)), code_challenge_method: "S256", ...(audience ? { audience } : {}) };
  location.assign(`${authorization_endpoint}${authorization_endpoint.includes("?") ? "&" : "?"}${new URLSearchParams(query)}`);
}

/**
 * Back from the issuer: its code for a token.
 * @param {Configuration} configuration
 * @returns {Promise<string | undefined>}
 */
export async function backFromIssuer({ base, issuer, client_id }) {
  const query = new URLSearchParams(location.search);
  const code = query.get("code");
  const left = sessionStorage.getItem("sign-in");
  if (!code || !left || !issuer || !client_id) return undefined;
  sessionStorage.removeItem("sign-in");
  const { verifier, state, hash } = JSON.parse(left);
  history.replaceState(null, "", location.pathname + hash);
  if (query.get("state") !== state) return undefined;
  const { token_endpoint } = await discover(issuer);
  const form = new URLSearchParams({ grant_type: "authorization_code", code, client_id, redirect_uri: `${base}/`, code_verifier: verifier });
  const answer = await fetch(token_endpoint, { method: "POST", body: form, credentials: "omit" });
  return answer.ok ? (await answer.json()).access_token : undefined;
}
