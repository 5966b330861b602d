// The trust bundle: kept, renewed by network or by a file. Only a bundle of this registry that a pinned root key
// signed is taken, and none that is older than the last.

import { get, place, set } from "./store.js";
import { t } from "./words.js";

const { bundle: address, registry, roots, module } = document.body.dataset;
export const pinned = roots.split(" ").filter((kid) => kid);
const often = 15 * 60_000; // the registry makes a new one no sooner

export const verifier = () => import(new URL(module, import.meta.url));

const tabs = "BroadcastChannel" in window ? new BroadcastChannel(`verify ${place}`) : null; // other tabs of this page

let current = null; // {bundle, payload, seen, pinned}
let kept = false; // whether it is there at the next visit

export const bundle = () => current?.bundle ?? null;

export const isKept = () => kept;

/** Calls back when another tab has taken a newer bundle. */
export function onNewer(then) {
  if (tabs) tabs.onmessage = async () => { await openKept(); then(); };
}

/** Opens what was kept, unless this tab has as new a one. */
export async function openKept() {
  const found = await get("bundle");
  if (!found || found.seen.registry !== registry || current && current.seen.seq >= found.seen.seq) return bundle();
  try {
    const { openBundle } = await verifier(), opened = await openBundle(JSON.stringify(found.payload), { unsigned: true });
    current = { ...found, bundle: opened.bundle };
    kept = true;
  } catch {
    // made by an older version of this page: it is fetched anew
  }
  return bundle();
}

/**
 * The root keys that count: those of the last bundle, and those that this page did not name when that was taken. One
 * that the registry has dropped does not come back because an old copy of the page names it still.
 */
export const rootsNow = () => (current ? [...new Set([...current.seen.roots, ...pinned.filter((kid) => !(current.pinned ?? []).includes(kid))])] : pinned);

/** Takes a signed bundle or delta; it tells whether it is newer than the last. BundleError if it must not be used. */
export async function take(text) {
  await openKept(); // another tab may have come further
  const { openBundle } = await verifier(), before = current?.seen ?? { registry, seq: 0 };
  const seen = { ...before, sha256: "", roots: rootsNow() }; // the same number in another form is no roll-back
  const { bundle: opened, seen: next } = await openBundle(text, { seen, base: current?.bundle });
  const newer = !current || next.seq > before.seq;
  if (newer) {
    const value = { payload: opened.payload, seen: next, pinned };
    current = { ...value, bundle: opened };
    kept = await set("bundle", value, (old) => old.seen.registry === registry && old.seen.seq > next.seq);
    tabs?.postMessage(next.seq);
  }
  await set("asked", Date.now());
  return newer;
}

/** Fetches the newest: what has changed, or all of it. */
export async function fetchNewest() {
  const url = new URL(address, location.href);
  if (current) url.searchParams.set("since", current.bundle.seq);
  try {
    return await take(await fetched(url));
  } catch (e) {
    if (e.code !== "base") throw e;
    url.searchParams.delete("since");
    return take(await fetched(url));
  }
}

async function fetched(url) {
  const answer = await fetch(url, { cache: "no-cache", credentials: "omit", referrerPolicy: "no-referrer" });
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  return answer.text();
}

/** Fetches the newest in the background, if there is a network and it is time. */
export async function keepFresh() {
  if (!navigator.onLine || current && Date.now() - (await get("asked") ?? 0) < often) return false;
  try {
    return await fetchNewest();
  } catch {
    return false; // what was kept goes on to hold
  }
}

/** Why a bundle is not taken, in words. */
export function whyNot(e) {
  const code = ["signer", "rolled_back", "base", "malformed"].find((c) => c === e?.code);
  if (code) return t(`verify.bundle_${code}`);
  return t(navigator.onLine ? "verify.bundle_unreachable" : "verify.bundle_offline");
}

/** When the oldest of the status lists that were taken is from; null without a bundle. */
export const madeAt = () => bundle()?.created ?? null;

/** Whether nothing is known any more of any status. */
export const tooOld = () => Boolean(bundle()?.notAfter && Date.now() >= bundle().notAfter);
