// The attributes of Claim 169 by name, in the types of JSON: enumerations as words, dates as 2006-01-02, pictures and
// other bytes as data: URLs. What has another form than the specification gives it is shown as it is.

import { Malformed } from './outcome.js';
import { toBase64 } from './bytes.js';
import { Float, isNull, Simple } from './cbor.js';
import { parseTime } from './times.js';

const fingers = ['thumb', 'pointer_finger', 'middle_finger', 'ring_finger', 'little_finger'];
const hands = ['right_', 'left_'].flatMap((side) => fingers.map((f) => side + f));
const names = new Map(/** @type {[number, string][]} */ ([
  ...['id', 'version', 'language', 'full_name', 'first_name', 'middle_name', 'last_name', 'birth_date', 'gender', 'address', 'email', 'phone', 'nationality', 'marital_status',
    'guardian', 'photo', 'photo_format', 'best_fingers', 'second_full_name', 'second_language', 'location_code', 'legal_status', 'country_of_issuance'].map((name, i) => [i + 1, name]),
  ...[...hands, 'right_iris', 'left_iris', 'face', 'right_palm', 'left_palm', 'voice'].map((name, i) => [i + 50, name]),
]));
const birthDate = 8, photo = 16, photoFormat = 17;
/** @type {Readonly<Object<string, string[]>>} */
const words = Object.freeze({ 9: ['', 'male', 'female', 'other'], 14: ['', 'unmarried', 'married', 'divorced'], [photoFormat]: ['', 'jpeg', 'jpeg2000', 'avif', 'webp'],
  18: ['unknown', ...hands] });
/** @type {Readonly<Object<string, string>>} */
const kinds = Object.freeze({ '0 0': 'image/png', '0 1': 'image/jpeg', '0 2': 'image/jp2', '0 3': 'image/avif', '0 4': 'image/webp', '0 5': 'image/tiff', '2 0': 'audio/wav', '2 1': 'audio/mpeg' });
/** @type {Readonly<Object<string, string>>} */
const photos = Object.freeze({ jpeg: 'image/jpeg', jpeg2000: 'image/jp2', avif: 'image/avif', webp: 'image/webp' });

const isNumber = (/** @type {any} */ v) => Number.isInteger(v) || typeof v === 'bigint';

/**
 * A number, or text of digits as they are written for it; else undefined.
 * @param {any} v
 */
const digits = (v) => (typeof v === 'string' && /^(0|-?[1-9]\d{0,17})$/.test(v) ? Number(v) : isNumber(v) ? Number(v) : undefined);

/**
 * Malformed for a label that stands twice, as number and as text, or for what cannot be shown.
 * @param {Map<any, any>} attributes
 * @returns {Object<string, any>}
 */
export function readable(attributes) {
  const out = Object.create(null);
  for (const [k, v] of attributes) {
    if (!isNumber(k) && typeof k !== 'string') throw new Malformed('a label that is neither a number nor text');
    const label = digits(k) ?? -1, name = names.get(label) ?? `attribute ${k}`;
    if (name in out) throw new Malformed('a label stands twice');
    out[name] = value(label, v, attributes);
  }
  return out;
}

/**
 * @param {number} label
 * @param {any} v
 * @param {Map<any, any>} all
 */
function value(label, v, all) {
  if (label >= 50 && label <= 65) return biometrics(v);
  if (Object.hasOwn(words, label)) return enumeration(words[label], v);
  if (label === birthDate) return date(v);
  if (label === photo && v instanceof Uint8Array) {
    const word = enumeration(words[photoFormat], all.get(photoFormat) ?? '');
    return dataURL(Object.hasOwn(photos, word) ? photos[word] : undefined, v);
  }
  return plain(v);
}

/**
 * @param {string[]} list
 * @param {any} v
 * @returns {any}
 */
function enumeration(list, v) {
  if (Array.isArray(v)) return v.map((e) => enumeration(list, e));
  return list[digits(v) ?? -1] || plain(v);
}

/** @param {any} v */
function date(v) {
  const text = isNumber(v) ? String(v) : v, m = typeof text === 'string' ? /^(\d{4})(\d{2})(\d{2})$/.exec(text) : null;
  const iso = m ? `${m[1]}-${m[2]}-${m[3]}` : '';
  return parseTime(`${iso}T00:00:00Z`) === undefined ? plain(v) : iso;
}

/**
 * @param {string|undefined} kind
 * @param {Uint8Array} bytes
 */
const dataURL = (kind, bytes) => `data:${kind ?? 'application/octet-stream'};base64,${toBase64(bytes)}`;

/** @param {any} v */
function biometrics(v) {
  if (!Array.isArray(v)) return biometric(v);
  const out = v.map(biometric);
  return out.length === 1 ? out[0] : out;
}

/**
 * A map with its data in bytes or, as Inji Certify writes it, in hexadecimal text.
 * @param {any} v
 */
function biometric(v) {
  const data = v instanceof Map ? v.get(0) : undefined;
  const hex = typeof data === 'string' && /^(?:[0-9a-fA-F]{2})*$/.test(data) ? Uint8Array.from(data.match(/../g) ?? [], (h) => parseInt(h, 16)) : data;
  if (!(hex instanceof Uint8Array)) return plain(v);
  const kind = isNumber(v.get(2)) ? kinds[`${isNumber(v.get(1)) ? v.get(1) : 0} ${v.get(2)}`] : undefined;
  return dataURL(kind, hex);
}

/**
 * A value in the types of JSON. Integers that a JSON number does not hold for certain become text.
 * @param {any} v
 * @returns {any}
 */
function plain(v) {
  if (typeof v === 'string' || typeof v === 'boolean') return v;
  if (typeof v === 'bigint') return String(v);
  if (typeof v === 'number') return v;
  if (v instanceof Float && Number.isFinite(v.value)) return v.value;
  if (v instanceof Simple && isNull(v)) return null;
  if (v instanceof Uint8Array) return dataURL(undefined, v);
  if (Array.isArray(v)) return v.map(plain);
  if (!(v instanceof Map)) throw new Malformed('a value of a type that is not supported');
  const out = Object.create(null);
  for (const [k, e] of v) {
    if (!isNumber(k) && typeof k !== 'string' || String(k) in out) throw new Malformed('a label of another form, or twice');
    out[String(k)] = plain(e);
  }
  return out;
}
