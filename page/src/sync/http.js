/** Requests to the API. */

/**
 * What the page is told of the deployment.
 * - `waits`: whether the server waits for changes itself.
 * - `codes`: whether one signs in by a one-time code.
 * - `issuer`, `client_id`, `audience`, `scopes`: for OpenID Connect, where that is set up.
 * @typedef {{
 *   base: string, waits: boolean, codes: boolean, issuer: string | null, client_id: string | null,
 *   audience: string | null, scopes: string,
 * }} Configuration
 */

export class Http {
  /** @type {string | undefined} */ token;

  /** @param {string} base */
  constructor(base) {
    this.base = base;
  }

  /**
   * @param {string} path
   * @param {{method?: string, body?: unknown, headers?: Record<string, string>, signal?: AbortSignal}} [request]
   * @returns {Promise<{status: number, headers: Headers, body: any}>} status 0: there was no answer
   */
  async send(path, { method = "GET", body, headers = {}, signal } = {}) {
    try {
      const answer = await fetch(this.base + path, {
        method, signal, cache: "no-store", credentials: "omit",
        headers: {
          Accept: "application/json",
          ...(this.token ? { Authorization: `Bearer ${this.token}` } : {}),
          ...(body === undefined ? {} : { "Content-Type": "application/json" }),
          ...headers,
        },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
      const text = await answer.text();
      return { status: answer.status, headers: answer.headers, body: text ? JSON.parse(text) : null };
    } catch {
      // Without a network, or with an answer cut off: as if there was none.
      return { status: 0, headers: new Headers(), body: null };
    }
  }

  /**
   * All pages of a path; where older items follow that were not asked for, the last one says so (`isCut`).
   * @param {string} path
   * @param {(body: any) => any[]} items
   * @param {number} [most] pages
   * @param {number} [enough] items
   * @returns {Promise<any[] | undefined>}
   */
  async pages(path, items, most = Infinity, enough = Infinity) {
    /** @type {any[]} */ const found = [];
    let next = path;
    for (let page = 0; next && page < most && found.length < enough; page++) {
      const { status, body, headers } = await this.send(next);
      if (status !== 200) return undefined;
      found.push(...items(body));
      const link = headers.get("Link")?.match(/<([^>]+)>;\s*rel="next"/)?.[1];
      next = link ? link.slice(this.base.length) : "";
    }
    const last = found.at(-1);
    if (last && next) last.isCut = true;
    return found;
  }
}
