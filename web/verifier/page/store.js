// What this browser keeps between visits: the trust bundle, and nothing that was checked. Every folder of an origin has
// its own.

const memory = new Map(); // where the browser keeps nothing
const patience = 3000; // ms: some browsers never answer

export const place = new URL("./", import.meta.url).pathname;

const opened = new Promise((resolve) => {
  setTimeout(resolve, patience, null);
  try {
    const ask = indexedDB.open(`verify ${place}`, 1);
    ask.onupgradeneeded = () => ask.result.createObjectStore("kept");
    ask.onsuccess = () => resolve(ask.result);
    ask.onerror = () => resolve(null);
  } catch {
    resolve(null);
  }
});

async function run(mode, act) {
  const db = await opened;
  if (!db) return undefined;
  return new Promise((resolve, reject) => {
    const transaction = db.transaction("kept", mode), ask = act(transaction.objectStore("kept"));
    transaction.oncomplete = () => resolve(ask.result);
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
  });
}

export async function get(name) {
  try {
    return await run("readonly", (s) => s.get(name)) ?? memory.get(name);
  } catch {
    return memory.get(name);
  }
}

/** Keeps a value, unless what is there already is to stay; it tells whether that will be there at the next visit. */
export async function set(name, value, stays = () => false) {
  if (!memory.has(name) || !stays(memory.get(name))) memory.set(name, value);
  try {
    await run("readwrite", (s) => {
      const ask = s.get(name); // the same transaction: another tab may keep one too
      ask.onsuccess = () => ask.result !== undefined && stays(ask.result) || s.put(value, name);
      return ask;
    });
    return await opened !== null;
  } catch {
    return false;
  }
}
