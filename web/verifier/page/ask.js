// What the holder's wallet is asked to sign, so that what it shows cannot be a copy: a nonce that is used once, and the
// name of who asks. A code on the screen has both, as SRA1:<nonce>:<name>; srwallet present takes its text.

import { $, svg } from "./dom.js";
import { t } from "./words.js";

const alphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ", lasts = 5 * 60_000; // 32 signs, none like another
const border = 4; // that a code needs, in modules

let now = null; // {nonce, audience, made}

/** Asks something new. */
function renew() {
  const signs = [...crypto.getRandomValues(new Uint8Array(20))].map((b) => alphabet[b & 31]).join("");
  now = { nonce: signs.replace(/.{5}(?=.)/g, "$&-"), audience: location.origin, made: Date.now() };
  $("nonce").textContent = now.nonce;
  $("audience").textContent = now.audience;
  $("askcopy").textContent = t("verify.ask_copy");
  draw(now).catch(() => undefined); // what draws codes may not be installed: there are the words
}

const textOf = ({ nonce, audience }) => `SRA1:${nonce}:${audience}`;

/** Shows what is asked as a QR code. */
async function draw(what) {
  $("askcode").hidden = true;
  const { correction, generate } = await import("./vendor/lean-qr.js"), code = generate(textOf(what), { minCorrectionLevel: correction.M });
  if (now !== what) return;
  let path = "";
  for (let y = 0; y < code.size; y++) for (let x = 0; x < code.size; x++) if (code.get(x, y)) path += `M${x + border} ${y + border}h1v1h-1z`;
  const side = code.size + 2 * border;
  $("askcode").replaceChildren(svg("svg", { viewBox: `0 0 ${side} ${side}`, role: "img", "aria-label": t("verify.ask_code"), "shape-rendering": "crispEdges" }, svg("path", { d: path })));
  $("askcode").hidden = false;
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
$("askcopy").addEventListener("click", () => navigator.clipboard.writeText(textOf(now)).then(() => {
  $("askcopy").textContent = t("verify.ask_copied");
}, () => undefined));
