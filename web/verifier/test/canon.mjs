// Canonicalises RDF: a list of N-Quads texts on standard input, one line for each: what came of it.

import { readFileSync } from 'node:fs';
import { canonicalize } from '../js/canon.js';
import { TooComplex } from '../js/members.js';
import { line, quote } from '../js/quads.js';
import { say } from './lines.mjs';

const term = String.raw`(<[^>]*>|_:\S+|"(?:[^"\\]|\\.)*"(?:@[a-zA-Z0-9-]+|\^\^<[^>]*>)?)`;
const form = new RegExp(String.raw`^\s*${term}\s*${term}\s*${term}\s*${term}?\s*\.\s*(?:#.*)?$`);
const escapes = { t: '\t', b: '\b', n: '\n', r: '\r', f: '\f', '"': '"', "'": "'", '\\': '\\' };
const plain = (text) => text.replace(/\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))/g, (_, four, eight, one) => (one ? escapes[one] : String.fromCodePoint(parseInt(four ?? eight, 16))));

/** A term as canonical N-Quads write it. */
function written(text) {
  if (text === undefined) return '';
  if (text[0] !== '"') return plain(text);
  const end = text.lastIndexOf('"'), type = plain(text.slice(end + 1));
  return quote(plain(text.slice(1, end))) + (type === '^^<http://www.w3.org/2001/XMLSchema#string>' ? '' : type);
}

function quads(text) {
  const out = new Map();
  for (const one of text.split('\n')) {
    if (/^\s*(#.*)?$/.test(one)) continue;
    const [s, p, o, g] = form.exec(one).slice(1).map(written), q = { s, p, o, g };
    out.set(line(q), q);
  }
  return [...out.values()];
}

for (const text of JSON.parse(readFileSync(0, 'utf8'))) {
  try {
    say({ canonical: canonicalize(quads(text)) });
  } catch (e) {
    if (!(e instanceof TooComplex)) throw e;
    say({ limit: true });
  }
}
