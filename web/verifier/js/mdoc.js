// Mobile documents (ISO/IEC 18013-5): IssuerSigned in base64url, the issuer's part.

import { altered, Failure, Incomplete, Malformed, unreadable, unsupported } from './outcome.js';
import { base64url, concat, equal } from './bytes.js';
import { decode, Float, isNull, Simple, Tag, textMap } from './cbor.js';
import { label, sign1, verifySign1 } from './cose.js';
import { nothing } from './credential.js';
import { newKey } from './keys.js';
import { sha256 } from './sha256.js';
import { parseTime, timeText } from './times.js';
import { parseCertificate } from './x509.js';

const limits = Object.freeze({ depth: 12, width: 1000 });
const maxChain = 5, maxCertificate = 4 << 10; // a key of a hundred kilobytes would take minutes
const lastTime = 8.64e15; // of a Date
const tagDateTime = 0, tagEpoch = 1, tagEncoded = 24, tagFullDate = 1004;

/**
 * @typedef {{spaces: Map<string, any>, message: import('./cose.js').Sign1, chain: import('./x509.js').Certificate[]}} Document
 */

/**
 * Reads a mobile document, or text that is nothing that we know.
 * @param {string} text
 * @param {import('./trust.js').Trust} trust
 * @returns {Promise<import('./credential.js').Credential>}
 */
export async function readMdoc(text, trust) {
  const c = nothing(), whole = text.length % 4 !== 1; // no base64 has such a length: its end is missing
  let raw = new Uint8Array();
  try {
    if (!/[=\x7f-\uffff]/.test(text)) raw = base64url(whole ? text : text.slice(0, -1));
  } catch {
    // it is none
  }
  if (raw.length === 0 || raw[0] >> 5 !== 5) return { ...c, error: unreadable('not_a_credential') };
  c.format = 'mso_mdoc';
  try {
    const doc = parse(raw);
    if (!whole) throw new Incomplete('its end is missing');
    c.keys = await trust.certified(doc.chain);
    c.unnamed = true;
    c.verify = (k) => verify(doc, k, trust);
  } catch (e) {
    c.error = e instanceof Incomplete ? new Failure('incomplete_code', 'end_missing') : unreadable('mdoc_malformed');
  }
  return c;
}

/**
 * Reads IssuerSigned strictly; nothing of it is verified but its shape.
 * @param {Uint8Array} data
 * @returns {Document}
 */
function parse(data) {
  const outer = textMap(decode(data, limits), ['nameSpaces', 'issuerAuth']);
  const spaces = outer.get('nameSpaces'), message = sign1(outer.get('issuerAuth'), limits);
  if (outer.size !== 2 || message.signature.length === 0 || message.protected.size !== 1 || message.unprotected.size !== 1) throw new Malformed('not IssuerSigned');
  const named = spaces instanceof Simple ? new Map() : textMap(spaces);
  for (const [name, items] of named) {
    if (isNull(items)) named.set(name, []);
    else if (!Array.isArray(items)) throw new Malformed('name space');
  }
  return { spaces: named, message, chain: chainOf(message.unprotected.get(label.x5chain)) };
}

/**
 * Reads x5chain: one certificate, or an array of two or more (RFC 9360 §2).
 * @param {any} v
 */
function chainOf(v) {
  const list = Array.isArray(v) ? v : [v];
  if (Array.isArray(v) && v.length < 2 || list.length > maxChain) throw new Malformed('chain');
  return list.map((der) => {
    if (!(der instanceof Uint8Array) || der.length > maxCertificate) throw new Malformed('chain');
    return parseCertificate(der);
  });
}

/**
 * Checks the issuer's signature, the digest of every element, and the chain.
 * @param {Document} doc
 * @param {import('./trust.js').Key} k
 * @param {import('./trust.js').Trust} trust
 * @returns {Promise<import('./credential.js').Signed>}
 */
async function verify(doc, k, trust) {
  if (k.public.curve !== 'P-256' || !await verifySign1(doc.message, k.public)) throw altered('signature_mismatch');
  const object = understood(() => securityObject(/** @type {Uint8Array} */ (doc.message.payload)), () => unsupported('mdoc_not_understood'));
  /** @type {Map<string, Object<string, any>>} */
  const elements = new Map();
  for (const [space, items] of doc.spaces) elements.set(space, open(items, object.digests.get(space) ?? new Map()));
  if (!await trust.certifies(k, doc.chain, object.made)) throw altered('chain_not_trusted');
  return { type: object.docType, made: object.made, from: object.from, until: object.until, status: object.status, claims: flat(elements) };
}

/**
 * Runs a reader; what is malformed becomes a failure.
 * @template T
 * @param {() => T} read
 * @param {() => Failure} failure
 * @returns {T}
 */
function understood(read, failure) {
  try {
    return read();
  } catch (e) {
    throw e instanceof Malformed ? failure() : e;
  }
}

/**
 * The value in encoded CBOR (tag 24).
 * @param {any} v
 */
function unembed(v) {
  if (!(v instanceof Tag) || v.number !== tagEncoded || !(v.value instanceof Uint8Array)) throw new Malformed('tag 24 is missing');
  return decode(v.value, limits);
}

/**
 * A member of a type, or what it is without it.
 * @param {Map<any, any>} map
 * @param {string} name
 * @param {(v: any) => boolean} isType
 * @param {any} otherwise
 */
function member(map, name, isType, otherwise) {
  const v = map.get(name);
  if (isNull(v)) return otherwise;
  if (!isType(v)) throw new Malformed(name);
  return v;
}

const isText = (/** @type {any} */ v) => typeof v === 'string';
const isMap = (/** @type {any} */ v) => v instanceof Map;
const isBytes = (/** @type {any} */ v) => v instanceof Uint8Array;
const isInteger = (/** @type {any} */ v) => typeof v === 'bigint' || Number.isInteger(v);

/**
 * Reads MobileSecurityObject (ISO/IEC 18013-5 §9.1.2.4).
 * @param {Uint8Array} payload
 */
function securityObject(payload) {
  const o = textMap(unembed(decode(payload, limits)), ['version', 'digestAlgorithm', 'valueDigests', 'deviceKeyInfo', 'docType', 'validityInfo', 'status']);
  const docType = member(o, 'docType', isText, '');
  if (o.get('version') !== '1.0' || o.get('digestAlgorithm') !== 'SHA-256' || docType === '') throw new Malformed('version, digest algorithm or document type');
  const validity = textMap(member(o, 'validityInfo', isMap, new Map()), ['signed', 'validFrom', 'validUntil']);
  const [made, from, until] = ['signed', 'validFrom', 'validUntil'].map((name) => dateTime(validity.get(name)));
  checkDeviceKey(textMap(member(o, 'deviceKeyInfo', isMap, new Map()), ['deviceKey']).get('deviceKey'));
  return { docType, made, from, until, status: statusOf(o.get('status')), digests: digestsOf(member(o, 'valueDigests', isMap, new Map())) };
}

/** @param {any} v */
function dateTime(v) {
  const form = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/;
  const at = v instanceof Tag && v.number === tagDateTime && isText(v.value) && form.test(v.value) ? parseTime(v.value) : undefined;
  if (at === undefined) throw new Malformed('a time of another form');
  return at;
}

/** @param {any} v */
function checkDeviceKey(v) {
  if (!isMap(v)) throw new Malformed('device key');
  const [kind, curve, x, y] = [1, -1, -2, -3].map((name) => v.get(name));
  const point = isBytes(x) && isBytes(y) && x.length === 32 && y.length === 32;
  if (kind === 2 && curve === 1 && v.size === 4 && point) newKey('P-256', concat(Uint8Array.of(4), x, y));
  else if (!(kind === 1 && curve === 6 && v.size === 3 && isBytes(x) && x.length === 32)) throw new Malformed('a device key of another form');
}

/**
 * @param {any} v
 * @returns {(import('./credential.js').Entry|null)[]}
 */
function statusOf(v) {
  if (isNull(v)) return [];
  const list = textMap(member(textMap(v, ['status_list']), 'status_list', isMap, new Map()), ['idx', 'uri']);
  const uri = member(list, 'uri', isText, ''), index = member(list, 'idx', isInteger, 0);
  if (uri === '' || index < 0 || index > 0x7fffffff) throw new Malformed('a status of another form');
  return [{ kind: 'token', uri, index: Number(index), purpose: '', width: 0, told: [] }];
}

/** @param {Map<string, any>} spaces */
function digestsOf(spaces) {
  for (const digests of textMap(spaces).values()) {
    if (!isMap(digests)) throw new Malformed('digests');
    for (const [id, digest] of digests) if (!isInteger(id) || id < 0 || !isBytes(digest)) throw new Malformed('digests');
  }
  return spaces;
}

/**
 * Checks each item against its digest and gives the elements.
 * @param {any[]} items
 * @param {Map<any, Uint8Array>} digests
 */
function open(items, digests) {
  const out = Object.create(null), seen = new Set(), notSigned = () => altered('element_not_signed');
  for (const raw of items) {
    const { id, name, value } = understood(() => itemOf(raw), notSigned);
    const digest = digests.get(id);
    if (!digest || !equal(digest, sha256(raw.raw)) || seen.has(id) || name in out) throw notSigned();
    seen.add(id);
    out[name] = understood(() => plain(value), () => unsupported('mdoc_not_understood'));
  }
  return out;
}

/**
 * Reads IssuerSignedItem.
 * @param {any} raw
 */
function itemOf(raw) {
  const e = textMap(unembed(raw), ['digestID', 'random', 'elementIdentifier', 'elementValue']);
  member(e, 'random', isBytes, null);
  const id = member(e, 'digestID', isInteger, 0);
  if (id < 0) throw new Malformed('digestID');
  return { id, name: member(e, 'elementIdentifier', isText, ''), value: e.get('elementValue') };
}

/**
 * A value in the types of JSON. A date loses its tag.
 * @param {any} v
 * @returns {any}
 */
function plain(v) {
  if (typeof v === 'string' || typeof v === 'boolean' || typeof v === 'number') return v;
  if (v instanceof Float) return v.value;
  if (typeof v === 'bigint' && BigInt.asIntN(64, v) === v) return Number(v);
  if (v instanceof Tag && v.number === tagFullDate && isText(v.value)) return v.value;
  if (v instanceof Tag && (v.number === tagDateTime || v.number === tagEpoch)) return taggedTime(v);
  if (Array.isArray(v)) return v.map(plain);
  if (!isMap(v)) throw new Malformed('a value of a type that is not supported');
  const out = Object.create(null);
  for (const [name, value] of textMap(v)) out[name] = plain(value);
  return out;
}

/** @param {Tag} v */
function taggedTime(v) {
  const at = v.number === tagDateTime ? parseTime(v.value) : Number(v.value instanceof Float ? v.value.value : v.value) * 1000;
  if (at === undefined || !(Math.abs(at) <= lastTime)) throw new Malformed('a time of another form');
  return v.number === tagDateTime ? v.value.replace(/\.\d+/, '') : timeText(Math.floor(at / 1000) * 1000);
}

/**
 * The elements of all name spaces by their names alone; one whose name stands in several keeps its name space before it.
 * @param {Map<string, Object<string, any>>} elements
 */
function flat(elements) {
  const times = new Map(), out = Object.create(null);
  for (const list of elements.values()) for (const name of Object.keys(list)) times.set(name, (times.get(name) ?? 0) + 1);
  for (const [space, list] of elements) for (const name of Object.keys(list)) out[times.get(name) > 1 ? `${space} ${name}` : name] = list[name];
  return out;
}
