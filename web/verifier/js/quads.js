// RDF statements of a JSON-LD node map (JSON-LD-API 1.1 §8.1). Unlike that algorithm, which skips what is relative, it
// refuses it.

import { isObject } from './json.js';
import { Unsigned } from './members.js';

/**
 * @typedef {{s: string, p: string, o: string, g: string}} Quad its terms are written as in N-Quads; g is empty for the default graph
 */

const rdf = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#', xsd = 'http://www.w3.org/2001/XMLSchema#';
const absoluteIRI = /^[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>"{}|\\^`\x7f]*$/;
const languageTag = /^[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*$/;
/** @type {Readonly<Object<string, string>>} */
const escapes = Object.freeze({ '\b': '\\b', '\t': '\\t', '\n': '\\n', '\f': '\\f', '\r': '\\r', '"': '\\"', '\\': '\\\\' });

/**
 * @param {Object<string, Object<string, Object<string, any>>>} graphs
 * @returns {Quad[]} each once
 */
export function quadsOf(graphs) {
  const c = new Converter();
  for (const name of Object.keys(graphs)) {
    const g = name === '@default' ? '' : resource(name);
    for (const id of Object.keys(graphs[name])) c.node(resource(id), graphs[name][id], g);
  }
  return [...c.quads.values()];
}

/**
 * An absolute IRI or a blank node.
 * @param {any} id
 */
function resource(id) {
  if (typeof id === 'string' && id.startsWith('_:')) return id;
  if (typeof id !== 'string' || !absoluteIRI.test(id)) throw new Unsigned('not an absolute IRI');
  return `<${id}>`;
}

/** @param {string} property */
function predicate(property) {
  if (property === '@type') return `<${rdf}type>`;
  if (property.startsWith('_:')) throw new Unsigned('a blank node cannot be a property');
  return resource(property);
}

class Converter {
  constructor() {
    /** @type {Map<string, Quad>} */
    this.quads = new Map();
    this.lists = 0;
  }

  /** @param {Quad} q */
  add(q) {
    this.quads.set(line(q), q);
  }

  /**
   * @param {string} s
   * @param {Object<string, any>} node
   * @param {string} g
   */
  node(s, node, g) {
    for (const property of Object.keys(node)) {
      if (property === '@id') continue;
      const p = predicate(property);
      for (const v of node[property]) this.add({ s, p, o: this.object(v, g), g });
    }
  }

  /**
   * @param {any} v
   * @param {string} g
   */
  object(v, g) {
    if (typeof v === 'string') return resource(v);
    if (!isObject(v)) throw new Unsigned('neither a node nor a literal');
    if ('@value' in v) return literal(v);
    return Array.isArray(v['@list']) ? this.list(v['@list'], g) : resource(v['@id']);
  }

  /**
   * Writes a list as a chain of first and rest, and gives its head.
   * @param {any[]} items
   * @param {string} g
   */
  list(items, g) {
    let head = `<${rdf}nil>`;
    for (const item of [...items].reverse()) {
      const o = this.object(item, g), cell = `_:list${++this.lists}`;
      this.add({ s: cell, p: `<${rdf}first>`, o, g });
      this.add({ s: cell, p: `<${rdf}rest>`, o: head, g });
      head = cell;
    }
    return head;
  }
}

/** @param {Quad} q */
export const line = (q) => `${q.s} ${q.p} ${q.o}${q.g === '' ? '' : ' ' + q.g} .\n`;

/** @param {Object<string, any>} m a value object (JSON-LD-API 1.1 §8.2.2) */
function literal(m) {
  const kind = typeof m['@type'] === 'string' ? m['@type'] : '', language = typeof m['@language'] === 'string' ? m['@language'] : '';
  if (kind === '@json' || (m['@direction'] ?? null) !== null) throw new Unsigned('JSON literals and base directions');
  const [text, natural] = lexical(m['@value'], kind);
  if (language !== '') {
    if (natural !== 'string' || !languageTag.test(language)) throw new Unsigned('language');
    return `${quote(text)}@${language}`;
  }
  const type = kind === '' ? xsd + natural : kind;
  return type === xsd + 'string' ? quote(text) : `${quote(text)}^^${resource(type)}`;
}

/**
 * The text of a JSON value and the XSD type that it has by nature.
 * @param {any} v
 * @param {string} kind
 */
function lexical(v, kind) {
  if (typeof v === 'string') return [v, 'string'];
  if (typeof v === 'boolean') return [String(v), 'boolean'];
  if (typeof v !== 'number') throw new Unsigned('not a string, number or boolean');
  if (Number.isInteger(v) && Math.abs(v) < 2 ** 63 && kind !== xsd + 'double') return [v.toFixed(0).replace(/^-0$/, '0'), 'integer'];
  return [v.toExponential(15).replace(/(\d)0*e\+?/, '$1E'), 'double'];
}

/** @param {string} s */
export function quote(s) {
  return '"' + s.replace(/[\x00-\x1f"\\\x7f]/g, (c) => escapes[c] ?? '\\u' + c.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')) + '"';
}
