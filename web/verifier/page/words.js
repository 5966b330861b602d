// Words in the page's language, in the manner of the registry's own pages.

export const lang = document.documentElement.lang;
const classes = new Intl.PluralRules(lang), latin = `${lang}-u-nu-latn`;
const texts = await (await fetch(new URL(`./locales/${lang}.json`, import.meta.url))).json();

/** Whether there is such a text. */
export const has = (key) => Object.hasOwn(texts, key);

/** A text with its placeholders filled, in the class of n. Values are set apart in their own direction. */
export function t(key, values = {}) {
  let text = texts[key] ?? `[${key}]`;
  if (typeof text === "object") text = text[classes.select(values.n)] ?? text.other;
  return text.replace(/\{([a-z]+)\}/g, (all, name) => (name in values ? name === "n" ? number(values.n) : `\u2068${values[name]}\u2069` : all));
}

export const number = (n) => new Intl.NumberFormat(latin, { useGrouping: "min2" }).format(n);

/** A day in words. A day without time is that day everywhere. */
export function date(when, utc = false) {
  const d = new Date(when), [day, month, year] = utc ? [d.getUTCDate(), d.getUTCMonth(), d.getUTCFullYear()] : [d.getDate(), d.getMonth(), d.getFullYear()];
  const parts = { d: day, m: texts[`date.month.${month + 1}`], y: year };
  return texts["date.long"].replace(/\{([dmy])\}/g, (_, name) => parts[name]);
}

/** A moment in words, as the clock of this device has it. */
export function moment(when) {
  const d = new Date(when), two = (n) => String(n).padStart(2, "0"), parts = { date: date(when), time: `${two(d.getHours())}:${two(d.getMinutes())}` };
  return texts["verify.moment"].replace(/\{(date|time)\}/g, (_, name) => parts[name]); // in one direction, which isolates would hide
}

/** Whether a moment is one that the clock of this device has not reached. */
export const ahead = (when) => new Date(when) - Date.now() > 60_000;

/** How long ago something was: 3 hours ago. What this device's clock has not reached is told as a moment. */
export function ago(when, now = Date.now()) {
  if (ahead(when)) return moment(when);
  const seconds = Math.round((new Date(when) - now) / 1000), format = new Intl.RelativeTimeFormat(latin, { numeric: "always" });
  for (const [unit, size] of [["day", 86400], ["hour", 3600], ["minute", 60]]) {
    if (Math.abs(seconds) >= (unit === "day" ? 2 * size : size)) return format.format(Math.trunc(seconds / size), unit);
  }
  return t("verify.just_now");
}

/** How old something is at a moment: 9 hours. */
export function age(when, at = Date.now()) {
  const seconds = Math.max(60, (at - new Date(when)) / 1000), [unit, size] = seconds >= 2 * 86400 ? ["day", 86400] : seconds >= 3600 ? ["hour", 3600] : ["minute", 60];
  return new Intl.NumberFormat(latin, { style: "unit", unit, unitDisplay: "long" }).format(Math.trunc(seconds / size));
}

/** The text of a list by language, and which language it is. */
export function pick(names, fallback) {
  for (const code of [lang, "en", ...Object.keys(names ?? {})]) {
    if (names?.[code]) return { text: names[code], lang: code };
  }
  return { text: fallback, lang: "" };
}
