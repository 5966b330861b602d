// What scripts add to pages that work without them: a button that copies a
// link, and parts of a page that keep themselves up to date.
"use strict";

// <button data-copy="text" data-done="words" hidden>: shown only where it works.
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  const word = button.querySelector("[data-word]");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      word.textContent = button.dataset.done;
    } catch {
      button.hidden = true;
    }
  });
}

// <div data-live="address" data-every="seconds">: the address answers with this
// same element as it is now. It stops when the answer has no data-live.
function follow(part) {
  setTimeout(async () => {
    try {
      const answer = await fetch(part.dataset.live, { credentials: "same-origin", headers: { Accept: "text/html" } });
      if (!answer.ok) return location.reload();
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const next = page.getElementById(part.id);
      if (!next) return location.reload();
      if (next.dataset.state !== part.dataset.state) return location.reload();
      const inner = part.querySelector("[data-now]"), fresh = next.querySelector("[data-now]");
      if (inner && fresh) inner.replaceChildren(...fresh.childNodes);
    } catch {
      // The network is away for a moment: ask again later.
    }
    follow(part);
  }, 1000 * Number(part.dataset.every || 3));
}
for (const part of document.querySelectorAll("[data-live]")) follow(part);

// A form that is at work is not sent a second time: that would cancel the first.
// It is free again when the page is shown again (the way back), and after a
// while, for whoever has stopped waiting.
function busy(form, on) {
  form.toggleAttribute("data-sent", on);
  for (const button of form.querySelectorAll("[type=submit]")) {
    if (on) button.setAttribute("aria-disabled", "true");
    else button.removeAttribute("aria-disabled");
  }
}
for (const form of document.querySelectorAll("form[data-busy]")) {
  form.addEventListener("submit", (event) => {
    if (form.hasAttribute("data-sent")) return event.preventDefault();
    busy(form, true);
    setTimeout(() => busy(form, false), 20000);
  });
  window.addEventListener("pageshow", () => busy(form, false));
}

// <a data-opens="id">: when nothing has opened some seconds after a click, what helps
// is unfolded.
for (const opener of document.querySelectorAll("[data-opens]")) {
  const help = document.getElementById(opener.dataset.opens);
  if (help) opener.addEventListener("click", () => setTimeout(() => { help.open = true; }, 1000 * Number(help.dataset.after || 5)));
}

// <input type="file" data-max="bytes" data-long="words">: what is too large is told
// before it is sent.
for (const input of document.querySelectorAll("input[type=file][data-max]")) {
  const words = document.createElement("p");
  words.className = "wrong";
  words.setAttribute("role", "alert");
  input.before(words);
  const long = () => Array.from(input.files).some((file) => file.size > Number(input.dataset.max));
  input.addEventListener("change", () => { words.textContent = long() ? input.dataset.long : ""; });
  input.form.addEventListener("submit", (event) => {
    if (!long()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    input.focus();
  }, true);
}
