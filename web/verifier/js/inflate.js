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
  const out = await collect(data, format, limit), view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  // Not all say it if something follows the stream. Nothing does if it ends with its last byte; a second part of GZIP
  // would be another length in the end.
  const ends = await collect(data.subarray(0, -1), format, limit).then(() => false, () => true);
  if (!ends || format === 'gzip' && view.getUint32(data.length - 4, true) !== out.length) throw new Malformed('something follows the compressed data');
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
  } catch (error) {
    const e = /** @type {any} */ (error);
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
