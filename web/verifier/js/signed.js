// Trust bundles: the signed form with pinned root keys, refusal of older ones, and deltas.

import { Malformed } from './outcome.js';
import { base64url, looseText, textOf, utf8 } from './bytes.js';
import { decodePayload, payloadOf, rootOf } from './bundle.js';
import { decodeObject, isObject } from './json.js';
import { checkHeader } from './jws.js';
import { parseJWK, signedBy, thumbprint } from './keys.js';
import { digestHex } from './sha256.js';
import { Trust } from './trust.js';

const type = 'trust-bundle+jws', maxSigned = 64 << 20;

/** Why a bundle is not taken: malformed, signer, rolled_back or base. */
export class BundleError extends Malformed {
  /**
   * @param {string} code
   * @param {string} words
   */
  constructor(code, words) {
    super(words);
    this.code = code;
  }
}

/**
 * @typedef {Object} Seen how far somebody has come, to be kept and given again
 * @property {string} registry
 * @property {number} seq of the newest bundle that was used
 * @property {string} sha256 of what it says, with its status lists apart; "" after a delta
 * @property {string[]} roots thumbprints of the keys that may sign the next one
 */

/**
 * @typedef {Object} Bundle a bundle made ready
 * @property {Object<string, any>} payload as it stands, with what a delta changed; to be kept, and opened with {unsigned: true}
 * @property {string} registry
 * @property {number} seq
 * @property {number} created milliseconds since 1970
 * @property {number|null} refreshAfter when to fetch the next
 * @property {number|null} notAfter after that nothing is known of any status
 * @property {Object<string, any>} types names and labels by type and language
 * @property {{uri: string, sha256: string, bytes: number}[]} missing status lists that are not in it: shards, found by their hash
 * @property {(sha256: string) => Promise<string|undefined>} shard gives a list that is not in it
 * @property {Trust} trust
 */

/**
 * Opens a trust bundle. BundleError (a Malformed) if it must not be used.
 * @param {string|Uint8Array} data the signed form; with unsigned, a payload
 * @param {Object} [options]
 * @param {string[]|null} [options.roots] thumbprints (RFC 7638) of pinned root keys, for the first bundle
 * @param {Seen|null} [options.seen] what openBundle gave for the last one: its roots count from then on
 * @param {Bundle} [options.base] the bundle that a delta changes
 * @param {(sha256: string) => Promise<string|undefined>} [options.shard] gives a status list that is not in the bundle
 * @param {boolean} [options.unsigned] takes a payload that nobody signed: for tests, and for what was kept of a bundle
 *   that was opened before
 * @returns {Promise<{bundle: Bundle, seen: Seen|null}>}
 */
export async function openBundle(data, { roots = [], seen = null, base, shard = async () => undefined, unsigned = false } = {}) {
  try {
    if (data.length > maxSigned) throw new Malformed('too large');
    if (unsigned) return { bundle: await ready(decodePayload(data), shard), seen };
    const { raw, next } = await openSigned(data, seen ?? { registry: '', seq: 0, sha256: '', roots: roots ?? [] });
    return { bundle: await ready(raw.base ? apply(raw, base) : raw, shard), seen: next };
  } catch (e) {
    if (!(e instanceof Malformed) || e instanceof BundleError) throw e;
    throw new BundleError('malformed', e.message);
  }
}

/**
 * The digest of what a bundle says: the same whether its status lists stand in it or apart.
 * @param {Object<string, any>} raw
 * @returns {Promise<string>}
 */
async function contentOf(raw) {
  const status = await Promise.all((raw.status ?? []).map(async (/** @type {any} */ s) => ({ uri: s.uri, sha256: s.sha256 || await digestHex(utf8(s.token ?? '')) })));
  return digestHex(utf8(JSON.stringify({ ...raw, status })));
}

/**
 * The signed form: the flattened JSON serialization of a JWS (RFC 7515 §7.2.2).
 * @param {string|Uint8Array} data
 * @param {Seen} pins
 * @returns {Promise<{raw: Object<string, any>, next: Seen}>}
 */
async function openSigned(data, pins) {
  const jws = decodeObject(data), names = Object.keys(jws);
  if (names.length !== 3 || !['protected', 'payload', 'signature'].every((n) => typeof jws[n] === 'string')) throw new Malformed('not a signed trust bundle');
  const header = decodeObject(base64url(jws.protected)), payload = base64url(jws.payload);
  checkHeader(header);
  if (header.typ !== type) throw new Malformed('signed, but no trust bundle');
  const raw = decodePayload(payload);
  checkForm(raw);
  if (!pins.roots.includes(header.kid) || pins.registry !== '' && raw.registry !== pins.registry) throw new BundleError('signer', 'signed by a key that is not trusted here');
  await checkSignature(raw, header, jws);
  const same = raw.seq === pins.seq, sha256 = raw.base ? (same ? pins.sha256 : '') : await contentOf(raw);
  if (raw.seq < pins.seq || same && pins.sha256 && sha256 !== pins.sha256) throw new BundleError('rolled_back', 'older than one that was used before, or another of its number');
  return { raw, next: { registry: raw.registry, seq: raw.seq, sha256, roots: raw.roots.map((/** @type {any} */ r) => r.kid) } };
}

/** @param {Object<string, any>} raw */
function checkForm(raw) {
  const base = raw.base ?? 0;
  if (raw.v !== 2 || !raw.registry || !(raw.seq > 0) || base >= raw.seq || base === 0 && raw.removed) throw new Malformed('no registry, number or base');
}

/**
 * Checks the signature by the root key of that name, which signs what is made in its window.
 * @param {Object<string, any>} raw
 * @param {Object<string, any>} header
 * @param {Object<string, string>} jws
 */
async function checkSignature(raw, header, jws) {
  const root = (raw.roots ?? []).map(rootOf).find((/** @type {any} */ r) => r.kid === header.kid), created = Date.parse(raw.created);
  const key = root && parseJWK(root.jwk);
  if (!root || !key || thumbprint(key) !== root.kid || created < root.notBefore || created >= root.notAfter) throw new BundleError('signer', 'not a root key of this bundle, or outside of its window');
  const good = header.alg === 'ES256' && key.alg === 'ES256' && await signedBy(key, utf8(`${jws.protected}.${jws.payload}`), base64url(jws.signature));
  if (!good) throw new BundleError('signer', 'the signature does not match');
}

/**
 * The payload that a delta leads to: whole entries are replaced by their keys.
 * @param {Object<string, any>} delta
 * @param {Bundle|undefined} base
 */
function apply(delta, base) {
  const old = base?.payload;
  if (!old || (old.registry ?? '') !== delta.registry || old.seq !== delta.base) throw new BundleError('base', `this delta is not of the bundle that is known, but of number ${delta.base}`);
  const gone = delta.removed ?? {}, out = { ...delta };
  delete out.base;
  delete out.removed;
  for (const [name, key] of [['issuers', 'id'], ['status', 'uri']]) {
    const changed = delta[name] ?? [], left = new Set([...gone[name] ?? [], ...changed.map((/** @type {any} */ e) => e[key])]);
    out[name] = [...(old[name] ?? []).filter((/** @type {any} */ e) => !left.has(e[key])), ...changed].sort((a, b) => (a[key] < b[key] ? -1 : a[key] > b[key] ? 1 : 0));
  }
  for (const name of ['contexts', 'types']) {
    out[name] = Object.assign(Object.create(null), old[name], delta[name]);
    for (const key of gone[name] ?? []) if (!isObject(delta[name]) || !Object.hasOwn(delta[name], key)) delete out[name][key];
  }
  return out;
}

/**
 * @param {Object<string, any>} raw
 * @param {(sha256: string) => Promise<string|undefined>} shard
 * @returns {Promise<Bundle>}
 */
async function ready(raw, shard) {
  const payload = payloadOf(raw), trust = new Trust(payload);
  await trust.check();
  const missing = payload.status.filter((s) => s.token === '' && s.sha256 !== '').map(({ uri, sha256, bytes }) => ({ uri, sha256, bytes }));
  return { payload: raw, registry: payload.registry, seq: payload.seq, created: payload.created, refreshAfter: payload.refreshAfter, notAfter: payload.notAfter, types: payload.types, missing, shard, trust };
}

/**
 * Who says that they signed a bundle, for somebody who decides whether to trust it. Nothing is checked.
 * @param {string|Uint8Array} data
 * @returns {{kid: string, registry: string}}
 */
export function signerOf(data) {
  const jws = decodeObject(typeof data === 'string' ? data : looseText(data)), header = decodeObject(base64url(String(jws.protected)));
  const { registry } = decodeObject(textOf(base64url(String(jws.payload))));
  return { kid: String(header.kid), registry: String(registry) };
}
