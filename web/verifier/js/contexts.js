// What a JSON-LD context of a bundle must be.

import { Malformed } from './outcome.js';
import { isObject } from './json.js';

const absoluteIRI = /^[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>"{}|\\^`\x7f]*$/;

/**
 * A context stands under an absolute address, has an object @context, and names no other context. Malformed.
 * @param {string} iri
 * @param {string} document
 */
export function checkContext(iri, document) {
  let parsed;
  try {
    parsed = JSON.parse(document);
  } catch {
    // checked below
  }
  if (!absoluteIRI.test(iri) || !isObject(parsed) || !isObject(parsed['@context']) || namesContext(parsed)) throw new Malformed('a context that is not usable');
}

/**
 * @param {any} v
 * @returns {boolean}
 */
function namesContext(v) {
  if (Array.isArray(v)) return v.some(namesContext);
  return isObject(v) && Object.keys(v).some((name) => name === '@import' || name === '@context' && hasString(v[name]) || namesContext(v[name]));
}

/**
 * @param {any} v
 * @returns {boolean}
 */
const hasString = (v) => (Array.isArray(v) ? v.some(hasString) : typeof v === 'string');
