// The payload of a trust bundle, read strictly: no member twice, none unknown, every type as it must be.

import { Malformed } from './outcome.js';
import { decodeObject, isObject } from './json.js';
import { parseTime } from './times.js';

/**
 * @typedef {{kid: string, method: string, jwk: Object<string, any>, alg: string, notBefore: number, notAfter: number, revokedAt: number|null, certificates: string[], coseKid: string}} BundleKey
 * @typedef {{id: string, url: string, names: Object<string, string>, keys: BundleKey[], anchors: string, source: string}} BundleIssuer source: the registry that it was merged from, "" = the one that signed
 * @typedef {{uri: string, sha256: string, bytes: number, token: string}} List a signed status list; without a token it is a shard
 * @typedef {{kid: string, jwk: Object<string, any>, notBefore: number, notAfter: number}} Root
 * @typedef {{display?: Object<string, string>, claims?: Object<string, Object<string, string>>, order?: string[], values?: Object<string, Object<string, Object<string, string>>>, no_status?: boolean}} BundleType words per language; claims by name, dots lead into objects
 */

/**
 * @typedef {Object} Payload
 * @property {number} version
 * @property {string} registry
 * @property {number} seq
 * @property {number} created
 * @property {number|null} refreshAfter
 * @property {number|null} notAfter
 * @property {Root[]} roots
 * @property {BundleIssuer[]} issuers
 * @property {Map<string, {sha256: string, document: string, source?: string|null}>} contexts source: as that of an issuer, whose credentials alone may use it
 * @property {Object<string, BundleType>} types
 * @property {List[]} status
 */

/** What may stand in a member: a name of a type, "?" after it where it may be missing. */
const forms = Object.freeze({
  key: { kid: 'text', method: 'text?', jwk: 'object', alg: 'text', not_before: 'time', not_after: 'time', revoked_at: 'time?', reason: 'text?', certificates: 'texts?', cose_kid: 'text?' },
  issuer: { id: 'text', url: 'text?', names: 'object?', keys: 'list?', anchors: 'text?', did_document: 'text?', source: 'text?' },
  context: { sha256: 'text', document: 'text', source: 'text?' },
  type: { display: 'object?', claims: 'object?', order: 'texts?', values: 'object?', no_status: 'boolean?' },
  list: { uri: 'text', sha256: 'text?', bytes: 'number?', token: 'text?', fetched: 'time?' },
  root: { kid: 'text', jwk: 'object', not_before: 'time', not_after: 'time' },
  removed: { issuers: 'texts?', contexts: 'texts?', types: 'texts?', status: 'texts?' },
  bundle: { v: 'number', registry: 'text?', seq: 'number?', base: 'number?', created: 'time', refresh_after: 'time?', not_after: 'time?', roots: 'list?', issuers: 'list?', contexts: 'object?',
    types: 'object?', status: 'list?', removed: 'object?' },
});
const maxBundle = 32 << 20;

/** @type {Readonly<Object<string, (v: any) => boolean>>} */
const kinds = Object.freeze({
  text: (/** @type {any} */ v) => typeof v === 'string',
  number: (/** @type {any} */ v) => Number.isSafeInteger(v) && v >= 0,
  boolean: (/** @type {any} */ v) => typeof v === 'boolean',
  time: (/** @type {any} */ v) => parseTime(v) !== undefined,
  object: isObject,
  list: (/** @type {any} */ v) => Array.isArray(v) && v.every(isObject),
  texts: (/** @type {any} */ v) => Array.isArray(v) && v.every((e) => typeof e === 'string'),
});

/**
 * Holds an object to its form.
 * @param {any} v
 * @param {Object<string, string>} form
 */
function hold(v, form) {
  if (!isObject(v)) throw new Malformed('bundle: not an object');
  for (const name of Object.keys(v)) if (!Object.hasOwn(form, name)) throw new Malformed(`bundle: ${name} is not known`);
  for (const [name, kind] of Object.entries(form)) {
    const optional = kind.endsWith('?'), missing = v[name] === undefined || optional && v[name] === null;
    if (missing ? !optional : !kinds[optional ? kind.slice(0, -1) : kind](v[name])) throw new Malformed(`bundle: ${name} is missing or not as it must be`);
  }
}

const time = (/** @type {any} */ v) => parseTime(v) ?? null;

/**
 * Reads the JSON of a payload, of version 1 (which nobody signed) or 2.
 * @param {string|Uint8Array} data
 * @returns {Object<string, any>} as it stands
 */
export function decodePayload(data) {
  if (data.length > maxBundle) throw new Malformed('bundle: too large');
  const raw = decodeObject(data), form = forms;
  if (raw.v !== 1 && raw.v !== 2) throw new Malformed('bundle: a version that is not known');
  hold(raw, form.bundle);
  for (const i of raw.issuers ?? []) {
    hold(i, form.issuer);
    for (const k of i.keys ?? []) hold(k, form.key);
    holdTexts(i.names);
  }
  for (const c of Object.values(raw.contexts ?? {})) hold(c, form.context);
  for (const t of Object.values(raw.types ?? {})) {
    hold(t, form.type);
    holdTexts(t.display);
    for (const labels of Object.values(t.claims ?? {})) holdTexts(labels);
    for (const codes of Object.values(t.values ?? {})) holdCodes(codes);
  }
  for (const s of raw.status ?? []) hold(s, form.list);
  for (const r of raw.roots ?? []) hold(r, form.root);
  if (raw.removed) hold(raw.removed, form.removed);
  return raw;
}

/** @param {any} v */
function holdTexts(v) {
  if (v !== undefined && v !== null && !(isObject(v) && Object.values(v).every(kinds.text))) throw new Malformed('bundle: words are not texts');
}

/** @param {any} v words per language by code */
function holdCodes(v) {
  if (v !== undefined && v !== null && !isObject(v)) throw new Malformed('bundle: words of codes are not an object');
  Object.values(v ?? {}).forEach(holdTexts);
}

/**
 * A whole payload in the types that are used here.
 * @param {Object<string, any>} raw of decodePayload
 * @returns {Payload}
 */
export function payloadOf(raw) {
  if (raw.base || raw.removed || !raw.issuers?.length) throw new Malformed('bundle: no issuer, or only what has changed');
  return { version: raw.v, registry: raw.registry ?? '', seq: raw.seq ?? 0, created: time(raw.created) ?? 0, refreshAfter: time(raw.refresh_after), notAfter: time(raw.not_after),
    roots: (raw.roots ?? []).map(rootOf), issuers: raw.issuers.map(issuerOf), contexts: new Map(Object.entries(raw.contexts ?? {})), types: raw.types ?? Object.create(null),
    status: (raw.status ?? []).map((/** @type {any} */ s) => ({ uri: s.uri, sha256: s.sha256 ?? '', bytes: s.bytes ?? 0, token: s.token ?? '' })) };
}

/**
 * @param {Object<string, any>} r
 * @returns {Root}
 */
export function rootOf(r) {
  return { kid: r.kid, jwk: r.jwk, notBefore: time(r.not_before) ?? 0, notAfter: time(r.not_after) ?? 0 };
}

/**
 * @param {Object<string, any>} i
 * @returns {BundleIssuer}
 */
function issuerOf(i) {
  const keys = (i.keys ?? []).map((/** @type {any} */ k) => ({ kid: k.kid, method: k.method ?? '', jwk: k.jwk, alg: k.alg, notBefore: time(k.not_before) ?? 0, notAfter: time(k.not_after) ?? 0,
    revokedAt: time(k.revoked_at), certificates: k.certificates ?? [], coseKid: k.cose_kid ?? '' }));
  return { id: i.id, url: i.url ?? '', names: i.names ?? {}, keys, anchors: i.anchors ?? '', source: i.source ?? '' };
}
