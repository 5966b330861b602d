// What JSON-LD expansion would drop without a word, and what it would take too long over.

import { isObject } from './json.js';

const maxDepth = 32, maxValues = 2_000, contextCost = 50;

/** A document that cannot be signed whole. */
export class Unsigned extends Error {}

/** A document over the limits. */
export class TooComplex extends Error {}

/**
 * Throws Unsigned or TooComplex.
 * @param {Object<string, any>} doc
 */
export function checkMembers(doc) {
  const count = { left: maxValues };
  object(doc, maxDepth, count);
  if (count.left < 0) throw new TooComplex('too many values');
}

/**
 * @param {Object<string, any>} m
 * @param {number} depth
 * @param {{left: number}} count
 */
function object(m, depth, count) {
  for (const name of Object.keys(m)) {
    if (name === '@context') {
      count.left -= contextCost * (Array.isArray(m[name]) ? m[name].length : 1); // contexts stand by address: see shape.js
      continue;
    }
    checkName(name, m);
    value(m[name], depth - 1, count);
  }
}

/**
 * Allows the keywords of plain nodes and values only; the others reshape or drop what they hold.
 * @param {string} name
 * @param {Object<string, any>} m
 */
function checkName(name, m) {
  if (!name.startsWith('@')) return checkText(name);
  if (!['@id', '@type', '@value'].includes(name) && !(name === '@language' && '@value' in m)) throw new Unsigned('a keyword');
}

/**
 * @param {any} v
 * @param {number} depth
 * @param {{left: number}} count
 */
function value(v, depth, count) {
  count.left--;
  if (depth <= 0 || v === null) throw new Unsigned('too deep, or null');
  if (typeof v === 'string') checkText(v);
  else if (typeof v === 'number' && Number.isInteger(v) && !Number.isSafeInteger(v)) throw new Unsigned('a number is not exact');
  else if (isObject(v)) object(v, depth, count);
  else if (Array.isArray(v)) {
    if (v.length === 0) throw new Unsigned('an empty array');
    for (const e of v) value(e, depth - 1, count);
  }
}

/**
 * Refuses control characters: canonicalisers in the field write them in different ways.
 * @param {string} s
 */
function checkText(s) {
  if (/[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/.test(s)) throw new Unsigned('a control character');
}
