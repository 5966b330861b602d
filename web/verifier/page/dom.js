// Makes elements. Nothing that somebody else wrote is ever read as HTML.

import { lang } from "./words.js";

export const $ = (id) => document.getElementById(id);

/** An element with attributes and children; a child that is a text is a text. */
export function h(name, attributes = {}, ...children) {
  const e = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") e.addEventListener(key, value);
    else if (value !== false && value !== undefined) e.setAttribute(key, value === true ? "" : value);
  }
  e.append(...children.filter((c) => c !== null && c !== undefined && c !== ""));
  return e;
}

/** An element of a drawing. */
export function svg(name, attributes, ...children) {
  const e = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
  e.append(...children);
  return e;
}

export const icon = (name) => $("icons").content.querySelector(`[data-icon=${name}]`).firstElementChild.cloneNode(true);

/** An icon and a word, and colour as the third sign. */
export const badge = (kind, name, text) => h("span", { class: `badge ${kind}` }, icon(name), h("span", {}, text));

/** A text that may be in another language. */
export const foreign = ({ text, lang: of }) => h("bdi", of && of !== lang ? { lang: of } : {}, text);

export const ltr = (text) => h("bdi", { dir: "ltr", class: "code-long" }, text);

export function card(id, title, ...body) {
  return h("section", { class: "card", "aria-labelledby": id }, h("header", {}, h("h2", { id }, title)), ...body);
}

/** A row of a list of terms. */
export const row = (term, ...value) => h("div", { class: "row" }, h("dt", {}, term), h("dd", { class: "val" }, ...value));
