// Strict JSON: no member twice, nothing after the value, bounded depth, exact UTF-8.

import { Malformed } from './outcome.js';
import { textOf } from './bytes.js';

const maxDepth = 32;
const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const plainText = /[^"\\\u0000-\u001f]*/y;
/** @type {Readonly<Object<string, string>>} */
const escapes = { '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

/** Reader of one JSON text. Objects have no prototype, so that no name means anything. */
class Reader {
  /** @param {string} text */
  constructor(text) {
    this.text = text;
    this.at = 0;
  }

  fail() {
    return new Malformed('JSON is broken, cut short, too deep, or has a member twice');
  }

  space() {
    for (;;) {
      const c = this.text.charCodeAt(this.at);
      if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) return;
      this.at++;
    }
  }

  /**
   * The next sign that is no space, not taken.
   * @returns {string}
   */
  peek() {
    this.space();
    return this.text[this.at] ?? '';
  }

  /** @param {string} sign */
  take(sign) {
    if (this.peek() !== sign) throw this.fail();
    this.at++;
  }

  /**
   * @param {number} depth
   * @returns {any}
   */
  value(depth) {
    const c = this.peek();
    if (depth === 0) throw this.fail();
    switch (c) {
      case '{': return this.object(depth - 1);
      case '[': return this.array(depth - 1);
      case '"': return this.string();
      case 't': return this.word('true', true);
      case 'f': return this.word('false', false);
      case 'n': return this.word('null', null);
    }
    number.lastIndex = this.at;
    const found = number.exec(this.text);
    const n = Number(found?.[0] ?? NaN);
    if (!Number.isFinite(n)) throw this.fail();
    this.at = number.lastIndex;
    return n;
  }

  /**
   * @param {string} word
   * @param {any} value
   */
  word(word, value) {
    if (!this.text.startsWith(word, this.at)) throw this.fail();
    this.at += word.length;
    return value;
  }

  /** @param {number} depth */
  object(depth) {
    const out = Object.create(null);
    this.take('{');
    for (let first = true; this.peek() !== '}'; first = false) {
      if (!first) this.take(',');
      if (this.peek() !== '"') throw this.fail();
      const name = this.string();
      this.take(':');
      if (name in out) throw this.fail();
      out[name] = this.value(depth);
    }
    this.take('}');
    return out;
  }

  /** @param {number} depth */
  array(depth) {
    const out = [];
    this.take('[');
    for (let first = true; this.peek() !== ']'; first = false) {
      if (!first) this.take(',');
      out.push(this.value(depth));
    }
    this.take(']');
    return out;
  }

  string() {
    let out = '';
    this.at++;
    for (;;) {
      plainText.lastIndex = this.at;
      out += plainText.exec(this.text)?.[0] ?? '';
      this.at = plainText.lastIndex;
      const c = this.text[this.at++];
      if (c === '"') return out.replace(/\p{Surrogate}/gu, '\ufffd');
      if (c !== '\\') throw this.fail();
      out += this.escape();
    }
  }

  escape() {
    const c = this.text[this.at++];
    if (c === 'u') {
      const digits = this.text.slice(this.at, this.at + 4);
      if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw this.fail();
      this.at += 4;
      return String.fromCharCode(parseInt(digits, 16));
    }
    const plain = escapes[c];
    if (plain === undefined) throw this.fail();
    return plain;
  }
}

/**
 * Reads one JSON value.
 * @param {string|Uint8Array} data
 * @returns {any}
 */
export function decodeValue(data) {
  const r = new Reader(typeof data === 'string' ? data : textOf(data));
  const v = r.value(maxDepth);
  if (r.peek() !== '') throw r.fail();
  return v;
}

/**
 * Reads one JSON object.
 * @param {string|Uint8Array} data
 * @returns {Object<string, any>}
 */
export function decodeObject(data) {
  const v = decodeValue(data);
  if (!isObject(v)) throw new Malformed('not a JSON object');
  return v;
}

/** @param {any} v */
export const isObject = (v) => typeof v === 'object' && v !== null && !Array.isArray(v);

/**
 * A string, or an array of strings, as a list; nothing else.
 * @param {any} v
 * @returns {string[]}
 */
export function texts(v) {
  const list = typeof v === 'string' ? [v] : v;
  return Array.isArray(list) && list.every((e) => typeof e === 'string') ? list : [];
}

/**
 * The same value: members in any order.
 * @param {any} a
 * @param {any} b
 * @returns {boolean}
 */
export function same(a, b) {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return Object.is(a, b) || a === b;
  const names = Object.keys(a);
  return Array.isArray(a) === Array.isArray(b) && names.length === Object.keys(b).length
    && names.every((n) => Object.hasOwn(b, n) && same(a[n], b[n]));
}
