/** The service worker: keeps the page and what it loads, so that it opens without a network. Never an answer of the API. */

// @ts-nocheck
const BASE = self.registration.scope.replace(/\/$/, "");
// Stages of one API share an origin, and its caches.
const OWN = `todo-ledger ${BASE} `;
const CACHE = OWN + VERSION;

self.addEventListener("install", (event) => {
  const wanted = [`${BASE}/`, ...ASSETS.map((name) => `${BASE}/assets/${name}`)];
  // A new one takes over at once, for what is opened from then on. An open page has loaded all that it needs, and stays
  // what it is until a person loads it again: an update never comes under an open edit.
  self.skipWaiting();
  // Where the browser can, it answers these itself: the page does not wait until this worker has started.
  event.addRoutes?.(wanted.map((baseURL) => ({ condition: { urlPattern: new URLPattern({ baseURL, hash: "*" }) }, source: { cacheName: CACHE } })));
  event.waitUntil(
    caches.delete(CACHE).then(() => caches.open(CACHE)).then((cache) => cache.addAll(wanted.map((url) => new Request(url, { cache: "no-cache" })))),
  );
});

// The version before stays: one of its pages may be loading just now.
self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches.keys().then((names) => Promise.all(names.filter((name) => name.startsWith(OWN)).slice(0, -2).map((name) => caches.delete(name)))),
  );
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin) return;
  const path = url.origin + url.pathname;
  const isPage = event.request.mode === "navigate" && (path === `${BASE}/` || path === BASE);
  if (!isPage && !path.startsWith(`${BASE}/assets/`)) return;
  const kept = isPage ? caches.match(`${BASE}/`, { cacheName: CACHE }) : caches.match(path);
  event.respondWith(kept.then((found) => found ?? fetch(event.request)));
});
