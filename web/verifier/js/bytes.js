// Texts and bytes: strict readers of base64, base64url, base58 and UTF-8.

import { Malformed } from './outcome.js';

const plain = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const digits64 = table(plain + '-_');
const digits64plain = table(plain + '+/');
const alphabet58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
const encoder = new TextEncoder();
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const loose = new TextDecoder('utf-8', { ignoreBOM: true });

/** @param {string} alphabet */
function table(alphabet) {
  const t = new Int16Array(128).fill(-1);
  for (let n = 0; n < alphabet.length; n++) t[alphabet.charCodeAt(n)] = n;
  return t;
}

/** @param {string} text */
export const utf8 = (text) => encoder.encode(text);

/**
 * Text of bytes that must be UTF-8.
 * @param {Uint8Array} bytes
 * @returns {string}
 */
export function textOf(bytes) {
  try {
    return strict.decode(bytes);
  } catch {
    throw new Malformed('not UTF-8');
  }
}

/**
 * Text of any bytes; what is not UTF-8 becomes U+FFFD.
 * @param {Uint8Array} bytes
 */
export const looseText = (bytes) => loose.decode(bytes);

/**
 * Reads base64url without padding in its one canonical form; with loose, the last bits may be anything.
 * @param {string} text
 * @param {{loose?: boolean, digits?: Int16Array}} [options]
 * @returns {Uint8Array}
 */
export function base64url(text, { loose = false, digits = digits64 } = {}) {
  if (text.length % 4 === 1) throw new Malformed('not base64url');
  const out = new Uint8Array(Math.floor(text.length * 3 / 4));
  let bits = 0, have = 0, at = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i), digit = code < 128 ? digits[code] : -1;
    if (digit < 0) throw new Malformed('not base64url');
    bits = (bits & 0xff) << 6 | digit;
    have += 6;
    if (have >= 8) {
      have -= 8;
      out[at++] = bits >> have;
      bits &= (1 << have) - 1;
    }
  }
  if (bits !== 0 && !loose) throw new Malformed('not canonical base64url');
  return out;
}

/**
 * Reads base64 with padding, in its one canonical form.
 * @param {string} text
 */
export function base64(text) {
  const short = text.replace(/={1,2}$/, '');
  if (text.length % 4 !== 0) throw new Malformed('not base64');
  return base64url(short, { digits: digits64plain });
}

/** @param {Uint8Array} bytes */
export function toBase64(bytes) {
  let s = '';
  for (let i = 0; i < bytes.length; i += 0x8000) s += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(s);
}

/** @param {Uint8Array} bytes */
export const toBase64url = (bytes) => toBase64(bytes).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');

/**
 * Reads base58-btc.
 * @param {string} text
 */
export function base58(text) {
  /** @type {number[]} */
  const out = []; // least byte first
  let zeros = 0;
  for (const c of text) {
    let carry = alphabet58.indexOf(c);
    if (carry < 0) throw new Malformed('not base58');
    if (carry === 0 && out.length === 0) {
      zeros++;
      continue;
    }
    for (let i = 0; i < out.length; i++) {
      carry += out[i] * 58;
      out[i] = carry & 0xff;
      carry >>= 8;
    }
    for (; carry > 0; carry >>= 8) out.push(carry & 0xff);
  }
  return Uint8Array.from([...new Array(zeros).fill(0), ...out.reverse()]);
}

/** @param {Uint8Array} bytes */
export function hex(bytes) {
  let s = '';
  for (const b of bytes) s += (b < 16 ? '0' : '') + b.toString(16);
  return s;
}

/**
 * @param {Uint8Array} a
 * @param {Uint8Array} b
 */
export function equal(a, b) {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** @param {Uint8Array[]} parts */
export function concat(...parts) {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    out.set(p, at);
    at += p.length;
  }
  return out;
}
