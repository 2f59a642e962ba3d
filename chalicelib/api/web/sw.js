// This deployment has no page to keep: the worker of an earlier one goes, with what it has kept.
addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) if (name.startsWith("todo-ledger")) await caches.delete(name);
      await registration.unregister();
    })(),
  );
});
