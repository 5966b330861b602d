// Keeps the page for when there is no network. In front of this stand build, and kept and later: the hashes of files
// by their names. What is kept is answered from here, whether there is a network or not; a new version is a new list.

const scope = new URL("./", location.href), ours = `verify ${scope.pathname} `, store = ours + build, notes = `verify.notes ${scope.pathname}`;

/** Fetches a file as it is now; another than the list names must not be among these, whoever answered. */
async function keep(cache, name, hash) {
  const answer = await fetch(new URL(name, scope), { cache: "no-cache", credentials: "omit" }), body = await answer.arrayBuffer();
  const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", body)), headers = new Headers(answer.headers);
  if (!answer.ok || hash !== [...sum.slice(0, 6)].map((b) => b.toString(16).padStart(2, "0")).join("")) throw new Error(`${name} is not of this version`);
  headers.delete("Content-Encoding");
  headers.delete("Content-Length");
  await cache.put(new URL(name, scope), new Response(body, { headers })); // a new one: no navigation takes a redirected one
}

async function keepAll(files) {
  const cache = await caches.open(store);
  await Promise.all(Object.entries(files).map(async ([name, hash]) => {
    if (!await cache.match(new URL(name, scope))) await keep(cache, name, hash);
  }));
}

addEventListener("install", (event) => event.waitUntil(keepAll(kept)));

addEventListener("activate", (event) => event.waitUntil((async () => {
  for (const name of await caches.keys()) if (name.startsWith(ours) && name !== store) await caches.delete(name);
  await clients.claim();
})()));

addEventListener("message", (event) => {
  if (event.data.take) skipWaiting();
  if (event.data.later) event.waitUntil(keepAll(later).catch(() => undefined)); // else when it is needed
  if (event.data.lang) event.waitUntil(caches.open(notes).then((c) => c.put("./lang", new Response(event.data.lang))));
});

/** The language that was used last, or that this browser is set to. */
async function language() {
  const last = await (await (await caches.open(notes)).match("./lang"))?.text();
  return [last, ...navigator.languages.map((l) => l.split("-")[0])].find((l) => l && Object.hasOwn(kept, `${l}.html`)) ?? "en";
}

/** The name of a file of ours for an address, with LANG for the language that is to be found out; undefined for any other. */
function nameOf(url) {
  if (url.origin !== scope.origin || !url.pathname.startsWith(scope.pathname)) return undefined;
  const name = url.pathname.slice(scope.pathname.length);
  if (name === "" || name === "index.html") return "LANG.html";
  if (name === "trust" || name === "trust.html") return "trust.LANG.html";
  return Object.hasOwn(kept, name) || Object.hasOwn(later, name) ? name : undefined;
}

// What is not ours is none of this worker's business: the page asks for it itself.
addEventListener("fetch", (event) => {
  const name = event.request.method === "GET" && nameOf(new URL(event.request.url));
  if (name) event.respondWith(answer(event.request, name));
});

async function answer(request, wanted) {
  const name = wanted.includes("LANG") ? wanted.replace("LANG", await language()) : wanted, cache = await caches.open(store);
  let found = await cache.match(new URL(name, scope));
  if (!found) {
    await keep(cache, name, kept[name] ?? later[name]).catch(() => undefined);
    found = await cache.match(new URL(name, scope));
  }
  return found ?? fetch(request);
}
