/**
 * The offline verifier as a module: a credential, a trust bundle and a time go in, one named outcome and the list of
 * what was checked come out. Nothing is fetched. README.md says what it knows, and what every code means.
 *
 *   import { openBundle, verify } from './verifier.js';
 *   const { bundle, seen } = await openBundle(text, { roots: [thumbprint] });
 *   const result = await verify(bundle, credential, { at: new Date() });
 */

import { checkNames, Failure, Malformed, unreadable, unsupported } from './outcome.js';
import { looseText, textOf, utf8 } from './bytes.js';
import { isClaim169, readClaim169 } from './claim169.js';
import { readJWTVC, readSDJWT } from './formats.js';
import { nothing } from './credential.js';
import { decodeObject } from './json.js';
import { readMdoc } from './mdoc.js';
import { Status } from './status.js';
import { timeText } from './times.js';
import { checkWindow, is } from './trust.js';

export { checkNames, outcomes } from './outcome.js';
export { decodeClaim169 } from './claim169.js';
export { BundleError, openBundle, signerOf } from './signed.js';
export { hasEd25519 } from './keys.js';

/**
 * @typedef {import('./credential.js').Credential} Credential
 * @typedef {import('./holder.js').Ask} Ask
 * @typedef {import('./credential.js').Signed} Signed
 * @typedef {import('./outcome.js').Result} Result
 * @typedef {import('./signed.js').Bundle} Bundle
 * @typedef {import('./trust.js').Key} Key
 * @typedef {import('./trust.js').Trust} Trust
 */

const maxCredential = 1 << 20, skew = 60_000;
const space = /[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

/**
 * Checks a credential as of a time. It never fails for what the credential is: the result has an outcome, and every
 * check with what became of it. A time that is none is a TypeError at once: nothing could be said to be over.
 * @param {Bundle} bundle
 * @param {string|Uint8Array} data
 * @param {{at?: Date, ask?: Ask|null}} [options] ask: what the holder was asked to sign; without it, who holds it is not checked
 * @returns {Promise<Result>}
 */
export async function verify(bundle, data, { at = new Date(), ask = null } = {}) {
  const when = at.getTime();
  if (Number.isNaN(when)) throw new TypeError('verify: at is not a time');
  const v = new Verification(bundle, when, ask);
  try {
    await v.run(data);
    return v.finish();
  } catch { // whatever was not foreseen: nothing is believed, and nothing shown
    const none = new Verification(bundle, when, ask);
    none.fail('read', unreadable('unreadable'));
    return none.finish();
  }
}

/** Collects the answer. */
class Verification {
  /**
   * @param {Bundle} bundle
   * @param {number} at
   * @param {Ask|null} ask
   */
  constructor(bundle, at, ask) {
    this.bundle = bundle;
    this.trust = bundle.trust;
    this.at = at;
    this.ask = ask;
    /** @type {Map<string, import('./outcome.js').Check>} */
    this.checks = new Map();
    /** @type {Result} */
    this.out = { outcome: '', reason: '', checks: [] };
  }

  /** @param {string|Uint8Array} data */
  async run(data) {
    const { text, isText } = textFrom(data), c = await this.trying(() => read(text, isText, this.trust));
    if (c.unnamed) c.issuer = c.keys?.[0]?.issuer.id ?? ''; // as long as it is not known which of them fits
    if (c.format !== '') this.out.format = c.format;
    if (c.issuer !== '') this.out.issuer = c.issuer;
    if (c.error) {
      this.fail('read', await this.blame(c, text));
      return;
    }
    this.pass('read', 'read', { format: c.format });
    const found = await this.signature(c);
    if (!found) return;
    const { signed, key } = found;
    Object.assign(this.out, { type: signed.type, claims: signed.claims });
    if (signed.from !== null) this.out.valid_from = timeText(signed.from);
    if (signed.until !== null) this.out.valid_until = timeText(signed.until);
    await this.holder(signed);
    await this.note('key', () => checkWindow(key, signed.made, this.at), 'key_in_use');
    await this.note('dates', () => this.dates(signed), describeDates(signed));
    await this.status(signed, key);
  }

  /**
   * @param {() => Promise<Credential>|Credential} f
   * @returns {Promise<Credential>}
   */
  async trying(f) {
    try {
      return await f();
    } catch (e) {
      return { ...nothing(), error: /** @type {Error} */ (e) };
    }
  }

  /**
   * Tells an altered credential from bytes that never were one: if what is unreadable names an issuer or a key that we
   * know, somebody has changed it.
   * @param {Credential} c
   * @param {string} text
   */
  async blame(c, text) {
    const f = c.error instanceof Failure ? c.error : unreadable('unreadable'), known = this.trust.candidates(c);
    if (f.outcome === 'unreadable_code' && (known.length > 0 || this.trust.knows(c.issuer) || this.trust.mentions(text))) return new Failure('altered', 'changed_or_damaged');
    if (!c.verify || known.length === 0) return f;
    const { error } = await firstThatFits(c, known);
    return error?.outcome === 'altered' ? error : f;
  }

  /**
   * Checks who signed. The issuer comes first in the list; but what no known key signed is altered, whoever it says
   * made it.
   * @param {Credential} c
   */
  async signature(c) {
    const candidates = this.trust.candidates(c);
    if (candidates.length === 0) {
      this.fail('issuer', new Failure('unknown_issuer', 'issuer_not_known'));
      return undefined;
    }
    const { signed, key, error } = await firstThatFits(c, candidates);
    if (c.unnamed && !error) c.issuer = this.out.issuer = key.issuer.id;
    if (is(key.issuer, c.issuer)) {
      if (Object.keys(key.issuer.names).length > 0) this.out.issuer_names = key.issuer.names;
      this.pass('issuer', 'issuer_known');
    } else if (!error) {
      this.pass('signature', 'signed_by_another');
      this.fail('issuer', new Failure('unknown_issuer', 'key_of_another'));
      return undefined;
    }
    if (error) this.fail('signature', error);
    else this.pass('signature', 'signed');
    return signed && !error ? { signed, key } : undefined;
  }

  /**
   * Checks the proof of who holds it, if one was asked for and is there.
   * @param {Signed} s
   */
  async holder(s) {
    const { ask } = this, { bound } = s;
    if (!ask || !bound) return;
    await this.note('holder', () => bound(ask, this.at), 'holder_shown');
    if (this.checks.get('holder')?.result === 'failed') delete this.out.claims; // whoever shows it may have no right to
  }

  /**
   * Checks the time in which the credential itself is valid.
   * @param {Signed} s
   */
  dates(s) {
    if (s.until !== null && this.at >= s.until) throw new Failure('expired', 'expired', { until: timeText(s.until) });
    if (s.from !== null && this.at + skew < s.from) throw new Failure('not_yet_valid', 'not_yet_valid', { from: timeText(s.from) });
  }

  /**
   * @param {Signed} signed
   * @param {Key} key
   */
  async status(signed, key) {
    const s = new Status(this.trust, key, this.at, this.bundle.shard);
    try {
      const { types } = this.trust, none = Object.hasOwn(types, signed.type) && types[signed.type].no_status === true;
      const { result, code, values } = await s.check(signed.status, none);
      this.add('status', result, code, values);
    } catch (e) {
      this.fail('status', e);
    }
    if (s.asOf !== null) this.out.status_as_of = timeText(s.asOf);
    if (s.refresh) this.out.refresh = true;
    if (s.messages.length > 0) this.out.messages = s.messages;
  }

  /**
   * @param {string} name
   * @param {string} result
   * @param {string} detail
   * @param {Object<string, string|number>} [values]
   */
  add(name, result, detail, values) {
    this.checks.set(name, values ? { name, result, detail, values } : { name, result, detail });
  }

  /**
   * @param {string} name
   * @param {string} detail
   * @param {Object<string, string|number>} [values]
   */
  pass(name, detail, values) {
    this.add(name, 'passed', detail, values);
  }

  /**
   * Records a failed check; the first one decides the outcome.
   * @param {string} name
   * @param {unknown} error
   */
  fail(name, error) {
    if (!(error instanceof Failure)) throw error;
    this.add(name, 'failed', error.code, error.values);
    if (this.out.outcome === '') Object.assign(this.out, { outcome: error.outcome, reason: error.code });
  }

  /**
   * Records a check by whether it throws.
   * @param {string} name
   * @param {() => void|Promise<void>} check
   * @param {{code: string, values?: Object<string, string>}|string} good
   */
  async note(name, check, good) {
    const { code, values } = typeof good === 'string' ? { code: good, values: undefined } : good;
    try {
      await check();
      this.pass(name, code, values);
    } catch (e) {
      this.fail(name, e);
    }
  }

  /** Puts the checks in their order, with those that were not reached. */
  finish() {
    this.out.checks = checkNames.map((name) => this.checks.get(name) ?? { name, result: 'not_checked', detail: name === 'holder' ? 'holder_not_checked' : 'not_reached' });
    if (this.out.outcome === '') Object.assign(this.out, { outcome: 'genuine', reason: 'genuine' });
    return this.out;
  }
}

/** @param {Signed} s */
function describeDates(s) {
  const values = { ...s.from === null ? {} : { from: timeText(s.from) }, ...s.until === null ? {} : { until: timeText(s.until) } };
  const code = s.from === null ? s.until === null ? 'no_dates' : 'valid_until' : s.until === null ? 'valid_from' : 'valid_between';
  return { code, values };
}

/**
 * Tries keys until one fits; else the last one and why it does not.
 * @param {Credential} c
 * @param {Key[]} candidates
 * @returns {Promise<{key: Key, signed?: Signed, error?: Failure}>}
 */
async function firstThatFits(c, candidates) {
  let error;
  for (const key of candidates) {
    try {
      return { key, signed: await c.verify?.(key) };
    } catch (e) {
      if (!(e instanceof Failure || e instanceof Malformed)) throw e;
      error = e instanceof Failure ? e : new Failure('altered', 'signature_mismatch');
    }
  }
  return { key: candidates[candidates.length - 1], error };
}

/**
 * The text to read, and whether it was one: what is not UTF-8 stands as U+FFFD.
 * @param {string|Uint8Array} data
 */
function textFrom(data) {
  if (typeof data === 'string') return { text: trim(unmarked(data)), isText: true };
  const some = data.subarray(0, maxCredential + 1000); // more is refused, whatever it is
  try {
    return { text: trim(unmarked(textOf(some))), isText: true };
  } catch {
    return { text: trim(unmarked(looseText(some))), isText: false };
  }
}

/**
 * A text without the mark that some editors put before it (U+FEFF, byte order mark); one says nothing.
 * @param {string} text
 */
const unmarked = (text) => (text.startsWith('\ufeff') ? text.slice(1) : text);

/**
 * A text without the spaces around it; sign by sign, for a pattern would try at each of a million spaces inside.
 * @param {string} text
 */
function trim(text) {
  let from = 0, to = text.length;
  while (from < to && space.test(text[from])) from++;
  while (to > from && space.test(text[to - 1])) to--;
  return text.slice(from, to);
}

/**
 * Finds the format of a text and reads it.
 * @param {string} text
 * @param {boolean} isText
 * @param {Trust} trust
 * @returns {Promise<Credential>}
 */
async function read(text, isText, trust) {
  if (text === '') throw unreadable('nothing_to_read');
  if (text.length > maxCredential || utf8(text).length > maxCredential) throw unreadable('too_large');
  if (text[0] === '{') return readJSON(text, isText, trust);
  if (isClaim169(text)) return readClaim169(text, trust);
  const jwt = readJWTVC(text);
  if (jwt) return jwt;
  return /[.~]/.test(text) ? readSDJWT(text) : readMdoc(text, trust);
}

/**
 * @param {string} text
 * @param {boolean} isText
 * @param {Trust} trust
 */
async function readJSON(text, isText, trust) {
  let doc;
  try {
    if (isText) doc = decodeObject(text);
  } catch {
    // not JSON
  }
  if (!doc) throw cutShort(text) ? new Failure('incomplete_code', 'end_missing') : unreadable('json_malformed');
  const { readLDP } = await import('./ldp.js').catch(() => {
    throw unsupported('jsonld_missing');
  });
  return readLDP(doc, trust);
}

/**
 * Whether broken JSON lacks its end: something is open, and it does not look as if it were a lost quotation mark that
 * keeps it open.
 * @param {string} text
 */
function cutShort(text) {
  let depth = 0, inside = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (inside && c === '\\') i++;
    else if (c === '"') inside = !inside;
    else if (inside) continue;
    else if (c === '{' || c === '[') depth++;
    else if (c === '}' || c === ']') depth--;
  }
  return depth > 0 && !(inside && text.endsWith('}'));
}
