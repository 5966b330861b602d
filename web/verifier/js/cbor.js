// A bounded reader of CBOR (RFC 8949): no member twice, indefinite lengths and tags only where they are allowed.

import { Incomplete, Malformed } from './outcome.js';
import { concat, equal, textOf } from './bytes.js';

/** A tag and what it holds; raw are all bytes of it. */
export class Tag {
  /**
   * @param {number|bigint} number
   * @param {any} value
   * @param {Uint8Array} raw
   */
  constructor(number, value, raw) {
    this.number = number;
    this.value = value;
    this.raw = raw;
  }
}

/** null, undefined and the other simple values that are no boolean. */
export class Simple {
  /** @param {number} number */
  constructor(number) {
    this.number = number;
  }
}

/** A float, also one of a whole number: 4.0 is not the integer 4 (RFC 8949 §2). */
export class Float {
  /** @param {number} value */
  constructor(value) {
    this.value = value;
  }
}

/**
 * @typedef {{depth: number, width: number, indefinite?: boolean, noTags?: boolean}} Limits
 * How deep arrays, maps and tags may be nested, how many members one may have, and what is allowed.
 */

const bytesType = 2, textType = 3, arrayType = 4, mapType = 5, tagType = 6, simpleType = 7;

class Reader {
  /**
   * @param {Uint8Array} data
   * @param {Limits} limits
   */
  constructor(data, limits) {
    this.data = data;
    this.view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    this.limits = limits;
    this.at = 0;
  }

  /**
   * Reads the head of an item.
   * @returns {{type: number, info: number, value: number|bigint}}
   */
  head() {
    if (this.at >= this.data.length) throw new Incomplete('CBOR is cut short');
    const first = this.data[this.at++], type = first >> 5, info = first & 31;
    if (info < 24) return { type, info, value: info };
    if (info === 31 && this.limits.indefinite && type > 1 && type < 6) return { type, info, value: 0 };
    if (info > 27) throw new Malformed('indefinite or reserved length');
    const size = 1 << info - 24, at = this.at;
    if (this.data.length - at < size) throw new Incomplete('CBOR is cut short');
    this.at += size;
    const value = size === 1 ? this.data[at] : size === 2 ? this.view.getUint16(at) : size === 4 ? this.view.getUint32(at) : this.big(at);
    if (type === simpleType && info === 24 && value < 32) throw new Malformed('simple value');
    return { type, info, value };
  }

  /** @param {number} at */
  big(at) {
    const n = this.view.getBigUint64(at);
    return n <= Number.MAX_SAFE_INTEGER ? Number(n) : n;
  }

  /**
   * Passes one item over and checks its form and the limits, before anything is made of it.
   * @param {number} depth
   * @param {boolean} [tagged] a tag stands before it, which alone makes it no deeper
   */
  skip(depth, tagged = false) {
    const { type, info, value } = this.head();
    if (type === arrayType || type === mapType) this.hold(depth, value);
    if (info === 31) return this.skipIndefinite(type, depth);
    switch (type) {
      case bytesType:
      case textType:
        if (value >= 2 ** 63) throw new Malformed('a length that nothing has');
        if (value > this.data.length - this.at) throw new Incomplete('CBOR is cut short');
        this.at += Number(value);
        return;
      case arrayType:
      case mapType:
        for (let n = Number(value) * (type === mapType ? 2 : 1); n > 0; n--) this.skip(depth + 1);
        return;
      case tagType:
        if (this.limits.noTags) throw new Malformed('a tag');
        if (tagged) this.hold(depth, 0);
        this.skip(tagged ? depth + 1 : depth, true);
    }
  }

  /**
   * @param {number} depth
   * @param {number|bigint} width
   */
  hold(depth, width) {
    if (depth >= this.limits.depth || width > this.limits.width) throw new Malformed('too deep or too wide');
  }

  /** Whether an item of no length ends here; its end is taken. */
  ends() {
    if (this.at >= this.data.length) throw new Incomplete('CBOR is cut short');
    if (this.data[this.at] !== 0xff) return false;
    this.at++;
    return true;
  }

  /**
   * @param {number} type
   * @param {number} depth
   */
  skipIndefinite(type, depth) {
    const pieces = type === bytesType || type === textType;
    for (let n = 0; !this.ends(); n++) {
      const first = this.data[this.at];
      if (pieces && (first >> 5 !== type || (first & 31) === 31) || n >= this.limits.width && !pieces) throw new Malformed('an item of no length');
      this.skip(pieces ? depth : depth + 1);
      if (type === mapType) this.skip(depth + 1);
    }
  }

  /** @returns {any} */
  value() {
    const start = this.at, { type, info, value } = this.head();
    if (info === 31) return this.indefinite(type);
    switch (type) {
      case 0: return value;
      case 1: return typeof value === 'bigint' ? -1n - value : -1 - value;
      case bytesType: return this.bytes(Number(value));
      case textType: return textOf(this.bytes(Number(value)));
      case arrayType: return Array.from({ length: Number(value) }, () => this.value());
      case mapType: return this.map(Number(value));
      case tagType: {
        const inner = this.value();
        return new Tag(value, inner, this.data.subarray(start, this.at));
      }
    }
    return this.simple(info, Number(value));
  }

  /** @param {number} length */
  bytes(length) {
    this.at += length;
    return this.data.subarray(this.at - length, this.at);
  }

  /** @param {number} pairs */
  map(pairs) {
    const out = new Map();
    for (; pairs > 0; pairs--) this.member(out);
    return out;
  }

  /** @param {Map<any, any>} out */
  member(out) {
    const key = this.value();
    const odd = key instanceof Float || key instanceof Simple || key instanceof Uint8Array; // no reader looks for such a name, but it may stand once
    if (typeof key === 'object' && !odd || out.has(key) || odd && [...out.keys()].some((k) => sameOdd(k, key))) throw new Malformed('a member stands twice, or has no name');
    out.set(key, this.value());
  }

  /** @param {number} type */
  indefinite(type) {
    if (type === mapType) {
      const out = new Map();
      while (!this.ends()) this.member(out);
      return out;
    }
    const parts = [];
    while (!this.ends()) parts.push(this.value());
    if (type === arrayType) return parts;
    return type === textType ? parts.join('') : concat(...parts);
  }

  /**
   * @param {number} info
   * @param {number} value
   */
  simple(info, value) {
    if (info === 25) return new Float(half(value));
    if (info === 26) return new Float(this.view.getFloat32(this.at - 4));
    if (info === 27) return new Float(this.view.getFloat64(this.at - 8));
    if (value === 20 || value === 21) return value === 21;
    return new Simple(value);
  }
}

/**
 * @param {any} a
 * @param {Float|Simple|Uint8Array} b
 */
function sameOdd(a, b) {
  if (b instanceof Uint8Array) return a instanceof Uint8Array && equal(a, b);
  if (b instanceof Float) return a instanceof Float && a.value === b.value;
  return a instanceof Simple && (a.number === b.number || isNull(a) && isNull(b));
}

/**
 * A float of 16 bits.
 * @param {number} bits
 */
function half(bits) {
  const exponent = bits >> 10 & 31, mantissa = bits & 1023;
  const size = exponent === 0 ? mantissa * 2 ** -24 : exponent === 31 ? (mantissa ? NaN : Infinity) : (1024 + mantissa) * 2 ** (exponent - 25);
  return bits & 0x8000 ? -size : size;
}

/**
 * Reads one value; nothing may follow it. Integers are numbers, or bigint beyond 2^53; floats are Float, maps Map. Malformed, or
 * Incomplete if its end is missing.
 * @param {Uint8Array} data
 * @param {Limits} limits
 * @returns {any}
 */
export function decode(data, limits) {
  const r = new Reader(data, limits);
  if (data.length === 0) throw new Malformed('nothing to read');
  r.skip(0);
  if (r.at !== data.length) throw new Malformed('something follows the value');
  r.at = 0;
  return r.value();
}

/** @param {any} v */
export const isNull = (v) => v === undefined || v instanceof Simple && (v.number === 22 || v.number === 23);

/**
 * The map, if all of its members are texts among names; else Malformed.
 * @param {any} v
 * @param {string[]} [names]
 * @returns {Map<string, any>}
 */
export function textMap(v, names) {
  if (!(v instanceof Map)) throw new Malformed('not a map');
  for (const name of v.keys()) if (typeof name !== 'string' || names && !names.includes(name)) throw new Malformed('a member that is not known');
  return v;
}

/**
 * A byte string, for what is signed (RFC 9052 §4.4).
 * @param {Uint8Array} content
 */
export function byteString(content) {
  const n = content.length, major = bytesType << 5;
  const head = n < 24 ? [major | n] : n < 256 ? [major | 24, n] : n < 65536 ? [major | 25, n >> 8, n & 255]
    : [major | 26, n >>> 24, n >> 16 & 255, n >> 8 & 255, n & 255];
  const out = new Uint8Array(head.length + n);
  out.set(head);
  out.set(content, head.length);
  return out;
}
