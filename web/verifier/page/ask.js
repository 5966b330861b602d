// What the holder's wallet is asked to sign, so that what it shows cannot be a copy: a nonce that is used once, and the
// name of who asks. srwallet present takes both.

import { $ } from "./dom.js";
import { t } from "./words.js";

const alphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ", lasts = 5 * 60_000; // 32 signs, none like another

let now = null; // {nonce, audience, made}

/** Asks something new. */
function renew() {
  const signs = [...crypto.getRandomValues(new Uint8Array(20))].map((b) => alphabet[b & 31]).join("");
  now = { nonce: signs.replace(/.{5}(?=.)/g, "$&-"), audience: location.origin, made: Date.now() };
  $("nonce").textContent = now.nonce;
  $("audience").textContent = now.audience;
  $("askcopy").textContent = t("verify.ask_copy");
}

/** What was asked, for verify; undefined if nothing was. */
export const asked = () => (now ? { nonce: now.nonce, audience: now.audience } : undefined);

/** What was asked is used up by an answer, right or wrong. */
export function answered({ checks }) {
  if (now && checks?.some((c) => c.name === "holder" && c.result !== "not_checked")) renew();
}

$("ask").addEventListener("toggle", () => {
  if ($("ask").open) renew();
  else now = null;
});
setInterval(() => now && Date.now() - now.made > lasts && renew(), 10_000);
$("askcopy").hidden = !navigator.clipboard;
$("askcopy").addEventListener("click", () => navigator.clipboard.writeText(`--nonce ${now.nonce} --audience ${now.audience}`).then(() => {
  $("askcopy").textContent = t("verify.ask_copied");
}, () => undefined));
