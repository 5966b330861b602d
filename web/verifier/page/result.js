// Shows what came of a check: the verdict, what was checked and what was not, the details, the text itself.

import { details } from "./details.js";
import { badge, card, h, icon, ltr, row } from "./dom.js";
import { age, ago, ahead, date, has, moment, number, pick, t } from "./words.js";

const looks = { genuine: ["ok", "check"], genuine_aged: ["wait", "clock"], not_shown: ["wait", "alert"], genuine_status_unknown: ["wait", "alert"], expired: ["wait", "clock"], not_yet_valid: ["wait", "clock"], suspended: ["bad", "alert"],
  withdrawn: ["bad", "cross"], altered: ["bad", "cross"], unknown_issuer: ["bad", "alert"], key_retired: ["bad", "alert"],
  unsupported_format: ["none", "minus"], unreadable_code: ["none", "minus"], incomplete_code: ["none", "minus"] };
const badges = { passed: ["ok", "check"], failed: ["bad", "cross"], not_checked: ["none", "minus"] };

/** The verdict with its card of checks, and the details. */
export function resultOf(result, bundle, raw, again) {
  return [verdict(result, again, bundle), ...(result.checks ? [checks(result)] : []), ...(result.claims ? [details(result, bundle)] : []), technical(result, raw)];
}

/** One sentence for the outcome, one for what to do; focus goes there. */
export function verdict(result, again, bundle) {
  const [kind, name] = looks[named(result)] ?? looks[result.outcome] ?? looks.unreadable_code, words = named(result), facts = [];
  if (good(result)) {
    const by = bundle?.payload.issuers.find((i) => i.id === result.issuer || i.url === result.issuer);
    facts.push(t("verify.issued_by", { name: pick(result.issuer_names, result.issuer).text }));
    if (by?.source) facts.push(t("verify.taken_from", { name: by.source }));
  }
  if (result.status_as_of) facts.push(t("verify.status_of", { when: ago(result.status_as_of) }));
  return h("div", { class: `verdict ${kind}`, id: "verdict", "data-outcome": result.outcome, "data-reason": result.reason }, icon(name), h("div", {},
    h("h2", { tabindex: "-1" }, t(`verify.outcome_${words}`, aged(result) ? { age: age(result.status_as_of, result.at) } : {})),
    h("p", {}, result.text ?? t(`verify.text_${words}`)),
    facts.length > 0 ? h("p", { class: "muted" }, facts.join(" · ")) : "",
    result.clock ? h("p", {}, t("verify.clock"), ": ", result.clock) : "",
    ...doing(result).map((text) => h("p", { class: "do" }, text)),
    ...(result.messages ?? []).map((text) => h("p", {}, t("verify.issuer_says"), " ", h("bdi", {}, text))),
    h("div", { class: "acts no-print" }, h("button", { class: "btn sec", type: "button", id: "again", click: again }, t("verify.another")))));
}

/** The name of the words for a result: what is genuine, but perhaps a copy or of an old status, has its own. */
function named(result) {
  const { outcome, reason } = result;
  if (outcome === "altered" && reason?.startsWith("holder_")) return "not_held";
  if (outcome !== "genuine") return outcome;
  return notShown(result) ? "not_shown" : aged(result) ? "genuine_aged" : outcome;
}

const checkOf = (result, name) => result.checks?.find((c) => c.name === name);

/** Whether it is genuine, and the holder proved that it is theirs. */
const held = (result) => result.outcome === "genuine" && checkOf(result, "holder")?.result === "passed";

/** Whether it is genuine, but was asked for with a proof of who holds it, and came without. */
const notShown = (result) => Boolean(result.asked) && result.outcome.startsWith("genuine") && checkOf(result, "holder")?.result === "not_checked";

/** Whether it is genuine by a status that is past its time to live: there may be newer news. */
const aged = (result) => result.outcome === "genuine" && checkOf(result, "status")?.detail === "not_withdrawn_then";

/** What to do, in sentences. */
function doing(result) {
  const words = notShown(result) ? ["do_not_shown"] : held(result) ? ["do_held"] : result.outcome === "genuine" ? ["do_genuine"] : [];
  if (notShown(result) && result.outcome !== "genuine") words.unshift("text_not_shown");
  if (aged(result)) words.push("do_genuine_aged");
  if (result.outcome !== "genuine") words.unshift(`do_${named(result)}`);
  return words.map((name) => t(`verify.${name}`));
}

/** Whether the issuer is who signed. */
const good = (result) => ["issuer", "signature"].every((name) => result.checks?.some((c) => c.name === name && c.result === "passed"));

function checks(result) {
  const list = result.checks.map((c) => {
    const asked = notShown(result) && c.name === "holder", old = aged(result) && c.name === "status";
    const [kind, name, is] = asked ? ["wait", "alert", "not_shown"] : old ? ["wait", "clock", "passed_then"] : [...badges[c.result], c.result];
    const why = asked ? t("verify.why_holder_not_shown") : c.detail === "holder_not_checked" && !result.claims ? "" : because(c);
    return h("li", { "data-check": c.name, "data-result": c.result }, h("div", {}, h("span", {}, t(`verify.check_${c.name}`)), why ? h("p", {}, why) : ""), badge(kind, name, t(`verify.is_${is}`)));
  });
  return card("checked-h", t("verify.checked"), h("ul", { class: "checked" }, ...list));
}

/** The words of a detail of a check; some need none beside the verdict. */
function because({ name, detail, result, values = {} }) {
  const key = `verify.why_${detail}`;
  if (!has(key)) return result === "failed" && has(`verify.why_${name}_failed`) ? t(`verify.why_${name}_failed`) : "";
  const words = { ...values };
  for (const at of ["from", "until"]) if (values[at]) words[at] = date(values[at]);
  if (values.as_of) Object.assign(words, { moment: moment(values.as_of), age: ahead(values.as_of) ? t("verify.ahead") : ago(values.as_of) });
  return t(key, words);
}

function technical(result, raw) {
  const facts = [["outcome", [result.outcome, result.reason].filter((x) => x).join(" / ")], ["format", result.format], ["type", result.type], ["issuer", result.issuer]].filter(([, value]) => value);
  const text = typeof raw === "string" ? raw : `${number(raw.length)} B`;
  return h("details", { class: "card no-print" }, h("summary", { class: "pad" }, t("verify.raw")),
    h("dl", {}, ...facts.map(([name, value]) => row(t(`verify.raw_${name}`), ltr(value)))),
    h("div", { class: "pad" }, h("pre", { class: "rawtext", dir: "ltr", tabindex: "0", "aria-label": t("verify.raw") }, text.slice(0, 20000))));
}
