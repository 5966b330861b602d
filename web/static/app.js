// What scripts add to pages that work without them. It hears the whole page, so that
// parts which come later (live.js) are no exception.
"use strict";

// <button data-copy="text" data-done="words" hidden>: shown only where it works.
// <button data-print hidden> opens the browser's dialogue for printing.
const fresh = (part) => part.querySelectorAll("[data-copy], [data-print]").forEach((button) => { button.hidden = button.hasAttribute("data-copy") && !navigator.clipboard; });
fresh(document);
document.addEventListener("htmx:load", ({ target }) => fresh(target));

// <a data-opens="id">: when nothing has opened some seconds after a click, what helps
// is unfolded.
document.addEventListener("click", ({ target }) => {
  const copies = target.closest("[data-copy]"), opens = target.closest("[data-opens]");
  if (copies) navigator.clipboard.writeText(copies.dataset.copy).then(
    () => { copies.querySelector("[data-word]").textContent = copies.dataset.done; }, () => { copies.hidden = true; });
  if (target.closest("[data-print]")) print();
  const help = opens && document.getElementById(opens.dataset.opens);
  if (help) setTimeout(() => { help.open = true; }, 1000 * Number(help.dataset.after || 5));
});

// <input type="file" data-max="bytes" data-long="words">: what is too large is told
// before it is sent.
const tooLong = (input) => Array.from(input.files).some((file) => file.size > Number(input.dataset.max));
document.addEventListener("change", ({ target }) => {
  if (!target.matches("[data-max]")) return;
  let words = target.previousElementSibling;
  if (words?.role !== "alert") {
    words = document.createElement("p");
    words.className = "wrong";
    words.role = "alert";
    target.before(words);
  }
  words.textContent = tooLong(target) ? target.dataset.long : "";
});

// <form data-busy>: a form that is at work is not sent a second time: that would cancel
// the first. It is free again when the page is shown again (the way back), and after a
// while, for whoever has stopped waiting.
function busy(form, on) {
  form.toggleAttribute("data-sent", on);
  for (const button of form.querySelectorAll("[type=submit]")) {
    if (on) button.setAttribute("aria-disabled", "true");
    else button.removeAttribute("aria-disabled");
  }
}
document.addEventListener("submit", (event) => {
  const form = event.target, long = Array.from(form.querySelectorAll("[data-max]")).find(tooLong);
  if (long || form.hasAttribute("data-sent")) {
    event.preventDefault();
    event.stopPropagation();
    long?.focus();
  } else if (form.matches("[data-busy]")) {
    busy(form, true);
    setTimeout(() => busy(form, false), 20000);
  }
}, true);
addEventListener("pageshow", () => document.querySelectorAll("[data-sent]").forEach((form) => busy(form, false)));
