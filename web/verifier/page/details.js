// Shows what a credential says: in the order and under the names that its issuer gives, codes in words.

import { card, foreign, h, ltr, row } from "./dom.js";
import { date, has, lang, moment, number, pick, t } from "./words.js";

/** The card with the details of a result. */
export function details({ type, format, claims, valid_until: until }, bundle) {
  const known = own(bundle?.types, type) ?? {}, shown = format === "claim169" ? onPaper(known, claims) : known;
  const leaves = flat(format === "claim169" ? withoutForm(claims) : claims, shown.claims), place = (path) => { const at = (shown.order ?? []).indexOf(path); return at < 0 ? Infinity : at; };
  leaves.sort(([a], [b]) => (place(a) === place(b) ? (a < b ? -1 : 1) : place(a) - place(b))); // no credential's own order: disclosures are shuffled
  const rows = leaves.map(([path, value]) => row(label(shown, path), valued(value, shown, path)));
  if (until) rows.push(row(t("verify.valid_until"), date(until)));
  return card("details-h", pick(known.display, t("verify.details")).text, h("dl", {}, ...rows));
}

/** What a code on paper says, without the form of the photo where that is to be seen. */
const withoutForm = ({ photo_format: form, ...rest }) => (rest.photo || form === undefined ? rest : { photo_format: form, ...rest });

/** A member that an object has itself: names are of whoever made the credential. */
const own = (object, name) => (object && Object.hasOwn(object, name) ? object[name] : undefined);

/** What is in objects by its path; an object with a name of its own stays together. */
function flat(claims, labels, prefix = "") {
  return Object.entries(claims).flatMap(([name, value]) => {
    const path = prefix + name, inside = isObject(value) && Object.keys(value).length > 0 && !own(labels, path);
    return inside ? flat(value, labels, `${path}.`) : [[path, value]];
  });
}

const isObject = (v) => typeof v === "object" && v !== null && !Array.isArray(v);

/** How codes on paper are shown: the specification names most of what they hold, and what some of its numbers mean; the issuer the rest. */
function onPaper(known, claims) {
  const labels = { ...known.claims }, values = { ...known.values };
  for (const name of Object.keys(claims)) if (has(`verify.paper_${name}`)) labels[name] = { [lang]: t(`verify.paper_${name}`) };
  for (const name of ["gender", "marital_status"]) {
    const code = own(claims, name);
    if (has(`verify.paper_is_${code}`)) values[name] = { [code]: { [lang]: t(`verify.paper_is_${code}`) } };
  }
  values.best_fingers = Object.fromEntries(["unknown", ...fingers].map((code) => [code, { [lang]: t(`verify.paper_${code}`) }]));
  for (const [name, type] of [["language", "language"], ["second_language", "language"], ["nationality", "region"], ["country_of_issuance", "region"]]) {
    const code = own(claims, name), words = nameOfCode(code, type);
    if (words) values[name] ??= { [code]: { [lang]: words } };
  }
  const order = known.order ?? [];
  return { ...known, claims: labels, values, order: [...Object.keys(claims).filter((name) => !order.includes(name)), ...order] };
}

const fingers = ["right", "left"].flatMap((side) => ["thumb", "pointer_finger", "middle_finger", "ring_finger", "little_finger"].map((finger) => `${side}_${finger}`));

/** The name of a language or country in the page's language, where the browser knows it. */
function nameOfCode(code, type) {
  try {
    return new Intl.DisplayNames(lang, { type, fallback: "none" }).of(code);
  } catch {
    return undefined; // no code
  }
}

function label(shown, path) {
  const found = pick(own(shown.claims, path), "");
  return found.text ? foreign(found) : ltr(path);
}

/** A value as a person reads it. */
function valued(value, shown, path) {
  if (value === null || value === undefined) return "–";
  if (typeof value === "boolean") return t(value ? "verify.yes" : "verify.no");
  if (typeof value === "number") return Number.isInteger(value) && Math.abs(value) < 1e15 ? number(value) : String(value);
  if (Array.isArray(value)) return value.length === 0 ? "–" : h("ul", { class: "plain" }, ...value.map((v) => h("li", {}, valued(v, shown, path))));
  if (typeof value === "object") return h("dl", {}, ...Object.entries(value).map(([name, v]) => inner(shown, `${path}.${name}`, name, v)));
  const words = pick(own(own(shown.values, path), value), "");
  return words.text ? foreign(words) : plain(value);
}

function inner(shown, path, name, value) {
  return h("div", {}, h("dt", { class: "small" }, own(shown.claims, path) ? label(shown, path) : ltr(name)), h("dd", {}, valued(value, shown, path)));
}

function plain(value) {
  const picture = pictureIn(value);
  if (picture) return h("img", { class: "portrait", src: picture, alt: t("verify.portrait") });
  if (/^\d{4}-\d\d-\d\d$/.test(value) && isDay(value)) return date(value, true);
  if (/^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(value)) return moment(value);
  return h("bdi", /\p{L}/u.test(value) ? {} : { dir: "ltr" }, value); // +251… keeps its sign in front
}

/** Whether there is such a day: browsers take 31 February for one in March. */
function isDay(text) {
  const at = Date.parse(text);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text);
}

/** The address of a picture that stands in a text. */
function pictureIn(text) {
  if (/^data:image\/(png|jpeg|webp|jp2);base64,[A-Za-z0-9+/=]+$/.test(text)) return text;
  if (text.length < 100 || !/^[A-Za-z0-9+/_=-]+$/.test(text)) return "";
  const plain = text.replaceAll("-", "+").replaceAll("_", "/");
  for (const [begin, type] of [["/9j/", "jpeg"], ["iVBORw0KGgo", "png"], ["UklGR", "webp"]]) if (plain.startsWith(begin)) return `data:image/${type};base64,${plain}`;
  return "";
}
