// COSE_Sign1 (RFC 9052 §4.2).

import { Malformed } from './outcome.js';
import { byteString, decode, isNull, Tag } from './cbor.js';
import { concat, utf8 } from './bytes.js';
import { signedBy } from './keys.js';

/** Header labels (RFC 9052 §3.1, RFC 9360, RFC 9596). */
export const label = Object.freeze({ alg: 1, crit: 2, kid: 4, type: 16, x5chain: 33, x5u: 35 });

/**
 * Algorithms (RFC 9053) and the key's name of them.
 * @type {Readonly<Object<string, string>>}
 */
export const algorithms = Object.freeze({ [-7]: 'ES256', [-8]: 'EdDSA' });

/**
 * @typedef {{protectedBytes: Uint8Array, protected: Map<any, any>, unprotected: Map<any, any>, payload: Uint8Array|null, signature: Uint8Array}} Sign1
 */

/**
 * Reads the array of a COSE_Sign1 that was decoded already. Malformed for another form.
 * @param {any} v
 * @param {import('./cbor.js').Limits} limits
 * @returns {Sign1}
 */
export function sign1(v, limits) {
  if (!Array.isArray(v) || v.length !== 4) throw new Malformed('not COSE_Sign1');
  const [head, unprotected, payload, signature] = v, isBytes = (/** @type {any} */ b) => b instanceof Uint8Array;
  if (!isBytes(head) || !(unprotected instanceof Map) || !isBytes(payload) && !isNull(payload) || !isBytes(signature) && !isNull(signature)) throw new Malformed('not COSE_Sign1');
  const headers = protectedOf(head, limits);
  checkHeaders(headers, true);
  checkHeaders(unprotected, false);
  return { protectedBytes: headers.size === 0 ? new Uint8Array() : head, protected: headers, unprotected, payload: isNull(payload) ? null : payload,
    signature: isNull(signature) ? new Uint8Array() : signature };
}

/**
 * @param {Uint8Array} head
 * @param {import('./cbor.js').Limits} limits
 * @returns {Map<any, any>}
 */
function protectedOf(head, limits) {
  let headers = new Map();
  try {
    if (head.length > 0) headers = decode(head, limits);
  } catch {
    throw new Malformed('protected header'); // also if its end is missing: that of the message is there
  }
  if (!(headers instanceof Map)) throw new Malformed('protected header');
  return headers;
}

/**
 * @param {Map<any, any>} headers
 * @param {boolean} isProtected
 */
function checkHeaders(headers, isProtected) {
  for (const [name, value] of headers) {
    const good = typeof name === 'string' || typeof name === 'number';
    if (!good || name === label.alg && !['number', 'string'].includes(typeof value) || name === label.kid && !(value instanceof Uint8Array)
      || name === label.crit && (!isProtected || !Array.isArray(value) || value.length === 0 || !value.every((l) => headers.has(l)))) {
      throw new Malformed('header');
    }
  }
}

/**
 * Whether a key signed a message by its own algorithm, which the protected header must name.
 * @param {Sign1} message
 * @param {import('./keys.js').PublicKey} key
 */
export async function verifySign1(message, key) {
  if (message.payload === null || algorithms[message.protected.get(label.alg)] !== key.alg) return false;
  const context = utf8('Signature1');
  const data = concat(Uint8Array.of(0x84, 0x60 | context.length), context, byteString(message.protectedBytes), byteString(new Uint8Array()), byteString(message.payload));
  return signedBy(key, data, message.signature);
}

/**
 * Takes a tag off, if it is there.
 * @param {any} v
 * @param {number} number
 */
export const untag = (v, number) => (v instanceof Tag && v.number === number ? v.value : v);
