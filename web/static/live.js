// What becomes of a page when htmx brings in parts of it: progress, lists that were
// filtered, decisions. It comes with htmx; without both every page works as a whole.
"use strict";
(() => {
  const said = document.getElementById("said");

  // A link that looks again is not needed where the page does so itself.
  const settle = (part) => part.querySelectorAll("[data-without]").forEach((link) => { link.hidden = true; });
  if (window.htmx) settle(document);

  // htmx notes the address, in which there may be a name that was searched for.
  const forget = () => { try { sessionStorage.removeItem("htmx-current-path-for-history"); } catch { /* there is nowhere to note it */ } };
  forget();
  document.addEventListener("htmx:pushedIntoHistory", forget);

  // The focus stays where it was or goes to the part that is new, and the part says what
  // it is (data-said). An answer from another address is another page.
  let focused = false;
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    focused = document.activeElement !== document.body;
    const { requestPath, responsePath } = detail.pathInfo;
    if (!responsePath || responsePath.split("?")[0] === requestPath.split("?")[0]) return;
    detail.shouldSwap = false;
    location.assign(detail.xhr.responseURL);
  });
  document.addEventListener("htmx:afterSettle", ({ detail: { elt } }) => {
    settle(elt);
    if (focused && document.activeElement === document.body) document.getElementById("main").focus({ preventScroll: true });
    const words = elt.querySelector(".notice[role=status]")?.textContent ?? elt.dataset.said ?? elt.querySelector("[data-said]")?.dataset.said;
    if (!words || elt.id !== "main" && words === said.textContent) return;
    said.textContent = "";
    setTimeout(() => { said.textContent = words; }, 100);
  });

  // Where that fails, a form is sent as without it, and the browser shows what it shows; a
  // part that only follows asks again, unless its page is not there any more.
  const failed = ({ detail: { elt, xhr, requestConfig } }) => {
    if (!elt.matches("form")) {
      if (xhr.status >= 400 && xhr.status < 429) location.reload();
      return;
    }
    const button = requestConfig.triggeringEvent?.submitter;
    if (button?.name) elt.append(Object.assign(document.createElement("input"), { type: "hidden", name: button.name, value: button.value }));
    elt.submit();
  };
  for (const name of ["htmx:responseError", "htmx:sendError"]) document.addEventListener(name, failed);
})();
