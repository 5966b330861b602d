// SHA-256 (FIPS 180-4) without waiting: thousands of short texts are hashed for one
// JSON-LD document, and crypto.subtle answers each of them later. For long ones it is used.

import { hex, utf8 } from './bytes.js';

const K = constants();

/** The first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
function constants() {
  const out = new Int32Array(64);
  for (let n = 2, found = 0; found < 64; n++) {
    let prime = true;
    for (let d = 2; d * d <= n && prime; d++) prime = n % d !== 0;
    if (prime) out[found++] = fraction(n);
  }
  return out;
}

/**
 * 32 bits of the fraction of a cube root, found without rounding.
 * @param {number} prime
 */
function fraction(prime) {
  const target = BigInt(prime) << 96n;
  let low = 0n, high = 8n << 32n;
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle * middle * middle <= target) low = middle;
    else high = middle;
  }
  return Number(BigInt.asIntN(32, low));
}

/**
 * @param {Int32Array} h
 * @param {DataView} view
 * @param {number} offset
 * @param {Int32Array} w
 */
function block(h, view, offset, w) {
  for (let i = 0; i < 16; i++) w[i] = view.getInt32(offset + i * 4);
  for (let i = 16; i < 64; i++) {
    const x = w[i - 15], y = w[i - 2];
    const s0 = (x >>> 7 | x << 25) ^ (x >>> 18 | x << 14) ^ x >>> 3;
    const s1 = (y >>> 17 | y << 15) ^ (y >>> 19 | y << 13) ^ y >>> 10;
    w[i] = w[i - 16] + s0 + w[i - 7] + s1 | 0;
  }
  let [a, b, c, d, e, f, g, k] = h;
  for (let i = 0; i < 64; i++) {
    const S1 = (e >>> 6 | e << 26) ^ (e >>> 11 | e << 21) ^ (e >>> 25 | e << 7);
    const t1 = k + S1 + (e & f ^ ~e & g) + K[i] + w[i] | 0;
    const S0 = (a >>> 2 | a << 30) ^ (a >>> 13 | a << 19) ^ (a >>> 22 | a << 10);
    const t2 = S0 + (a & b ^ a & c ^ b & c) | 0;
    k = g; g = f; f = e; e = d + t1 | 0; d = c; c = b; b = a; a = t1 + t2 | 0;
  }
  h[0] += a; h[1] += b; h[2] += c; h[3] += d; h[4] += e; h[5] += f; h[6] += g; h[7] += k;
}

/**
 * @param {Uint8Array} data
 * @returns {Uint8Array}
 */
export function sha256(data) {
  const padded = new Uint8Array((data.length + 72 >> 6) << 6);
  padded.set(data);
  padded[data.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 8, Math.floor(data.length / 0x20000000));
  view.setUint32(padded.length - 4, data.length << 3);
  const h = Int32Array.of(0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19);
  const w = new Int32Array(64);
  for (let i = 0; i < padded.length; i += 64) block(h, view, i, w);
  const out = new DataView(new ArrayBuffer(32));
  h.forEach((v, i) => out.setInt32(i * 4, v));
  return new Uint8Array(out.buffer);
}

/** @param {string} text */
export const sha256hex = (text) => hex(sha256(utf8(text)));

/**
 * The same for much data, in hex.
 * @param {Uint8Array} data
 */
export async function digestHex(data) {
  return hex(new Uint8Array(await crypto.subtle.digest('SHA-256', data)));
}
