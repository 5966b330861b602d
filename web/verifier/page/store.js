// What this browser keeps between visits: the trust bundle, and nothing that was checked.

const memory = new Map(); // where the browser keeps nothing

const opened = new Promise((resolve) => {
  try {
    const ask = indexedDB.open("verify", 1);
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

/** Keeps a value; it tells whether it will be there at the next visit. */
export async function set(name, value) {
  memory.set(name, value);
  try {
    await run("readwrite", (s) => s.put(value, name));
    return await opened !== null;
  } catch {
    return false;
  }
}
