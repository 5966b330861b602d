// A bundle made ready: keys parsed, anchors and contexts checked.

import { Failure, Malformed } from './outcome.js';
import { base64url, toBase64, utf8 } from './bytes.js';
import { checkContext } from './contexts.js';
import { digestHex } from './sha256.js';
import { parseJWK, sameKey, thumbprint } from './keys.js';
import { leadsTo, parseAnchors, signsDocuments } from './x509.js';

/**
 * @typedef {Object} Key a public key of an issuer with the window in which it signs
 * @property {string} kid
 * @property {string} method
 * @property {string} alg
 * @property {number} notBefore
 * @property {number} notAfter
 * @property {number|null} revokedAt
 * @property {string[]} certificates DER in base64: those that others' CAs made for it
 * @property {string} coseKid its name in paper codes, in base64url
 * @property {import('./keys.js').PublicKey} public
 * @property {Issuer} issuer
 */

/**
 * @typedef {Object} Issuer
 * @property {string} id
 * @property {string} url
 * @property {Object<string, string>} names
 * @property {import('./x509.js').Certificate[]} anchors
 * @property {string} source the registry that it was merged from; "": the one that signed the bundle
 */

const maxCoseKid = 64; // bytes
const unusable = (/** @type {string} */ why) => new Malformed('the trust bundle cannot be used: ' + why);

/**
 * The registry's own issuers first, then those of merged ones.
 * @param {import('./bundle.js').BundleIssuer} a
 * @param {import('./bundle.js').BundleIssuer} b
 */
const ownFirst = (a, b) => (a.source < b.source ? -1 : a.source > b.source ? 1 : 0);

/** All that a verifier trusts. */
export class Trust {
  /**
   * @param {import('./bundle.js').Payload} payload
   */
  constructor(payload) {
    /** @type {Key[]} */
    this.keys = [];
    /** @type {Issuer[]} */
    this.issuers = [];
    /** @type {Set<string>} What issuers are called: ids and URLs. */
    this.names = new Set();
    /** @type {Map<string, import('./bundle.js').List>} */
    this.status = new Map();
    this.types = payload.types;
    this.contexts = payload.contexts;
    this.notAfter = payload.notAfter;
    /** What was worked out of the lists; see lists.js. */
    this.lists = new Map();
    for (const i of [...payload.issuers].sort(ownFirst)) this.addIssuer(i);
    for (const s of payload.status) {
      if (this.status.has(s.uri) || s.uri === '') throw unusable('a status list stands twice, or has no address');
      this.status.set(s.uri, s);
    }
  }

  /** Holds every context to its hash and its form, and every list to its hash. */
  async check() {
    for (const s of this.status.values()) {
      if (s.token !== '' && s.sha256 !== '' && await digestHex(utf8(s.token)) !== s.sha256) throw unusable('a status list has another hash than it says');
    }
    for (const [iri, c] of this.contexts) {
      checkContext(iri, c.document);
      if (await digestHex(utf8(c.document)) !== c.sha256) throw unusable('a context has another hash than it says');
    }
  }

  /** @param {import('./bundle.js').BundleIssuer} i */
  addIssuer(i) {
    if (i.id === '' || this.knows(i.id) || this.knows(i.url)) throw unusable('an issuer has no id, or the name of another');
    const issuer = { id: i.id, url: i.url, names: i.names, anchors: parseAnchors(i.anchors), source: i.source };
    this.issuers.push(issuer);
    this.names.add(i.id).add(i.url);
    for (const k of i.keys) {
      const key = parseJWK(k.jwk);
      if (k.kid === '' || key.alg !== k.alg || !(k.notAfter > k.notBefore)) throw unusable('a key has no name, no window or another algorithm');
      if (k.method !== '' && !k.method.startsWith(i.id + '#')) throw unusable('a key has a method of another DID');
      if (base64url(k.coseKid).length > maxCoseKid) throw unusable('the cose_kid of a key is too long');
      const x5c = Array.isArray(k.jwk.x5c) && typeof k.jwk.x5c[0] === 'string' ? [k.jwk.x5c[0]] : [];
      this.keys.push({ kid: k.kid, method: k.method, alg: k.alg, notBefore: k.notBefore, notAfter: k.notAfter, revokedAt: k.revokedAt,
        certificates: [...x5c, ...k.certificates], coseKid: k.coseKid, public: key, issuer });
    }
  }

  /** @param {string} name */
  knows(name) {
    return name !== '' && this.names.has(name);
  }

  /**
   * Whether a text names one of our keys as a JSON string, however broken it is.
   * @param {string} text
   */
  mentions(text) {
    const methods = new Set(this.keys.map((k) => k.method).filter((m) => m !== ''));
    return text.split('"').slice(1, -1).some((part) => methods.has(part));
  }

  /**
   * The keys that a credential may mean: those of its issuer with that name, else those of anybody with that name.
   * Without a name it is every key of the issuer.
   * @param {string} issuer
   * @param {string} name
   */
  find(issuer, name) {
    const named = (/** @type {Key} */ k) => name !== '' && (name === k.kid || name === k.method);
    const own = this.keys.filter((k) => is(k.issuer, issuer) && (named(k) || name === ''));
    return own.length > 0 ? own : this.keys.filter((k) => named(k));
  }

  /** @param {import('./credential.js').Credential} c */
  candidates(c) {
    return c.keys ?? this.find(c.issuer, c.key);
  }

  /**
   * The keys that may have signed a list: those of the issuer whose credential k signed.
   * @param {Key} k
   * @param {string} name
   */
  listKeys(k, name) {
    return this.find(k.issuer.id, name).filter((c) => c.issuer === k.issuer);
  }

  /**
   * The keys that a chain may mean: those of the bundle that its first certificate is about, and else that
   * certificate's own, if the chain leads to an anchor: a signer that is newer than the bundle.
   * @param {import('./x509.js').Certificate[]} chain
   * @returns {Promise<Key[]>}
   */
  async certified(chain) {
    const leaf = chain[0], { key } = leaf;
    if (!key) return [];
    const out = this.keys.filter((k) => sameKey(k.public, key));
    if (out.length > 0) return out;
    if (!signsDocuments(leaf)) return [];
    const named = leaf.addresses.length > 0;
    for (const issuer of this.issuers) {
      if (issuer.anchors.length > 0 && (!named || leaf.addresses.some((a) => is(issuer, a))) && await leadsTo(chain, issuer.anchors, leaf.notBefore)) {
        out.push({ kid: thumbprint(key), method: '', alg: 'ES256', notBefore: leaf.notBefore, notAfter: leaf.notAfter, revokedAt: null, certificates: [], coseKid: '', public: key, issuer });
      }
    }
    return out.length > 1 && !named ? [] : out; // of one CA, and it does not say whose: nobody's name may be shown
  }

  /**
   * Whether a certificate chain is one of the key's at a time: named in the bundle, or leading to an anchor. An
   * issuer without anchors is known by its keys alone.
   * @param {Key} k
   * @param {import('./x509.js').Certificate[]} chain
   * @param {number} at
   */
  async certifies(k, chain, at) {
    const leaf = chain[0];
    if (k.certificates.includes(toBase64(leaf.raw)) && at >= leaf.notBefore && at <= leaf.notAfter) return true;
    return k.issuer.anchors.length === 0 || leadsTo(chain, k.issuer.anchors, at);
  }
}

/**
 * Whether a name in a credential is this issuer's.
 * @param {Issuer} issuer
 * @param {string} name
 */
export const is = (issuer, name) => name !== '' && (name === issuer.id || name === issuer.url);

/**
 * Whether a key may have signed something made at a time, as known at another; throws Failure.
 * @param {Key} k
 * @param {number} made
 * @param {number} at
 */
export function checkWindow(k, made, at) {
  if (k.revokedAt !== null && at >= k.revokedAt) throw new Failure('key_retired', 'key_revoked');
  if (made < k.notBefore || made > k.notAfter) throw new Failure('key_retired', 'key_not_in_use');
}
