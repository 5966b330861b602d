// Whom this device trusts: the issuers and keys of the trust bundle, its age, and how to get a newer one.

import { $, badge, card, foreign, h, ltr, row } from "./dom.js";
import { workOffline } from "./offline.js";
import { bundle, clockHint, fetchNewest, keepFresh, openKept, pinned, rootsNow, take, tooOld, verifier, whyNot } from "./trusted.js";
import { ago, date, moment, number, pick, t } from "./words.js";

const most = 64 << 20;

function summary(b) {
  const behind = b.refreshAfter && Date.now() > b.refreshAfter, clock = clockHint();
  const state = tooOld() ? badge("bad", "cross", t("verify.trust_over")) : behind ? badge("wait", "clock", t("verify.trust_behind")) : badge("ok", "check", t("verify.trust_fresh"));
  return card("about-h", t("verify.trust_about"), h("dl", {},
    row(t("verify.trust_age"), h("span", {}, ago(b.created), " "), state),
    clock ? row(t("verify.clock"), clock) : "",
    row(t("verify.trust_made"), moment(b.created)),
    row(t("verify.trust_until"), b.notAfter ? moment(b.notAfter) : "–"),
    row(t("verify.trust_registry"), ltr(b.registry)),
    row(t("verify.trust_number"), ltr(String(b.seq))),
    row(t("verify.trust_root"), ...rootsNow().map((kid) => h("div", {}, ltr(kid)))),
    row(t("verify.trust_lists"), t("verify.trust_counts", { lists: number(b.payload.status?.length ?? 0), types: number(Object.keys(b.types).length), contexts: number(Object.keys(b.payload.contexts ?? {}).length) }))));
}

function issuerCard(i, n) {
  const name = pick(i.names, i.id), keys = [...i.keys ?? []].sort((a, b) => (a.not_before < b.not_before ? 1 : -1));
  return h("section", { class: "card", "aria-labelledby": `issuer-${n}` }, h("header", {}, h("h2", { id: `issuer-${n}` }, foreign(name))), h("dl", {},
    row(t("verify.issuer_id"), ltr(i.id)), i.url ? row(t("verify.issuer_url"), ltr(i.url)) : "", i.source ? row(t("verify.issuer_source"), ltr(i.source)) : "",
    row(t("verify.issuer_keys", { n: keys.length }), h("ul", { class: "plain stack keys" }, ...keys.map(key)))));
}

function key(k) {
  const now = Date.now(), window = t("verify.key_window", { from: date(k.not_before), until: date(k.not_after) });
  const state = k.revoked_at && Date.parse(k.revoked_at) <= now ? badge("bad", "cross", t("verify.key_revoked", { when: date(k.revoked_at) }))
    : now < Date.parse(k.not_before) ? badge("none", "clock", t("verify.key_next")) : now > Date.parse(k.not_after) ? badge("none", "minus", t("verify.key_past")) : badge("ok", "check", t("verify.key_now"));
  return h("li", {}, ltr(`${k.alg} ${k.kid}`), h("p", { class: "small muted" }, window), state);
}

function show() {
  const b = bundle();
  if (!b) $("trust").replaceChildren(h("div", { class: "notice wait" }, h("h2", {}, t("verify.trust_none")), h("p", {}, t(pinned.length === 0 ? "verify.no_root" : "verify.no_bundle"))));
  else $("trust").replaceChildren(summary(b), ...(b.payload.issuers ?? []).map(issuerCard));
}

async function renew(get) {
  $("said").classList.remove("wrong");
  $("said").textContent = t("verify.renewing");
  try {
    $("said").textContent = t(await get() ? "verify.renewed" : "verify.newest_already");
  } catch (e) {
    $("said").classList.add("wrong");
    $("said").textContent = whyNot(e);
  }
  show();
}

async function fromFile(file) {
  if (file.size > most) throw Object.assign(new Error("too large"), { code: "malformed" });
  const text = await file.text();
  try {
    return await take(text);
  } catch (e) {
    if (e.code === "signer") e.kid = (await verifier()).signerOf(text).kid;
    throw e.code ? e : Object.assign(e, { code: "malformed" });
  }
}

$("refresh").addEventListener("click", () => renew(fetchNewest));
$("file").addEventListener("change", async () => {
  const [file] = $("file").files;
  if (file) await renew(() => fromFile(file));
  $("file").value = "";
});
for (const part of document.querySelectorAll("[data-live]")) part.hidden = false;
await openKept();
if (bundle() || pinned.length === 0) show();
await keepFresh();
show();
document.body.dataset.ready = await workOffline() ? "offline" : "online";
