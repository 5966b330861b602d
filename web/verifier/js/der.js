// A strict reader of DER (X.690): definite, shortest lengths only.

import { Malformed } from './outcome.js';

/** Tags that are read here. */
export const tags = Object.freeze({ boolean: 1, integer: 2, bits: 3, octets: 4, oid: 6, utf8: 12, sequence: 0x30, set: 0x31,
  numeric: 18, printable: 19, t61: 20, ia5: 22, utcTime: 23, time: 24, bmp: 30 });

/** What is left to read of some bytes. */
export class DER {
  /** @param {Uint8Array} data */
  constructor(data) {
    this.data = data;
    this.at = 0;
  }

  get empty() {
    return this.at >= this.data.length;
  }

  /** The next tag; -1 at the end. */
  get tag() {
    return this.empty ? -1 : this.data[this.at];
  }

  /**
   * Takes the next element, whatever it is.
   * @returns {{tag: number, content: Uint8Array, raw: Uint8Array}}
   */
  any() {
    const start = this.at, { data } = this;
    const tag = data[start];
    let length = data[start + 1], from = start + 2;
    if (tag === undefined || length === undefined || (tag & 31) === 31) throw new Malformed('DER');
    if (length >= 0x80) {
      const size = length & 0x7f;
      if (size === 0 || size > 4 || from + size > data.length) throw new Malformed('DER length');
      length = data.subarray(from, from + size).reduce((n, b) => n * 256 + b, 0);
      if (length < 0x80 || length < 2 ** (8 * (size - 1))) throw new Malformed('DER length');
      from += size;
    }
    if (from + length > data.length) throw new Malformed('DER is cut short');
    this.at = from + length;
    return { tag, content: data.subarray(from, this.at), raw: data.subarray(start, this.at) };
  }

  /** @param {number} tag */
  element(tag) {
    if (this.tag !== tag) throw new Malformed('DER tag');
    return this.any();
  }

  /**
   * The content of the next element, which must have this tag.
   * @param {number} tag
   */
  content(tag) {
    return this.element(tag).content;
  }

  /** @param {number} tag */
  inner(tag) {
    return new DER(this.content(tag));
  }

  /**
   * The content, if the next element has this tag.
   * @param {number} tag
   */
  optional(tag) {
    return this.tag === tag ? this.content(tag) : undefined;
  }

  /** An integer's content, in its shortest form. */
  integer() {
    const c = this.content(tags.integer);
    if (c.length === 0 || c.length > 1 && (c[0] === 0 && c[1] < 0x80 || c[0] === 0xff && c[1] >= 0x80)) throw new Malformed('DER integer');
    return c;
  }

  /** A small integer that is not negative. */
  small() {
    const c = this.integer();
    if (c[0] >= 0x80 || c.length > 4) throw new Malformed('DER integer');
    return c.reduce((n, b) => n * 256 + b, 0);
  }

  boolean() {
    const c = this.content(tags.boolean);
    if (c.length !== 1 || c[0] !== 0 && c[0] !== 0xff) throw new Malformed('DER boolean');
    return c[0] === 0xff;
  }

  /** An object identifier in its dotted form. */
  oid() {
    const c = this.content(tags.oid), out = [];
    if (c.length === 0 || c[c.length - 1] >= 0x80) throw new Malformed('DER object identifier');
    for (let i = 0; i < c.length;) {
      if (c[i] === 0x80) throw new Malformed('DER object identifier');
      let n = 0;
      do n = n * 128 + (c[i] & 0x7f); while (c[i++] >= 0x80);
      if (n > 0x7fffffff) throw new Malformed('DER object identifier');
      out.push(n);
    }
    const first = Math.min(2, Math.floor(out[0] / 40));
    return [first, out[0] - first * 40, ...out.slice(1)].join('.');
  }

  /** The bits of a string: content and how many of its last bits are no part of it. */
  bits() {
    const c = this.content(tags.bits), unused = c[0];
    if (c.length === 0 || unused > 7 || unused > 0 && (c.length === 1 || c[c.length - 1] & (1 << unused) - 1)) throw new Malformed('DER bits');
    return { bytes: c.subarray(1), unused };
  }
}
