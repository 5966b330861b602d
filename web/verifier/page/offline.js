// Registers the worker that keeps this page for when there is no network, and says when there is a newer version.

import { $ } from "./dom.js";
import { lang } from "./words.js";

/** It tells whether the page works without network from now on; null where browsers keep nothing. */
export async function workOffline() {
  if (!("serviceWorker" in navigator) || !isSecureContext) return null;
  try {
    const kept = navigator.onLine ? undefined : await navigator.serviceWorker.getRegistration(); // nothing is asked of a network that is not there
    const registration = kept ?? await navigator.serviceWorker.register(new URL("./sw.js", import.meta.url), { updateViaCache: "none" });
    offer(registration);
    if (matchMedia("(display-mode: standalone)").matches) navigator.storage?.persist?.().catch(() => false); // somebody installed it: what is kept stays
    registration.addEventListener("updatefound", () => offer(registration));
    const ready = await Promise.race([navigator.serviceWorker.ready, refused(registration.installing)]);
    if (!ready) return null;
    ready.active.postMessage({ lang });
    if (!("BarcodeDetector" in window) && !navigator.connection?.saveData) whenIdle(() => ready.active.postMessage({ later: true }));
    return true;
  } catch {
    return null;
  }
}

/** Does something once the page has nothing else to do. */
const whenIdle = (then) => (window.requestIdleCallback ? requestIdleCallback(then, { timeout: 10_000 }) : setTimeout(then, 2_000));

/** When the first worker gives up: a file is not there, or not of its version. */
const refused = (worker) => new Promise((resolve) => worker?.addEventListener("statechange", () => worker.state === "redundant" && resolve(null)));

/** Offers the version that waits, unless it is the first. */
function offer(registration) {
  const tell = () => {
    if (!registration.waiting || !navigator.serviceWorker.controller) return;
    $("newer").hidden = false;
    $("take").onclick = () => {
      navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
      registration.waiting?.postMessage({ take: true });
    };
  };
  tell();
  registration.installing?.addEventListener("statechange", tell);
}
