// Status lists: Token Status List (JWT and CWT) and Bitstring Status List 1.0.

import { Malformed } from './outcome.js';
import { base64url } from './bytes.js';
import { decode, isNull } from './cbor.js';
import { label, sign1, untag, verifySign1 } from './cose.js';
import { inflate } from './inflate.js';
import { decodeObject } from './json.js';
import { trySplit, verifyJWS } from './jws.js';
import { numericDate } from './times.js';

const maxInflated = 4 << 20, maxEncoded = 6 << 20, minBitstring = 131_072;
const tenYears = 10 * 365 * 24 * 3600 * 1000;
const cwtLimits = Object.freeze({ depth: 8, width: 100 }), cwtType = 'application/statuslist+cwt';

/**
 * @typedef {Object} Snapshot a status list whose signature is good
 * @property {(index: number) => number|undefined} get the value of an entry; undefined: there is none
 * @property {number} made
 * @property {number} fresh until then it need not be fetched again
 * @property {number} ends after that it says nothing of what is valid
 */

/**
 * Until when a list counts. One without end counts until its ttl has passed; one without either, never.
 * @param {number|null|undefined} made
 * @param {number|null|undefined} ends
 * @param {number} ttl milliseconds
 */
export function lifetime(made, ends, ttl) {
  if (typeof made !== 'number' || ends === undefined || !(ttl >= 0 && ttl <= tenYears)) throw new Malformed('dates of a list');
  return { made, fresh: made + ttl, ends: ends ?? made + ttl };
}

/**
 * Reads entries of a width; the first of a byte stands in its lowest bits, or its highest.
 * @param {Uint8Array} data
 * @param {number} width
 * @param {boolean} highest
 */
function entries(data, width, highest) {
  return (/** @type {number} */ index) => {
    if (index < 0 || index >= Math.floor(data.length * 8 / width)) return undefined;
    const at = index * width, shift = highest ? 8 - width - at % 8 : at % 8;
    return data[at >> 3] >> shift & (1 << width) - 1;
  };
}

/** @param {any} width */
function checkWidth(width) {
  if (![1, 2, 4, 8].includes(width)) throw new Malformed('width of entries');
}

/** @param {any} text */
function packed(text) {
  if (typeof text !== 'string' || text.length > maxEncoded) throw new Malformed('list');
  return base64url(text);
}

/**
 * Reads the encodedList of a Bitstring Status List.
 * @param {any} text
 * @param {number} width
 */
export async function bitstring(text, width) {
  checkWidth(width);
  if (typeof text !== 'string' || text[0] !== 'u') throw new Malformed('list');
  const data = await inflate(packed(text.slice(1)), 'gzip', maxInflated);
  if (Math.floor(data.length * 8 / width) < minBitstring) throw new Malformed('too few entries');
  return entries(data, width, true);
}

/**
 * Reads a Status List Token: the name of the key that it says signed it, and what tells whether a key did.
 * @param {string} token
 * @param {string} uri
 * @returns {{kid: string, open: (key: import('./keys.js').PublicKey) => Promise<Snapshot|null|undefined>}} open gives undefined if the key
 *   did not sign it, null if it cannot be understood
 */
export function readToken(token, uri) {
  if (!token.includes('.')) return readCWT(token, uri);
  const jws = trySplit(token);
  if (jws?.header.typ !== 'statuslist+jwt') throw new Malformed('not a status list');
  const { kid } = jws.header;
  return { kid: typeof kid === 'string' ? kid : '', open: async (key) => {
    const payload = await verifyJWS(token, key, [key.alg]);
    return payload && orNull(() => jwtSnapshot(payload, uri));
  } };
}

/**
 * @template T
 * @param {() => Promise<T>} read
 * @returns {Promise<T|null>}
 */
async function orNull(read) {
  try {
    return await read();
  } catch (e) {
    if (e instanceof Malformed) return null;
    throw e;
  }
}

/**
 * @param {Uint8Array} payload
 * @param {string} uri
 * @returns {Promise<Snapshot>}
 */
async function jwtSnapshot(payload, uri) {
  const claims = decodeObject(payload), { sub, ttl, status_list: list } = claims;
  if (sub !== uri) throw new Malformed('another list');
  const life = lifetime(numericDate(claims, 'iat'), numericDate(claims, 'exp'), typeof ttl === 'number' ? ttl * 1000 : 0);
  const width = typeof list?.bits === 'number' ? Math.trunc(list.bits) : 0;
  checkWidth(width);
  return { ...life, get: entries(await inflate(packed(list?.lst), 'deflate', maxInflated), width, false) };
}

/**
 * @param {string} text
 * @param {string} uri
 */
function readCWT(text, uri) {
  const raw = base64url(text.replace(/[\r\n]/g, ''));
  if (raw.length > maxEncoded || raw[0] !== 0xd2) throw new Malformed('not a tagged COSE_Sign1');
  const message = sign1(untag(decode(raw, cwtLimits), 18), cwtLimits), head = message.protected;
  if (head.get(label.alg) !== -7 || head.get(label.type) !== cwtType || head.size !== 2 || message.signature.length === 0) throw new Malformed('protected header');
  const claims = cwtClaims(message.payload), kid = message.unprotected.get(label.kid);
  return { kid: kid instanceof Uint8Array ? new TextDecoder().decode(kid) : '', open: async (/** @type {import('./keys.js').PublicKey} */ key) => {
    if (key.curve !== 'P-256' || !await verifySign1(message, key)) return undefined;
    return orNull(() => cwtSnapshot(claims, uri));
  } };
}

/** @param {Uint8Array|null} payload */
function cwtClaims(payload) {
  const map = payload && decode(payload, cwtLimits);
  if (!(map instanceof Map)) throw new Malformed('claims');
  const of = (/** @type {number} */ name, /** @type {any} */ otherwise) => (isNull(map.get(name)) ? otherwise : map.get(name));
  const [sub, exp, iat, ttl, list] = [of(2, ''), of(4, 0), of(6, 0), of(65534, 0), of(65533, null)];
  const inRange = [exp, iat, ttl].every((n) => Number.isInteger(n) && n >= 0) && Math.max(exp, iat) <= 253_402_300_799;
  if (typeof sub !== 'string' || sub === '' || !inRange || iat === 0 || !(list instanceof Map)) throw new Malformed('claims');
  const lst = list.get('lst');
  if (!(lst instanceof Uint8Array) || lst.length === 0) throw new Malformed('claims');
  return { sub, exp, iat, ttl, bits: list.get('bits'), lst };
}

/**
 * @param {ReturnType<typeof cwtClaims>} claims
 * @param {string} uri
 * @returns {Promise<Snapshot>}
 */
async function cwtSnapshot(claims, uri) {
  if (claims.sub !== uri) throw new Malformed('another list');
  checkWidth(claims.bits);
  const life = lifetime(claims.iat * 1000, claims.exp === 0 ? null : claims.exp * 1000, claims.ttl * 1000);
  return { ...life, get: entries(await inflate(claims.lst, 'deflate', maxInflated), claims.bits, false) };
}
