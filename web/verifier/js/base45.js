// Base45 (RFC 9285), the alphanumeric mode of QR codes.

import { Malformed } from './outcome.js';

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';

/**
 * Reads Base45. Where the last signs are only a part of a group, whole is false: the end is missing.
 * @param {string} text
 * @returns {{data: Uint8Array, whole: boolean}}
 */
export function base45(text) {
  let whole = text.length % 3 !== 1;
  const out = [], signs = whole ? text : text.slice(0, -1);
  for (let at = 0; at < signs.length; at += 3) {
    const digits = [...signs.slice(at, at + 3)].map((c) => alphabet.indexOf(c));
    const n = digits.reduceRight((sum, d) => sum * 45 + d, 0);
    if (digits.includes(-1) || digits.length === 3 && n > 0xffff) throw new Malformed('not Base45'); // RFC 9285 §6: no such group is written
    if (digits.length === 3) out.push(n >> 8, n & 255);
    else if (n < 256) out.push(n);
    else whole = false;
  }
  return { data: Uint8Array.from(out), whole };
}

/**
 * Whether a text has no other signs.
 * @param {string} text
 */
export const isBase45 = (text) => /^[0-9A-Z $%*+\-./:]+$/.test(text);
