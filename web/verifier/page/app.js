// The verifier page: a credential comes in by camera, file or paste; a verdict comes out. Nothing of it leaves this
// device, and nothing of it is kept.

import { answered, asked } from "./ask.js";
import { isPart, Series } from "./series.js";
import { look, whyNoCamera } from "./camera.js";
import { $ } from "./dom.js";
import { workOffline } from "./offline.js";
import { resultOf } from "./result.js";
import { bundle, clockHint, fetchNewest, isKept, keepFresh, madeAt, onNewer, openKept, pinned, tooOld, verifier, whyNot } from "./trusted.js";
import { ago, number, t } from "./words.js";
import { FileProblem, readFile } from "./files.js";

const series = new Series(), maxText = 1 << 20, often = 15 * 60_000;
let watching = null; // stops the camera
let turn = 0; // counts the checks: only the newest is shown
let offline = false; // whether this page is there without a network

function problem(text) {
  $("problem").textContent = text;
  $("problem").hidden = !text;
  if (text) $("problem").scrollIntoView({ block: "nearest" });
}

/** Shows a result in the place of the last one. */
function show(result, raw) {
  $("verify").prepend($("result"));
  $("result").replaceChildren(...resultOf(result, bundle(), raw, another));
  $("ready").hidden = true;
  $("result").querySelector("h2").focus({ preventScroll: true });
  $("verdict").scrollIntoView({ block: "nearest" });
}

/** Takes the last result away: what comes next may fail, and must not be answered by it. */
function clear() {
  turn++;
  problem("");
  if (!$("result").firstChild) return;
  $("result").replaceChildren();
  $("inputs").after($("result"));
  $("ready").hidden = false;
}

/** Begins anew, with nothing left of the last one. */
function another() {
  clear();
  $("text").value = "";
  $("file").value = "";
  series.forget();
  $("scan").focus();
}

/** Checks a text or bytes. */
async function check(data) {
  clear();
  const mine = turn;
  if (!bundle()) await keepFresh();
  if (!bundle()) {
    problem(t("verify.no_bundle"));
    return;
  }
  const ask = asked(), late = bundle().created - Date.now(), at = new Date(Date.now() + Math.max(0, late)); // the bundle was not made in the future
  try {
    const { verify } = await verifier(), result = await verify(bundle(), data, { at, ask });
    if (mine !== turn) return; // somebody went on meanwhile
    show({ ...result, at, asked: Boolean(ask), clock: clockHint() }, data);
    answered(result);
  } catch {
    if (mine === turn) problem(t("verify.unforeseen"));
  }
  stay();
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
  if (!watching) showMissing();
  return false;
}

/** Says which codes of a series are missing still. */
function showMissing() {
  const text = t("verify.parts_missing", { list: series.missing.map(number).join(", "), n: series.size });
  show({ outcome: "incomplete_code", reason: "parts_missing", text }, series.text);
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
  $("stop").focus();
  watching = new AbortController();
  try {
    await look($("video"), takeAll, watching.signal);
  } catch (e) {
    problem(t(e.message === "no reader" ? "verify.no_reader" : `verify.camera_${whyNoCamera(e)}`));
  } finally {
    watching = null;
    const left = $("camera").contains(document.activeElement) || document.activeElement === document.body;
    $("camera").hidden = true;
    $("scan").hidden = false;
    if (series.size > 0 && !$("result").firstChild && $("problem").hidden) showMissing(); // stopped half way
    if (left && !$("result").firstChild) $("scan").focus();
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
    problem(t(`verify.${e instanceof FileProblem ? e.message : e.message === "no reader" ? "no_reader" : "unforeseen"}`));
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
function tell() {
  const state = $("state"), old = tooOld(), clock = clockHint();
  state.classList.toggle("wrong", !bundle() || old || Boolean(clock));
  if (!bundle()) state.textContent = t(pinned.length === 0 ? "verify.no_root" : "verify.no_bundle");
  else state.textContent = `${t(old ? "verify.state_old" : "verify.state_fresh", { when: ago(madeAt()) })}${offline && isKept() && !old ? ` ${t("verify.state_offline")}` : ""}`;
  if (clock) state.append(document.createElement("br"), t("verify.clock"), ": ", clock);
}

/** A page that stays open goes on to hear of what was withdrawn. */
async function stay() {
  await keepFresh();
  tell();
}

/** Gets the bundle, where there is none, and says so. */
async function begin() {
  await openKept();
  if (bundle() || pinned.length === 0) tell();
  else $("state").textContent = t("verify.renewing");
  if (!globalThis.crypto?.subtle) problem(t("verify.insecure"));
  else if (bundle()) await keepFresh();
  else if (pinned.length > 0 && navigator.onLine) await fetchNewest().catch((e) => problem(whyNot(e)));
  tell();
}

listen();
for (const part of document.querySelectorAll("[data-live]")) part.hidden = false;
await begin();
offline = await workOffline();
tell();
onNewer(tell);
addEventListener("online", stay);
document.addEventListener("visibilitychange", () => document.hidden || stay());
setInterval(stay, often);
document.body.dataset.ready = offline ? "offline" : "online"; // for whoever waits for it
