// Times, as milliseconds since 1970; null is "none".

import { isObject } from './json.js';

const stamp = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(\.\d{1,9})?(?:Z|([+-])(\d{2}):(\d{2}))$/;
const year9999 = 253_402_300_799;

/**
 * Reads a time of RFC 3339 with a zone; undefined if it is none.
 * @param {any} text
 * @returns {number|undefined}
 */
export function parseTime(text) {
  const m = typeof text === 'string' ? stamp.exec(text) : null;
  if (!m) return undefined;
  const [year, month, day, hour, minute, second] = m.slice(1, 7).map(Number);
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (month < 1 || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day || hour > 23 || minute > 59 || second > 59) return undefined;
  const [zoneHour, zoneMinute] = [Number(m[9] ?? 0), Number(m[10] ?? 0)];
  if (zoneHour > 24 || zoneMinute > 60) return undefined;
  const zone = (zoneHour * 60 + zoneMinute) * 60_000 * (m[8] === '-' ? -1 : 1);
  date.setUTCHours(hour, minute, second);
  return date.getTime() + Number(m[7] ?? 0) * 1000 - zone;
}

/**
 * A time that may be missing (undefined or null in, null out); undefined if it is none.
 * @param {any} v
 * @returns {number|null|undefined}
 */
export const optionalTime = (v) => (v === undefined || v === null ? null : parseTime(v));

/**
 * Seconds since 1970 (RFC 7519 §2); null if the claim is not there, undefined if it is no date.
 * @param {Object<string, any>} claims
 * @param {string} name
 * @returns {number|null|undefined}
 */
export function numericDate(claims, name) {
  if (!isObject(claims) || !Object.hasOwn(claims, name)) return null;
  const n = claims[name];
  return typeof n === 'number' && n >= 0 && n <= year9999 ? n * 1000 : undefined;
}

/**
 * A time as RFC 3339 writes it.
 * @param {number} ms
 */
export function timeText(ms) {
  const text = new Date(Math.floor(ms)).toISOString().replace(/^\+0*/, '');
  return text.replace(/\.?0*Z$/, 'Z');
}
