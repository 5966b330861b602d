// Keys for whoever decides about many values: the rows are walked and ticked
// without a mouse. Tab, Space and the buttons do the same without scripts.
"use strict";
(() => {
  const form = () => document.querySelector("form[data-decide]");
  const ticks = () => [...(form()?.querySelectorAll("tbody input[type=checkbox]") ?? [])];
  const comment = () => form().querySelector("textarea");
  const press = (value) => form().querySelector(`button[value=${value}]`).click();
  let last = ""; // id of the tick that had the focus

  // The help is about what works only now.
  const tell = () => document.querySelectorAll("[data-keys]").forEach((part) => { part.hidden = false; });
  tell();

  const at = () => ticks().findIndex((tick) => tick.id === last);
  const go = (to) => {
    const all = ticks(), tick = all[Math.max(0, Math.min(all.length - 1, to))];
    tick?.focus();
    tick?.closest("tr").scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("focusin", ({ target }) => { if (ticks().includes(target)) last = target.id; });

  // After decisions by keys the next value that waits has the focus.
  document.addEventListener("htmx:afterSettle", () => {
    if (!form()) return;
    tell();
    const on = document.activeElement;
    if (document.querySelector(".notice.bad") || on !== comment() && !ticks().includes(on)) return;
    last = "";
    go(0);
  });

  const keys = {
    j: () => go(at() + 1), ArrowDown: () => go(at() + 1), k: () => go(at() - 1), ArrowUp: () => go(at() - 1),
    " ": () => { const tick = ticks()[at()]; if (tick) tick.checked = !tick.checked; },
    a: () => press("attest"),
    r: () => { comment().focus(); comment().scrollIntoView({ block: "nearest" }); },
    n: () => document.querySelector("a[data-next]")?.click(),
  };

  document.addEventListener("keydown", (event) => {
    if (!form() || event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.defaultPrevented) return;
    const on = event.target;
    if (on === comment()) {
      if (event.key === "Escape") { event.preventDefault(); go(at()); }
      if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); press("reject"); }
      return;
    }
    const isTick = ticks().includes(on);
    if (!isTick && on.closest("input, textarea, select, summary, [contenteditable]")) return;
    if (event.key === " " && (isTick || on.closest("a, button"))) return; // the browser does it
    if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
  });
})();
