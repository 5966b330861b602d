// Passkeys: a form whose button asks the device for one, and sends what it says. Where
// there are none, nothing of this shows; the other ways to sign in are on the page.
//
//   <form data-passkey="get|create" data-begin="address" hidden>
//     <input type="hidden" name="ticket"> <input type="hidden" name="answer">
//     <button type="button" data-passkey-go>
"use strict";
(() => {
  if (!window.PublicKeyCredential || !navigator.credentials) return;

  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => {
    if (!buffer) return undefined;
    let out = "";
    for (const b of new Uint8Array(buffer)) out += String.fromCharCode(b);
    return btoa(out).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  };

  // The options come as JSON, in which bytes are base64url; so does the answer go.
  function read(options) {
    options.challenge = bytes(options.challenge);
    if (options.user) options.user.id = bytes(options.user.id);
    for (const list of [options.allowCredentials, options.excludeCredentials]) for (const key of list || []) key.id = bytes(key.id);
    return options;
  }
  function write(c) {
    const r = c.response;
    return JSON.stringify({
      id: c.id, rawId: text(c.rawId), type: c.type, clientExtensionResults: c.getClientExtensionResults(),
      authenticatorAttachment: c.authenticatorAttachment || undefined,
      response: {
        clientDataJSON: text(r.clientDataJSON), attestationObject: text(r.attestationObject), authenticatorData: text(r.authenticatorData),
        signature: text(r.signature), userHandle: text(r.userHandle), transports: r.getTransports ? r.getTransports() : undefined,
      },
    });
  }

  async function ask(form) {
    const begun = await fetch(form.dataset.begin, { method: "POST", credentials: "same-origin", headers: { Accept: "application/json" } });
    if (begun.status === 403) return location.assign("/step-up?next=" + encodeURIComponent(location.pathname + location.search));
    if (!begun.ok) throw new Error("begin: " + begun.status);
    const { options, ticket } = await begun.json();
    const credential = await navigator.credentials[form.dataset.passkey]({ publicKey: read(options) });
    (form.querySelector("[data-passkey-ticket]") || form.elements.ticket).value = ticket;
    (form.querySelector("[data-passkey-answer]") || form.elements.answer).value = write(credential);
    form.submit();
  }

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const button = form.querySelector("[data-passkey-go]"), failed = form.querySelector("[data-passkey-failed]");
    button.addEventListener("click", async () => {
      failed.hidden = true;
      button.disabled = true;
      try {
        await ask(form);
      } catch {
        failed.hidden = false; // the person stopped, or there is no such passkey
      }
      button.disabled = false;
    });
    form.hidden = false;
  }
  for (const part of document.querySelectorAll("[data-passkey-show]")) part.hidden = false;
  for (const part of document.querySelectorAll("[data-passkey-none]")) part.hidden = true;
})();
