// Inflating with a limit, by the browser's DecompressionStream.

import { Incomplete, Malformed } from './outcome.js';

/**
 * Inflates a whole stream of ZLIB ("deflate") or GZIP ("gzip"). Malformed if it is broken, gives more than limit
 * bytes, or if something follows it; Incomplete if its end is missing.
 * @param {Uint8Array} data
 * @param {'deflate'|'gzip'} format
 * @param {number} limit
 * @returns {Promise<Uint8Array>}
 */
export async function inflate(data, format, limit) {
  const out = await collect(data, format, limit);
  if (!endsWithItsSum(data, out, format)) throw new Malformed('something follows the compressed data');
  return out;
}

/**
 * @param {Uint8Array} data
 * @param {'deflate'|'gzip'} format
 * @param {number} limit
 */
async function collect(data, format, limit) {
  const stream = new DecompressionStream(format);
  const writer = stream.writable.getWriter(), reader = stream.readable.getReader();
  let closing = false;
  // Given in pieces, so that a small bomb cannot make much before it is stopped.
  const feed = (async () => {
    for (let at = 0; at < data.length; at += 0x4000) await writer.write(data.subarray(at, at + 0x4000));
    closing = true;
    await writer.close();
  })();
  feed.catch(() => {}); // the reader says it too
  const parts = [];
  let size = 0;
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      size += value.length;
      if (size > limit) throw new Malformed('too large');
      parts.push(value);
    }
    await feed;
  } catch (e) {
    reader.cancel().catch(() => {});
    writer.abort().catch(() => {});
    // What is broken fails where it is written; what is cut short, at the end. Node.js says it by a code.
    const cut = e.code === undefined ? closing && !(e instanceof Malformed) : e.code === 'Z_BUF_ERROR';
    throw cut ? new Incomplete('its end is missing') : new Malformed('compressed data is broken, or too large');
  }
  const out = new Uint8Array(size);
  parts.reduce((at, part) => (out.set(part, at), at + part.length), 0);
  return out;
}

/**
 * Browsers differ in what they do with bytes after the stream. It ends with a sum of what it gives.
 * @param {Uint8Array} data
 * @param {Uint8Array} out
 * @param {string} format
 */
function endsWithItsSum(data, out, format) {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (format === 'deflate') return data.length > 5 && view.getUint32(data.length - 4) === adler32(out);
  return data.length > 17 && view.getUint32(data.length - 4, true) === out.length >>> 0 && view.getUint32(data.length - 8, true) === crc32(out);
}

/** @param {Uint8Array} data */
function adler32(data) {
  let a = 1, b = 0;
  for (let at = 0; at < data.length;) {
    for (const end = Math.min(at + 3800, data.length); at < end; at++) {
      a += data[at];
      b += a;
    }
    a %= 65521;
    b %= 65521;
  }
  return (b << 16 | a) >>> 0;
}

/** @param {Uint8Array} data */
function crc32(data) {
  const table = new Int32Array(256).map((_, n) => {
    for (let k = 0; k < 8; k++) n = n & 1 ? n >>> 1 ^ 0xedb88320 : n >>> 1;
    return n;
  });
  let sum = -1;
  for (let i = 0; i < data.length; i++) sum = sum >>> 8 ^ table[(sum ^ data[i]) & 0xff];
  return ~sum >>> 0;
}
