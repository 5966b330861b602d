// The trust bundle: kept, renewed by network or by a file. Only a bundle of this registry that a pinned root key
// signed is taken, and none that is older than the last.

import { get, place, set } from "./store.js";
import { moment, t } from "./words.js";

const { bundle: address, registry, roots, module } = document.body.dataset;
export const pinned = roots.split(" ").filter((kid) => kid);
const often = 15 * 60_000; // the registry makes a new one no sooner
const mostOff = 5 * 60_000, aDay = 24 * 60 * 60_000;

export const verifier = () => import(new URL(module, import.meta.url));

const tabs = "BroadcastChannel" in window ? new BroadcastChannel(`verify ${place}`) : null; // other tabs of this page

let current = null; // {bundle, payload, seen, pinned}
let kept = false; // whether it is there at the next visit
let clock = null; // {off, at}: how far this device's clock was behind the server's, and when that was seen

export const bundle = () => current?.bundle ?? null;

export const isKept = () => kept;

/** Calls back when another tab has taken a newer bundle. */
export function onNewer(then) {
  if (tabs) tabs.onmessage = async () => { await openKept(); then(); };
}

/** Opens what was kept, unless this tab has as new a one. */
export async function openKept() {
  clock ??= await get("clock") ?? null;
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
  if (opened.missing.length > 0) throw Object.assign(new Error("without its status lists"), { code: "lists" });
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
  await compare(answer.headers);
  return answer.text();
}

/** Compares this device's clock with that of the server, which says when it answered. */
async function compare(headers) {
  const there = Date.parse(headers.get("Date") ?? "") + 1000 * (Number(headers.get("Age")) || 0);
  if (Number.isNaN(there)) return;
  clock = { off: there - Date.now(), at: Date.now() };
  await set("clock", clock);
}

/** What is to be said of this device's clock; nothing if it seems to be right. It may have been put right since it was compared. */
export function clockHint() {
  const since = clock ? Date.now() - clock.at : -1;
  if (since >= 0 && since < aDay && Math.abs(clock.off) > mostOff) return t("verify.clock_differs", { moment: moment(Date.now() + clock.off) });
  return current && current.bundle.created - Date.now() > 60_000 ? t("verify.clock_wrong") : "";
}

/** Fetches the newest in the background, if there is a network and it is time. */
export async function keepFresh() {
  const since = Date.now() - (await get("asked") ?? 0); // less than nothing where a clock was put back: then it is time
  if (!navigator.onLine || current && since >= 0 && since < often) return false;
  try {
    return await fetchNewest();
  } catch {
    return false; // what was kept goes on to hold
  }
}

/** Why a bundle is not taken, in words. */
export function whyNot(e) {
  const code = ["signer", "rolled_back", "base", "malformed", "lists"].find((c) => c === e?.code);
  if (code) return t(`verify.bundle_${code}`);
  return t(navigator.onLine ? "verify.bundle_unreachable" : "verify.bundle_offline");
}

/** When the oldest of the status lists that were taken is from; null without a bundle. */
export const madeAt = () => bundle()?.created ?? null;

/** Whether nothing is known any more of any status. */
export const tooOld = () => Boolean(bundle()?.notAfter && Date.now() >= bundle().notAfter);
