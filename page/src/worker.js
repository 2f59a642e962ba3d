/** The service worker: keeps the page and what it loads, so that it opens without a network. Never an answer of the API. */

// @ts-nocheck
const NAMES = ASSETS;
const CACHE = `todo-ledger ${VERSION}`;
const BASE = self.registration.scope.replace(/\/$/, "");

self.addEventListener("install", (event) => {
  const wanted = [`${BASE}/`, ...NAMES.map((name) => `${BASE}/assets/${name}`)];
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(wanted.map((url) => new Request(url, { cache: "no-cache" })))));
});

// A new one takes over when no page of the old one is open: an update never comes under an open edit.
self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches.keys().then((names) => Promise.all(names.filter((name) => name.startsWith("todo-ledger") && name !== CACHE).map((name) => caches.delete(name)))),
  );
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin) return;
  const path = url.origin + url.pathname;
  const isPage = event.request.mode === "navigate" && (path === `${BASE}/` || path === BASE);
  if (!isPage && !NAMES.some((name) => path === `${BASE}/assets/${name}`)) return;
  event.respondWith(caches.open(CACHE).then((cache) => cache.match(isPage ? `${BASE}/` : path)).then((kept) => kept ?? fetch(event.request)));
});
