// Uses the verifier page as a person would, in the page itself, and sends what it shows to where this came from.

import { bundle, keepFresh, openKept, take } from "./trusted.js";

const $ = (s) => document.querySelector(s), out = [], plan = await (await fetch("plan.json")).json();
let clock = Date.now();
Date.now = () => clock;
const really = fetch;
let fetches = 0;
globalThis.fetch = (...of) => { fetches++; return really(...of); };

const until = async (is) => {
  for (const end = performance.now() + 60_000; !is();) {
    if (performance.now() > end) throw new Error(`never: ${is}`);
    await new Promise((resolve) => setTimeout(resolve));
  }
};
const answered = () => $("#verdict") || !$("#problem").hidden;

function paste(text) {
  $("#text").value = text;
  $("#paste").requestSubmit();
}

/** What the page says now. */
const said = () => ({ kind: $("#verdict")?.className ?? "", badges: Object.fromEntries([...document.querySelectorAll("[data-check]")].map((e) => [e.dataset.check, e.querySelector(".badge").textContent])), details: [...document.querySelectorAll("section[aria-labelledby=details-h] > dl > .row")].map((r) => [...r.children].map((e) => e.textContent).join(": ")),
  outcome: $("#verdict")?.dataset.outcome ?? "", title: $("#verdict h2")?.textContent ?? "", problem: $("#problem").hidden ? "" : $("#problem").textContent, text: $("#verdict")?.textContent ?? "" });

async function shown(text) {
  const begun = performance.now();
  paste(text);
  await until(answered);
  return { ...said(), ms: performance.now() - begun, heap: performance.memory.usedJSHeapSize };
}

/** Takes a bundle; it tells the number that counts then, or why it is not taken. */
const took = async (page, text) => page.take(text).then(() => String(page.bundle().seq), (e) => e.code ?? String(e));

const steps = {
  take: async ({ text }) => took({ take, bundle }, text),
  at: ({ at }) => { clock = at; },
  check: async ({ text }) => shown(text),
  // A second one right after the first, which takes longer.
  overtaken: async ({ first, second }) => {
    paste(first);
    const last = await shown(second);
    await new Promise((resolve) => setTimeout(resolve, 1500)); // in case the first would still come
    return { ...last, ...said() };
  },
  // What another tab does: it has its own bundle in memory, and the same store.
  other: async ({ text }) => took(await import(`./trusted.js?${out.length}`), text),
  openOther: async ({ name, text }) => {
    tabs[name] ??= await import(`./trusted.js?tab-${name}`);
    if (!text) { await tabs[name].openKept(); return String(tabs[name].bundle()?.seq ?? 0); }
    return took(tabs[name], text);
  },
  // How often it asks for a newer bundle, when it keeps what it has fresh.
  fresh: async () => { const before = fetches; await keepFresh(); return String(fetches - before); },
  ask: async ({ open }) => {
    $("#ask").open = open;
    await new Promise((resolve) => setTimeout(resolve, 200));
  },
  // A code is taken while the camera runs, which somebody stops then.
  stopped: async ({ text }) => {
    const canvas = document.createElement("canvas"), drawing = canvas.getContext("2d"), ticks = setInterval(() => drawing.fillRect(0, 0, Math.random() * 99, 99), 50);
    navigator.mediaDevices.getUserMedia = async () => canvas.captureStream(20); // a stream without frames never plays
    $("#scan").click();
    await new Promise((resolve) => setTimeout(resolve, 300));
    paste(text);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const before = Boolean($("#verdict"));
    $("#stop").click();
    await until(answered);
    clearInterval(ticks);
    return { ...said(), before };
  },
  kept: async () => { await openKept(); return String(bundle().seq); },
};
const tabs = {};

try {
  await until(() => document.body.dataset.ready);
  for (const step of plan) out.push(await steps[step.do](step) ?? "");
} catch (e) {
  out.push(String(e.stack));
}
await fetch("answers", { method: "POST", body: JSON.stringify(out) });
