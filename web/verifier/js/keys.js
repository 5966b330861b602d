// Public keys (P-256 and Ed25519) and the checking of signatures, by WebCrypto.

import { Failure, Malformed } from './outcome.js';
import { base64url, concat, equal, toBase64url, utf8 } from './bytes.js';
import { sha256 } from './sha256.js';

/**
 * @typedef {Object} PublicKey
 * @property {'P-256'|'Ed25519'} curve
 * @property {'ES256'|'EdDSA'} alg the one algorithm that it signs with
 * @property {Uint8Array} raw point (4, x, y), or 32 bytes
 * @property {Promise<CryptoKey>} [imported]
 */

/** @type {Readonly<Object<string, any>>} */
const algOf = Object.freeze({ 'P-256': 'ES256', Ed25519: 'EdDSA' });
const privateMembers = Object.freeze(['d', 'k', 'p', 'q', 'dp', 'dq', 'qi', 'oth']);
const p = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
const b = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;

/** @param {Uint8Array} bytes */
const integer = (bytes) => bytes.reduce((n, byte) => n << 8n | BigInt(byte), 0n);

/**
 * Makes a key of its bytes; Malformed for another curve, another length or a point off the curve.
 * @param {string} curve
 * @param {Uint8Array} raw
 * @returns {PublicKey}
 */
export function newKey(curve, raw) {
  const alg = algOf[curve];
  if (!alg || raw.length !== (curve === 'P-256' ? 65 : 32)) throw new Malformed('not a key of a known curve');
  if (curve === 'P-256') {
    const x = integer(raw.subarray(1, 33)), y = integer(raw.subarray(33));
    if (raw[0] !== 4 || x >= p || y >= p || (y * y - x * x * x + 3n * x - b) % p !== 0n) throw new Malformed('not a point of P-256');
  }
  return { curve: /** @type {any} */ (curve), alg, raw };
}

/**
 * Reads a public key from its JSON form: no private member, no other use, exact lengths.
 * @param {Object<string, any>} jwk
 * @returns {PublicKey}
 */
export function parseJWK(jwk) {
  if (typeof jwk !== 'object' || jwk === null) throw new Malformed('not a JWK');
  if (privateMembers.some((m) => Object.hasOwn(jwk, m)) || Object.hasOwn(jwk, 'use') && jwk.use !== 'sig') throw new Malformed('not a public key for signatures');
  if (typeof jwk.kty !== 'string' || typeof jwk.crv !== 'string') throw new Malformed('no kind of key');
  const kind = `${jwk.kty} ${jwk.crv}`;
  let key;
  if (kind === 'EC P-256') key = newKey('P-256', concat(Uint8Array.of(4), coordinate(jwk.x), coordinate(jwk.y)));
  else if (kind === 'OKP Ed25519' && !Object.hasOwn(jwk, 'y')) key = newKey('Ed25519', coordinate(jwk.x));
  else throw new Malformed('only EC P-256 and OKP Ed25519');
  if (Object.hasOwn(jwk, 'alg') && jwk.alg !== key.alg) throw new Malformed('alg is not the key\'s');
  return key;
}

/**
 * A point of P-256 with its y, of one that tells only the sign of it (SEC 1 §2.3.4).
 * @param {Uint8Array} short
 */
export function uncompressed(short) {
  const x = integer(short.subarray(1)), square = (x * x * x - 3n * x + b) % p;
  if (short.length !== 33 || short[0] !== 2 && short[0] !== 3) throw new Malformed('not a point of P-256');
  let y = power((square + p) % p, (p + 1n) / 4n);
  if (Number(y & 1n) !== short[0] - 2) y = p - y;
  const out = new Uint8Array(65);
  out[0] = 4;
  out.set(short.subarray(1), 1);
  for (let i = 64; i > 32; i--, y >>= 8n) out[i] = Number(y & 0xffn);
  return out; // newKey checks that it is on the curve
}

/**
 * @param {bigint} base
 * @param {bigint} exponent
 */
function power(base, exponent) {
  let out = 1n;
  for (; exponent > 0n; exponent >>= 1n, base = base * base % p) if (exponent & 1n) out = out * base % p;
  return out;
}

/** @param {any} text */
function coordinate(text) {
  const bytes = base64url(typeof text === 'string' ? text : '');
  if (bytes.length !== 32) throw new Malformed('not 32 bytes');
  return bytes;
}

/**
 * The SHA-256 thumbprint of a key (RFC 7638).
 * @param {PublicKey} key
 */
export function thumbprint(key) {
  const x = toBase64url(key.curve === 'P-256' ? key.raw.subarray(1, 33) : key.raw);
  const text = key.curve === 'P-256' ? `{"crv":"P-256","kty":"EC","x":"${x}","y":"${toBase64url(key.raw.subarray(33))}"}` : `{"crv":"Ed25519","kty":"OKP","x":"${x}"}`;
  return toBase64url(sha256(utf8(text)));
}

/**
 * @param {PublicKey} a
 * @param {PublicKey} c
 */
export const sameKey = (a, c) => a.curve === c.curve && equal(a.raw, c.raw);

/** @param {PublicKey} key */
function imported(key) {
  const algorithm = key.curve === 'P-256' ? { name: 'ECDSA', namedCurve: 'P-256' } : { name: 'Ed25519' };
  key.imported ??= crypto.subtle.importKey('raw', key.raw, algorithm, false, ['verify']);
  return key.imported;
}

/** @type {Promise<boolean>|undefined} */
let ed25519;

/** Whether this browser can check Ed25519. */
export function hasEd25519() {
  ed25519 ??= crypto.subtle.importKey('raw', new Uint8Array(32).fill(1), { name: 'Ed25519' }, false, ['verify']).then(() => true, (e) => e?.name !== 'NotSupportedError' && !(e instanceof TypeError));
  return ed25519;
}

/**
 * Whether a key signed data. A browser without Ed25519 cannot tell: Failure ed25519_missing.
 * @param {PublicKey} key
 * @param {Uint8Array} data
 * @param {Uint8Array} signature r and s, or that of Ed25519: 64 bytes
 * @returns {Promise<boolean>}
 */
export async function signedBy(key, data, signature) {
  if (key.curve === 'Ed25519' && !await hasEd25519()) throw new Failure('unsupported_format', 'ed25519_missing');
  if (signature.length !== 64) return false;
  const algorithm = key.curve === 'P-256' ? { name: 'ECDSA', hash: 'SHA-256' } : { name: 'Ed25519' };
  try {
    return await crypto.subtle.verify(algorithm, await imported(key), signature, data);
  } catch {
    return false; // a key or a signature that is none
  }
}
