// Compact JSON Web Signatures (RFC 7515), read strictly.

import { Malformed } from './outcome.js';
import { base64url, utf8 } from './bytes.js';
import { decodeObject } from './json.js';
import { signedBy } from './keys.js';

const maxCompact = 4 << 20;

/**
 * Reads all of a compact JWS but its signature. Malformed for another form, and for header members that
 * would change the meaning of the rest (crit, b64).
 * @param {string} compact
 * @returns {{header: Object<string, any>, payload: Uint8Array, signature: Uint8Array, signed: string}}
 */
export function split(compact) {
  if (compact.length > maxCompact) throw new Malformed('too long');
  const parts = compact.split('.');
  if (parts.length !== 3) throw new Malformed('not three parts');
  const [first, payload, signature] = parts.map((part) => base64url(part));
  const header = decodeObject(first);
  checkHeader(header);
  return { header, payload, signature, signed: parts[0] + '.' + parts[1] };
}

/** @param {Object<string, any>} header */
export function checkHeader(header) {
  if (typeof header.alg !== 'string' || 'crit' in header || 'b64' in header) throw new Malformed('header');
}

/**
 * What split gives, or undefined.
 * @param {string} compact
 */
export function trySplit(compact) {
  try {
    return split(compact);
  } catch {
    return undefined;
  }
}

/**
 * The payload, if the key made the signature by its own algorithm, which must be among algs; else undefined.
 * @param {string} compact
 * @param {import('./keys.js').PublicKey} key
 * @param {string[]} algs
 * @returns {Promise<Uint8Array|undefined>}
 */
export async function verifyJWS(compact, key, algs) {
  const jws = trySplit(compact);
  if (!jws || !algs.includes(jws.header.alg) || jws.header.alg !== key.alg) return undefined;
  return await signedBy(key, utf8(jws.signed), jws.signature) ? jws.payload : undefined;
}
