// What the readers of all formats give.

import { isObject } from './json.js';

/**
 * @typedef {Object} Entry where a credential's status is found
 * @property {'token'|'bitstring'} kind
 * @property {string} uri
 * @property {number} index
 * @property {string} purpose "" where a value itself says it
 * @property {number} width bits of a value, where the entry says it
 * @property {string[]} told of purpose message: what each value says
 */

/**
 * @typedef {Object} Signed what a good signature covers
 * @property {string} type vct, or type
 * @property {number} made when it was signed
 * @property {number|null} from null: not limited
 * @property {number|null} until
 * @property {(Entry|null)[]} status null: an entry that is not understood
 * @property {Object<string, any>} claims
 * @property {(ask: import('./holder.js').Ask, at: number) => Promise<void>} [bound] checks the holder's proof, if there is one; throws Failure
 */

/**
 * @typedef {Object} Credential one that was read; nothing of it is verified
 * @property {string} format
 * @property {string} issuer who it says made it
 * @property {string} key name of the key that it says signed it
 * @property {import('./trust.js').Key[]} [keys] of one that names its key by other means: those that it may mean
 * @property {boolean} [unnamed] it says of no issuer: it is of the one whose key fits
 * @property {(key: import('./trust.js').Key) => Promise<Signed>} [verify] throws Failure
 * @property {Error} [error] why it cannot be read
 */

/** @returns {Credential} */
export const nothing = () => ({ format: '', issuer: '', key: '' });

const maxEntries = 16;
const decimal = /^(0|[1-9][0-9]{0,8})$/;

/**
 * Reads the claim status of an SD-JWT VC (Token Status List §6).
 * @param {any} claim
 * @returns {Entry|null}
 */
export function tokenEntry(claim) {
  const list = isObject(claim) ? claim.status_list : undefined, { uri, idx } = list ?? {};
  const good = isObject(claim) && Object.keys(claim).length === 1 && typeof uri === 'string' && uri !== '';
  return good && Number.isInteger(idx) && idx >= 0 && idx <= 0x7fffffff ? { kind: 'token', uri, index: idx, purpose: '', width: 0, told: [] } : null;
}

/**
 * Reads credentialStatus (Bitstring Status List 1.0 §2.1): one or several entries.
 * @param {any} v
 * @returns {(Entry|null)[]}
 */
export function bitstringEntries(v) {
  if (v === undefined || v === null) return [];
  const list = Array.isArray(v) ? v : [v];
  return list.length > maxEntries ? [null] : list.map(bitstringEntry); // each costs the check of a list
}

/**
 * @param {any} m
 * @returns {Entry|null}
 */
function bitstringEntry(m) {
  const { type, statusListCredential: uri, statusListIndex: index, statusPurpose: purpose } = m ?? {};
  const values = valuesOf(m ?? {}, purpose);
  if (type !== 'BitstringStatusListEntry' || typeof uri !== 'string' || uri === '' || typeof index !== 'string' || !decimal.test(index) || !values) return null;
  return { kind: 'bitstring', uri, index: Number(index), purpose, ...values };
}

/**
 * How wide a value is and, of purpose message, what each one says.
 * @param {Object<string, any>} m
 * @param {any} purpose
 */
function valuesOf(m, purpose) {
  const size = m.statusSize === undefined ? 1 : m.statusSize;
  if (['revocation', 'suspension', 'refresh'].includes(purpose)) return size === 1 ? { width: 1, told: [] } : null;
  const list = m.statusMessage;
  if (purpose !== 'message' || !Number.isInteger(size) || size < 1 || size > 8 || !Array.isArray(list) || list.length !== 1 << size) return null;
  const good = list.every((e, n) => e?.status === '0x' + n.toString(16) && typeof e.message === 'string');
  return good ? { width: size, told: list.map((e) => e.message) } : null;
}
