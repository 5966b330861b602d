// Compares what is read in a JSON-LD credential with what is signed: as many statements in all, of each thing that is
// looked at, and about the person, as there are members that say it. It finds what the shape does not: a context with a
// second term for the same address.

import { isObject, texts } from './json.js';
import { listType } from './shape.js';

const vocabulary = 'https://www.w3.org/2018/credentials#';
const listClass = `<https://www.w3.org/ns/credentials/status#${listType}>`;
const rdfType = '<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>';

/**
 * @param {Object<string, any>} doc
 * @param {string} lines its canonical N-Quads, its proof left out
 * @returns {boolean}
 */
export function saysWhatIsRead(doc, lines) {
  const all = lines.split('\n').filter((l) => l !== '').map(statement);
  if (all.length !== everything(doc)) return false;
  const count = (/** @type {string} */ predicate) => all.filter((s) => s.predicate === predicate).length;
  for (const name of ['credentialStatus', 'credentialSubject', 'issuer', 'validFrom', 'validUntil']) {
    if (count(`<${vocabulary}${name}>`) !== written(doc[name])) return false;
  }
  const isList = texts(doc.type).includes(listType);
  return all.every((s) => {
    if (s.predicate === `<${vocabulary}credentialSubject>`) return all.filter((o) => o.subject === s.object).length === direct(doc.credentialSubject);
    return isList || s.predicate !== rdfType || s.object !== listClass;
  });
}

/** @param {string} line */
function statement(line) {
  const short = line.replace(/ \.$/, ''), first = short.indexOf(' '), second = short.indexOf(' ', first + 1); // neither of the first two has a space
  return { subject: short.slice(0, first), predicate: short.slice(first + 1, second), object: short.slice(second + 1) };
}

/**
 * The statements that a member makes.
 * @param {any} v
 */
function written(v) {
  if (v === undefined || v === null) return 0;
  return Array.isArray(v) ? v.length : 1;
}

/**
 * The statements that the members of an object make.
 * @param {any} m
 */
function direct(m) {
  if (!isObject(m)) return 0;
  return Object.keys(m).reduce((n, name) => n + (['@context', 'proof', 'id'].includes(name) ? 0 : written(m[name])), 0);
}

/**
 * Those, and the ones that the objects in it make.
 * @param {any} m
 * @returns {number}
 */
function everything(m) {
  if (!isObject(m)) return 0;
  let n = direct(m);
  for (const name of Object.keys(m)) {
    if (name === '@context' || name === 'proof') continue;
    for (const e of Array.isArray(m[name]) ? m[name] : [m[name]]) n += everything(e);
  }
  return n;
}
