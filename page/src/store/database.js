/** IndexedDB, as promises. A write is on the disk when its promise is kept. */

/** @param {IDBRequest} request @returns {Promise<any>} */
export const result = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/**
 * The database of one owner: `rows` as the server has them, `commands` that wait, and `meta` (the cursor, a token).
 * @param {string} name
 * @returns {Promise<IDBDatabase>}
 */
export function open(name) {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore("rows", { keyPath: "id" });
    request.result.createObjectStore("commands", { keyPath: "seq", autoIncrement: true });
    request.result.createObjectStore("meta");
  };
  return result(request);
}

/**
 * @template T
 * @param {IDBDatabase} database
 * @param {IDBTransactionMode} mode
 * @param {(stores: {rows: IDBObjectStore, commands: IDBObjectStore, meta: IDBObjectStore}) => Promise<T> | T} work
 * @returns {Promise<T>}
 */
export async function within(database, mode, work) {
  const transaction = database.transaction(["rows", "commands", "meta"], mode, { durability: "strict" });
  // What was only read is as good before the transaction has ended.
  const done = mode === "readonly" || new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error);
  });
  const [rows, commands, meta] = ["rows", "commands", "meta"].map((name) => transaction.objectStore(name));
  const value = await work({ rows, commands, meta });
  await done;
  return value;
}
