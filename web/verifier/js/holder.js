// Who holds an SD-JWT VC: its key binding JWT (RFC 9901 §7.3), for a nonce on the verifier's screen.

import { altered, Failure, Malformed } from './outcome.js';
import { base58, base64url, toBase64url, utf8 } from './bytes.js';
import { decodeObject, isObject } from './json.js';
import { verifyJWS } from './jws.js';
import { newKey, parseJWK, uncompressed } from './keys.js';
import { sha256 } from './sha256.js';
import { numericDate } from './times.js';

const proofAge = 5 * 60_000, skew = 60_000;

/**
 * @typedef {{nonce: string, audience: string}} Ask what somebody who checks asks the holder to sign, so that what is shown cannot be a
 *   copy: a nonce that is used once, and the name of who asks
 */

/**
 * The check of a key binding JWT; throws Failure.
 * @param {string} proof
 * @param {string} text all of the SD-JWT
 * @param {any} cnf what its issuer bound it to
 * @returns {(ask: Ask, at: number) => Promise<void>}
 */
export const boundBy = (proof, text, cnf) => async (ask, at) => {
  const payload = await verifyJWS(proof, keyOf(cnf), ['ES256', 'EdDSA']);
  if (!payload) throw altered('holder_another_key');
  const said = claimsOf(payload), made = numericDate(said, 'iat');
  const same = (/** @type {any} */ v, /** @type {string} */ want) => want !== '' && v === want;
  if (typeof made !== 'number') throw altered('holder_proof_malformed');
  if (!same(said.sd_hash, toBase64url(sha256(utf8(text.slice(0, text.length - proof.length)))))) throw altered('holder_other_details');
  if (!same(said.nonce, ask.nonce) || !same(said.aud, ask.audience)) throw altered('holder_other_check');
  if (made < at - proofAge || made > at + skew) throw altered('holder_not_now');
};

/** @param {Uint8Array} payload */
function claimsOf(payload) {
  try {
    return decodeObject(payload);
  } catch {
    throw altered('holder_proof_malformed');
  }
}

/**
 * Reads cnf (RFC 7800 §3): a jwk, or a kid that is a did:jwk or a did:key, which are keys themselves. Any other DID would
 * have to be fetched.
 * @param {any} cnf
 */
function keyOf(cnf) {
  try {
    if (isObject(cnf?.jwk)) return parseJWK(cnf.jwk);
    const name = typeof cnf?.kid === 'string' ? cnf.kid.split('#')[0] : '';
    if (name.startsWith('did:jwk:')) return parseJWK(decodeObject(base64url(name.slice(8))));
    if (name.startsWith('did:key:z') && name.length <= 108) return multikey(base58(name.slice(9)));
  } catch (e) {
    if (!(e instanceof Malformed)) throw e;
  }
  throw new Failure('altered', 'holder_bound_to_none');
}

/**
 * Reads a public key behind its multicodec (Multikey, CID 1.0 §2.2.2).
 * @param {Uint8Array} raw
 */
function multikey(raw) {
  if (raw[0] === 0xed && raw[1] === 0x01) return newKey('Ed25519', raw.subarray(2));
  if (raw[0] === 0x80 && raw[1] === 0x24) return newKey('P-256', uncompressed(raw.subarray(2)));
  throw new Malformed('not a key of a known kind');
}
