// The verifier page: a credential comes in by camera, file or paste; a verdict comes out. Nothing of it leaves this
// device, and nothing of it is kept.

import { answered, asked } from "./ask.js";
import { isPart, Series } from "./series.js";
import { look, whyNoCamera } from "./camera.js";
import { $ } from "./dom.js";
import { workOffline } from "./offline.js";
import { resultOf } from "./result.js";
import { bundle, fetchNewest, keepFresh, madeAt, openKept, pinned, tooOld, verifier, whyNot } from "./trusted.js";
import { ago, number, t } from "./words.js";
import { FileProblem, readFile } from "./files.js";

const series = new Series(), maxText = 1 << 20;
let watching = null; // stops the camera

function problem(text) {
  $("problem").textContent = text;
  $("problem").hidden = !text;
  if (text) $("problem").scrollIntoView({ block: "nearest" });
}

/** Takes the last result away: it says nothing about what comes now. */
function clear() {
  $("result").replaceChildren();
  problem("");
}

/** Shows a result in the place of the last one. */
function show(result, raw) {
  $("verify").prepend($("result"));
  $("result").replaceChildren(...resultOf(result, bundle(), raw, another));
  $("ready").hidden = true;
  $("result").querySelector("h2").focus({ preventScroll: true });
  $("verdict").scrollIntoView({ block: "nearest" });
}

/** Begins anew, with nothing left of the last one. */
function another() {
  clear();
  $("inputs").after($("result"));
  $("text").value = "";
  $("file").value = "";
  series.forget();
  $("ready").hidden = false;
  $("scan").focus();
}

/** Checks a text or bytes. */
async function check(data) {
  problem("");
  if (!bundle()) await keepFresh();
  if (!bundle()) {
    problem(t("verify.no_bundle"));
    return;
  }
  const { verify } = await verifier(), result = await verify(bundle(), data, { at: new Date(), ask: asked() });
  show(result, data);
  answered(result);
}

/** Takes a code; it says whether there is nothing more to look for. */
async function take(code) {
  const data = typeof code === "string" ? code.trim() : code;
  if (!isPart(data)) {
    await check(data);
    return true;
  }
  series.add(data);
  const { missing } = series, have = series.size - missing.length;
  if (series.whole) {
    const { text } = series;
    series.forget();
    await check(text);
    return true;
  }
  $("aim").textContent = t("verify.part", { have: number(have), n: series.size });
  if (!watching) show({ outcome: "incomplete_code", reason: "parts_missing", text: t("verify.parts_missing", { list: missing.map(number).join(", "), n: series.size }) }, data);
  return false;
}

/** Takes all codes of a picture: the parts of a series first, else the first that is a credential. */
async function takeAll(codes) {
  const parts = codes.filter(isPart);
  if (parts.length === 0) return take(await likeliest(codes));
  let whole = false;
  for (const part of parts) whole ||= await take(part);
  return whole;
}

/** Of several codes, the first that can be read: there may be others beside it. */
async function likeliest(codes) {
  const { verify } = await verifier();
  for (const code of codes) if (codes.length > 1 && bundle() && (await verify(bundle(), code, { at: new Date() })).outcome !== "unreadable_code") return code;
  return codes[0];
}

async function scan() {
  clear();
  $("scan").hidden = true;
  $("camera").hidden = false;
  $("aim").textContent = t("verify.aim");
  watching = new AbortController();
  try {
    await look($("video"), takeAll, watching.signal);
  } catch (e) {
    problem(t(e.message === "no reader" ? "verify.no_reader" : `verify.camera_${whyNoCamera(e)}`));
  } finally {
    watching = null;
    $("camera").hidden = true;
    $("scan").hidden = false;
  }
}

async function takeFiles(files) {
  clear();
  document.body.classList.add("busy");
  try {
    let codes = [];
    for (const file of [...files].slice(0, 20)) codes = codes.concat(await readFile(file));
    if (codes.length > 0) await takeAll(codes);
  } catch (e) {
    if (!(e instanceof FileProblem) && e.message !== "no reader") throw e;
    problem(t(`verify.${e instanceof FileProblem ? e.message : "no_reader"}`));
  } finally {
    document.body.classList.remove("busy");
    $("file").value = "";
  }
}

function listen() {
  $("scan").addEventListener("click", scan);
  $("stop").addEventListener("click", () => watching?.abort());
  document.addEventListener("visibilitychange", () => document.hidden && watching?.abort());
  $("file").addEventListener("change", () => takeFiles($("file").files));
  $("paste").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = $("text").value.trim();
    clear();
    if (text === "") problem(t("verify.nothing_pasted"));
    else if (text.length > maxText) problem(t("verify.too_large"));
    else take(text);
  });
  document.addEventListener("paste", (event) => {
    const { files } = event.clipboardData;
    if (files.length === 0) return; // a text goes into its field
    event.preventDefault();
    takeFiles(files);
  });
  for (const name of ["dragover", "dragleave", "drop"]) document.addEventListener(name, (event) => {
    event.preventDefault();
    document.body.classList.toggle("over", name === "dragover");
    if (name !== "drop") return;
    const { files } = event.dataTransfer, text = event.dataTransfer.getData("text/plain");
    if (files.length > 0) takeFiles(files);
    else if (text) take(text.slice(0, maxText));
  });
  addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    $("install").hidden = false;
    $("installs").onclick = () => event.prompt();
  });
}

/** Says how things stand: whether there is a bundle, how old it is, whether the network is needed. */
function tell(offline) {
  const state = $("state"), old = tooOld();
  state.classList.toggle("wrong", !bundle() || old);
  if (!bundle()) state.textContent = t(pinned.length === 0 ? "verify.no_root" : "verify.no_bundle");
  else state.textContent = `${t(old ? "verify.state_old" : "verify.state_fresh", { when: ago(madeAt()) })}${offline && !old ? ` ${t("verify.state_offline")}` : ""}`;
}

listen();
for (const part of document.querySelectorAll("[data-live]")) part.hidden = false;
await openKept();
if (bundle() || pinned.length === 0) tell(false);
else $("state").textContent = t("verify.renewing");
if (bundle()) await keepFresh();
else if (pinned.length > 0 && navigator.onLine) await fetchNewest().catch((e) => problem(whyNot(e)));
tell(false);
const offline = await workOffline();
tell(offline);
document.body.dataset.ready = offline ? "offline" : "online"; // for whoever waits for it
