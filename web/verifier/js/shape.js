// How a JSON-LD credential may be written. A Data Integrity proof signs statements, not text, and one set of
// statements can be written in many ways: whoever holds a credential could move its status, or some details, to where
// nobody looks, under a good signature. What is read here has one way to be written: by terms, each thing in one place.

import { unsupported } from './outcome.js';
import { isObject, texts } from './json.js';

const maxContexts = 10, credentialsV2 = 'https://www.w3.org/ns/credentials/v2';

/** What marks a status list (Bitstring Status List 1.0 §2.2). */
export const listType = 'BitstringStatusListCredential';

/**
 * Refuses what could say the same in another place; throws Failure.
 * @param {Object<string, any>} doc
 */
export function checkShape(doc) {
  const contexts = texts(doc['@context']);
  if (contexts[0] !== credentialsV2 || contexts.length > maxContexts) throw unsupported('not_data_model_2');
  const shape = new Shape();
  for (const name of Object.keys(doc)) if (name !== '@context' && name !== 'proof') shape.member(name, doc[name]);
  if (shape.bad || !shape.oncePlaced(doc)) throw unsupported('could_hide');
}

/** What a document is made of. */
class Shape {
  constructor() {
    this.bad = false;
    /** @type {Map<string, number>} objects that have this id */
    this.ids = new Map();
    /** @type {Set<string>} other strings */
    this.texts = new Set();
  }

  /**
   * @param {string} name
   * @param {any} v
   */
  member(name, v) {
    if (/[:@]/.test(name) || name === '__proto__') {
      this.bad = true;
    } else if (name === 'id') {
      if (typeof v !== 'string' || v.startsWith('_:')) this.bad = true;
      else this.ids.set(v, (this.ids.get(v) ?? 0) + 1);
    } else if (name === 'type') {
      const list = texts(v);
      if (list.length === 0 || list.some((t) => /[:@]/.test(t))) this.bad = true;
    } else {
      this.value(v);
    }
  }

  /** @param {any} v */
  value(v) {
    if (typeof v === 'string') this.texts.add(v);
    else if (isObject(v)) for (const name of Object.keys(v)) this.member(name, v[name]);
    else if (Array.isArray(v)) {
      for (const e of v) {
        if (Array.isArray(e)) this.bad = true;
        if (this.bad) return;
        this.value(e);
      }
    }
  }

  /**
   * Whether no node is written in two objects, or in one place and named in another. The subject may be named
   * elsewhere (an issuer that vouches for itself), for it is read only where it is an object.
   * @param {Object<string, any>} doc
   */
  oncePlaced(doc) {
    const subject = isObject(doc.credentialSubject) ? doc.credentialSubject.id : undefined;
    return [...this.ids].every(([id, n]) => n === 1 && (id === subject || !this.texts.has(id)));
  }
}
