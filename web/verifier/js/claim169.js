// Claim 169: identity data in a CWT, as a QR code on paper (COSE_Sign1, ZLIB, Base45). Written by the specification and
// read tolerantly: spellings of others are taken, but nothing is shown that nobody signed.

import { altered, Failure, Incomplete, Malformed, unreadable, unsupported } from './outcome.js';
import { base45, isBase45 } from './base45.js';
import { looseText, toBase64url } from './bytes.js';
import { decode, Float, Tag } from './cbor.js';
import { label, sign1, verifySign1 } from './cose.js';
import { nothing, tokenEntry } from './credential.js';
import { inflate } from './inflate.js';
import { readable } from './readable.js';

export const format = 'claim169';

const maxText = 8 << 10, maxInflated = 64 << 10, year9999 = 253_402_300_799;
const outer = Object.freeze({ depth: 16, width: 500, indefinite: true }), inner = Object.freeze({ ...outer, noTags: true });
const tag = Object.freeze({ encrypt0: 16, sign1: 18, cwt: 61 }), claim = Object.freeze({ issuer: 1, expires: 4, notBefore: 5, issued: 6, identity: 169, status: 65535 });

/**
 * @typedef {{kid: Uint8Array|null, message: import('./cose.js').Sign1, claims: Map<any, any>|null}} Code one that was read; claims null: not those of a code
 */

/**
 * Whether a text may be a code: no signs but those of Base45, and a beginning as compressed data has it.
 * @param {string} text
 */
export function isClaim169(text) {
  if (!isBase45(text.slice(0, maxText + 1))) return false;
  try {
    const { data: [a, b] } = base45(text.slice(0, 3));
    return b !== undefined && (a & 15) === 8 && a >> 4 <= 7 && (a << 8 | b) % 31 === 0; // RFC 1950 §2.2
  } catch {
    return false;
  }
}

/** @param {string} text */
async function unpack(text) {
  if (text.length > maxText) throw new Malformed('too large');
  const { data, whole } = base45(text), token = await inflate(data, 'deflate', maxInflated);
  if (!whole) throw new Malformed('something follows the compressed data');
  const hex = looseText(token); // Inji Certify compresses hexadecimal text
  return /^(?:[0-9a-fA-F]{2})+$/.test(hex) ? Uint8Array.from(hex.match(/../g) ?? [], (h) => parseInt(h, 16)) : token;
}

/**
 * Reads a code at bounded cost; nothing of it is verified. Malformed, Incomplete, or Failure for what is no signed token.
 * @param {string} text
 * @returns {Promise<Code>}
 */
async function parse(text) {
  const token = await unpack(text), foreign = () => unsupported('not_identity_data');
  if (![4, 6].includes(token[0] >> 5)) throw foreign();
  let v;
  try {
    v = decode(token, outer);
  } catch {
    throw new Malformed('not CBOR within the bounds'); // its end was there before it was compressed
  }
  while (v instanceof Tag) {
    if (v.number !== tag.cwt && v.number !== tag.sign1) throw v.number === tag.encrypt0 ? unsupported('encrypted') : foreign();
    v = v.value;
  }
  if (!Array.isArray(v) || v.length !== 4) throw foreign();
  const message = sign1(v, outer), heads = [message.protected, message.unprotected], kids = heads.map((h) => h.get(label.kid)).filter((k) => k !== undefined);
  if (kids.length > 1) throw new Malformed('kid twice');
  if (heads.some((h) => h.has(label.x5u) || h.has(label.crit))) throw unsupported('header_not_supported');
  return { kid: kids[0] ?? null, message, claims: claimsOf(message.payload) };
}

/**
 * @param {Uint8Array|null} payload
 * @returns {Map<any, any>|null}
 */
function claimsOf(payload) {
  try {
    const map = decode(payload ?? new Uint8Array(), inner);
    return map instanceof Map ? map : null;
  } catch {
    return null;
  }
}

/**
 * Reads a code. The keys that it may mean are those of its issuer whose name it has, else those of anybody.
 * @param {string} text
 * @param {import('./trust.js').Trust} trust
 * @returns {Promise<import('./credential.js').Credential>}
 */
export async function readClaim169(text, trust) {
  const c = { ...nothing(), format };
  try {
    const code = await parse(text), iss = code.claims?.get(claim.issuer);
    c.issuer = typeof iss === 'string' ? iss : '';
    c.keys = keysOf(code.kid, c.issuer, trust);
    c.unnamed = c.issuer === '';
    c.verify = (k) => verify(code, k);
  } catch (e) {
    c.error = e instanceof Incomplete ? new Failure('incomplete_code', 'end_missing') : e instanceof Malformed ? unreadable('claim169_malformed') : /** @type {Error} */ (e);
  }
  return c;
}

/**
 * @param {Uint8Array|null} kid
 * @param {string} issuer
 * @param {import('./trust.js').Trust} trust
 */
function keysOf(kid, issuer, trust) {
  if (kid === null || kid.length === 0) return trust.find(issuer, '');
  const short = toBase64url(kid), name = looseText(kid), named = trust.keys.filter((k) => k.coseKid === short || name !== '' && (k.kid === name || k.method === name));
  const own = named.filter((k) => issuer !== '' && (k.issuer.id === issuer || k.issuer.url === issuer));
  return own.length > 0 ? own : named;
}

/**
 * @param {Code} code
 * @param {import('./trust.js').Key} k
 * @returns {Promise<import('./credential.js').Signed>}
 */
async function verify(code, k) {
  if (!await verifySign1(code.message, k.public)) throw altered('signature_mismatch');
  const { claims, attributes } = content(code), [issued, from, until] = [claim.issued, claim.notBefore, claim.expires].map((name) => date(claims, name));
  const made = issued ?? from, status = claims.has(claim.status) ? [entryOf(claims.get(claim.status))] : [];
  if (made === null) throw unsupported('no_time_of_making');
  return { type: format, made, from: from === null || from < made ? made : from, until, status, claims: attributes };
}

/**
 * The claims and what they say of somebody; Failure if they are not identity data.
 * @param {Code} code
 */
function content({ claims }) {
  try {
    const v = claims?.get(claim.identity), map = v instanceof Uint8Array ? decode(v, inner) : v;
    if (!claims || !(map instanceof Map)) throw new Malformed('no claim 169');
    return { claims, attributes: readable(map) };
  } catch (e) {
    throw e instanceof Malformed ? unsupported('not_identity_data') : e;
  }
}

/**
 * Seconds since 1970 (RFC 8392 §2) as milliseconds; null if the claim is not there.
 * @param {Map<any, any>} claims
 * @param {number} name
 */
function date(claims, name) {
  if (!claims.has(name)) return null;
  const v = claims.get(name), n = v instanceof Float ? v.value : v;
  if (!(typeof n === 'number' && n >= 0 && n <= year9999)) throw unsupported('not_identity_data');
  return Math.trunc(n) * 1000;
}

/**
 * The claim status (Token Status List §6.3).
 * @param {any} v
 */
function entryOf(v) {
  const list = v instanceof Map && v.size === 1 ? v.get('status_list') : undefined;
  return list instanceof Map ? tokenEntry({ status_list: { uri: list.get('uri'), idx: list.get('idx') } }) : null;
}

/**
 * Reads a code without any check: for tools that make codes, never to believe it.
 * @param {string} text
 * @returns {Promise<{kid: string, issuer: string, signed: boolean, attributes: Object<string, any>}>} signed: it has something in the
 *   place of a signature
 */
export async function decodeClaim169(text) {
  const code = await parse(text), iss = code.claims?.get(claim.issuer), { attributes } = content(code);
  return { kid: code.kid ? toBase64url(code.kid) : '', issuer: typeof iss === 'string' ? iss : '', signed: code.message.signature.length > 0, attributes };
}
