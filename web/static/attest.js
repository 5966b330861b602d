// Keys for whoever decides about many values: the rows are walked and ticked
// without a mouse. Tab, Space and the buttons do the same without scripts.
"use strict";

const form = document.querySelector("form[data-decide]");
if (form) {
  const ticks = [...form.querySelectorAll("tbody input[type=checkbox]")];
  const comment = form.querySelector("textarea");
  const button = (value) => form.querySelector(`button[value=${value}]`);
  let at = -1;

  // The help is about what works only now.
  for (const part of document.querySelectorAll("[data-keys]")) part.hidden = false;

  const go = (to) => {
    if (ticks.length === 0) return;
    at = Math.max(0, Math.min(ticks.length - 1, to));
    ticks[at].focus();
    ticks[at].closest("tr").scrollIntoView({ block: "nearest" });
  };
  for (const [i, tick] of ticks.entries()) tick.addEventListener("focus", () => { at = i; });

  const keys = {
    j: () => go(at + 1), ArrowDown: () => go(at + 1), k: () => go(at - 1), ArrowUp: () => go(at - 1),
    " ": () => { if (at >= 0) ticks[at].checked = !ticks[at].checked; },
    a: () => form.requestSubmit(button("attest")),
    r: () => { comment.focus(); comment.scrollIntoView({ block: "nearest" }); },
    n: () => document.querySelector("a[data-next]")?.click(),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.defaultPrevented) return;
    const on = event.target;
    if (on === comment) {
      if (event.key === "Escape") { event.preventDefault(); go(at); }
      if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); form.requestSubmit(button("reject")); }
      return;
    }
    const isTick = ticks.includes(on);
    if (!isTick && on.closest("input, textarea, select, summary, [contenteditable]")) return;
    if (event.key === " " && (isTick || on.closest("a, button"))) return; // the browser does it
    if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
  });
}
