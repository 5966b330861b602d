// The trust bundle: kept, renewed by network or by a file. Only a bundle of this registry that a pinned root key
// signed is taken, and none that is older than the last.

import { get, set } from "./store.js";
import { t } from "./words.js";

const { bundle: address, registry, roots, module } = document.body.dataset;
export const pinned = roots.split(" ").filter((kid) => kid);
const often = 15 * 60_000; // the registry makes a new one no sooner

export const verifier = () => import(new URL(module, import.meta.url));

let current = null; // {bundle, seen, asked}

export const bundle = () => current?.bundle ?? null;

/** Opens what was kept. */
export async function openKept() {
  const kept = await get("bundle");
  if (!kept || kept.seen.registry !== registry) return null;
  try {
    const { openBundle } = await verifier(), opened = await openBundle(JSON.stringify(kept.payload), { unsigned: true });
    current = { ...kept, bundle: opened.bundle };
  } catch {
    current = null; // made by an older version of this page: it is fetched anew
  }
  return bundle();
}

/** Takes a signed bundle or delta; it tells whether it is newer than the last. BundleError if it must not be used. */
export async function take(text) {
  const { openBundle } = await verifier(), before = current?.seen ?? { registry, seq: 0, roots: [] };
  const seen = { ...before, sha256: "", roots: [...new Set([...before.roots, ...pinned])] }; // the same number in another form is no roll-back
  const { bundle: opened, seen: next } = await openBundle(text, { seen, base: current?.bundle });
  const newer = !current || next.seq > before.seq;
  if (newer) {
    current = { bundle: opened, payload: opened.payload, seen: next };
    await set("bundle", { payload: opened.payload, seen: next });
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
