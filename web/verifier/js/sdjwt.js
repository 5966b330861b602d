// SD-JWT (RFC 9901): parts, disclosures, and what they stand for.

import { altered, Malformed } from './outcome.js';
import { base64url, toBase64url, utf8 } from './bytes.js';
import { decodeObject, decodeValue, isObject, same } from './json.js';
import { split, verifyJWS } from './jws.js';
import { sha256 } from './sha256.js';

export const type = 'dc+sd-jwt';

const maxDisclosures = 1000, maxNested = 64;

/** Claims that must be visible always (SD-JWT VC §3.2.2.2). */
const alwaysVisible = Object.freeze(['iss', 'nbf', 'exp', 'cnf', 'vct', 'vct#integrity', 'status', 'aka_vcts']);

/** Names that SD-JWT itself uses. */
const reserved = (/** @type {string} */ name) => name === '_sd' || name === '...' || name === '_sd_alg';

/**
 * @typedef {{name: string|null, value: any}} Disclosure a claim, or an element of an array if it has no name
 * @typedef {{token: string, header: Object<string, any>, claims: Object<string, any>, keyBinding: string, disclosures: Map<string, Disclosure>}} SDJWT
 */

/**
 * Reads an SD-JWT strictly; nothing of it is verified but its shape.
 * @param {string} text
 * @returns {SDJWT}
 */
export function parse(text) {
  const parts = text.split('~');
  if (parts.length < 2 || parts.length > maxDisclosures + 2) throw new Malformed('not an SD-JWT');
  const token = parts[0], keyBinding = parts[parts.length - 1], { header, payload } = split(token);
  if (header.typ !== type) throw new Malformed('typ');
  const claims = decodeObject(payload), disclosures = new Map();
  if (keyBinding !== '' && split(keyBinding).header.typ !== 'kb+jwt') throw new Malformed('key binding');
  for (const part of parts.slice(1, -1)) {
    const d = disclosure(part), digest = toBase64url(sha256(utf8(part)));
    if (disclosures.has(digest)) throw new Malformed('a disclosure stands twice');
    disclosures.set(digest, d);
  }
  return { token, header, claims, keyBinding, disclosures };
}

/**
 * @param {string} text
 * @returns {Disclosure}
 */
function disclosure(text) {
  const list = decodeValue(base64url(text));
  if (!Array.isArray(list) || list.length !== 2 && list.length !== 3 || typeof list[0] !== 'string') throw new Malformed('disclosure');
  if (list.length === 2) return { name: null, value: list[1] };
  if (typeof list[1] !== 'string' || reserved(list[1])) throw new Malformed('disclosure');
  return { name: list[1], value: list[2] };
}

/**
 * Checks the issuer's signature and every disclosure, and gives the claims.
 * @param {SDJWT} parsed
 * @param {import('./keys.js').PublicKey} key
 * @returns {Promise<Object<string, any>>}
 */
export async function verify(parsed, key) {
  const payload = await verifyJWS(parsed.token, key, ['ES256', 'EdDSA']);
  if (!payload) throw altered('signature_mismatch');
  const claims = decodeObject(payload);
  if ('_sd_alg' in claims && claims._sd_alg !== 'sha-256') throw altered('claims_misfit');
  delete claims._sd_alg;
  return new Resolver(parsed.disclosures).claims(claims);
}

/** Puts disclosed values in the place of their digests (RFC 9901 §7.1, step 3). */
class Resolver {
  /** @param {Map<string, Disclosure>} disclosures */
  constructor(disclosures) {
    this.disclosures = disclosures;
    this.seen = new Set();
    this.used = 0;
  }

  /** @param {Object<string, any>} input */
  claims(input) {
    const out = this.object(input, maxNested);
    const hidden = alwaysVisible.some((name) => name in out && !(name in input && same(input[name], out[name])));
    if (hidden || this.used !== this.disclosures.size) throw altered('disclosure_not_signed');
    return out;
  }

  /**
   * @param {any} v
   * @param {number} depth
   * @returns {any}
   */
  value(v, depth) {
    if (depth === 0) throw altered('claims_misfit');
    if (Array.isArray(v)) return this.array(v, depth - 1);
    return isObject(v) ? this.object(v, depth - 1) : v;
  }

  /**
   * @param {Object<string, any>} input
   * @param {number} depth
   */
  object(input, depth) {
    const out = Object.create(null);
    for (const name of Object.keys(input)) {
      if (name === '_sd') continue;
      if (reserved(name)) throw altered('claims_misfit');
      out[name] = this.value(input[name], depth);
    }
    if (!('_sd' in input)) return out;
    if (!Array.isArray(input._sd)) throw altered('claims_misfit');
    for (const digest of input._sd) {
      const d = this.find(digest);
      if (!d) continue;
      if (d.name === null || d.name in out) throw altered('disclosure_not_signed');
      out[d.name] = this.value(d.value, depth);
    }
    return out;
  }

  /**
   * @param {any[]} input
   * @param {number} depth
   */
  array(input, depth) {
    const out = [];
    for (let v of input) {
      if (isObject(v) && '...' in v) {
        if (Object.keys(v).length !== 1) throw altered('claims_misfit');
        const d = this.find(v['...']);
        if (!d) continue;
        if (d.name !== null) throw altered('disclosure_not_signed');
        v = d.value;
      }
      out.push(this.value(v, depth));
    }
    return out;
  }

  /**
   * The disclosure of a digest, which may stand once only; undefined if the holder left it out.
   * @param {any} digest
   */
  find(digest) {
    if (typeof digest !== 'string') throw altered('claims_misfit');
    if (this.seen.has(digest)) throw altered('disclosure_not_signed');
    this.seen.add(digest);
    const d = this.disclosures.get(digest);
    if (d) this.used++;
    return d;
  }
}
