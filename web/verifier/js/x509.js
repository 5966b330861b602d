// X.509 (RFC 5280), as much as the chain of a mobile document needs: the key, the validity, the constraints and
// the issuer's signature of a certificate. No names are compared but issuer with subject, and nothing is fetched.

import { Malformed } from './outcome.js';
import { base64, concat, equal, textOf } from './bytes.js';
import { DER, tags } from './der.js';
import { newKey } from './keys.js';

/**
 * @typedef {Object} Certificate
 * @property {Uint8Array} raw
 * @property {Uint8Array} tbs
 * @property {Uint8Array} subject
 * @property {Uint8Array} issuer
 * @property {Uint8Array} spki
 * @property {number} notBefore
 * @property {number} notAfter
 * @property {import('./keys.js').PublicKey|undefined} key undefined: of a kind that signs no credentials
 * @property {string} curve of an EC key
 * @property {string} keyKind object identifier
 * @property {string} algorithm of the signature, object identifier
 * @property {Uint8Array} signature
 * @property {number} version
 * @property {{ca: boolean, path: number}|undefined} basic path -1: no limit
 * @property {boolean} mayCertify by its key usage
 * @property {boolean} unknownCritical
 * @property {boolean} maySign by its key usage
 * @property {string[]} uses by its extended key usage, object identifiers
 * @property {string[]} addresses URIs among its other names
 */

const maxChecks = 100; // of signatures, for one chain
const kinds = Object.freeze({ ec: '1.2.840.10045.2.1', rsa: '1.2.840.113549.1.1.1', ed25519: '1.3.101.112' });
/** @type {Readonly<Object<string, string>>} */
const curves = Object.freeze({ '1.2.840.10045.3.1.7': 'P-256', '1.3.132.0.34': 'P-384', '1.3.132.0.35': 'P-521' });
/** @type {Readonly<Object<string, string>>} */
const hashes = Object.freeze({ '1.2.840.10045.4.3.2': 'SHA-256', '1.2.840.10045.4.3.3': 'SHA-384', '1.2.840.10045.4.3.4': 'SHA-512',
  '1.2.840.113549.1.1.11': 'SHA-256', '1.2.840.113549.1.1.12': 'SHA-384', '1.2.840.113549.1.1.13': 'SHA-512', '1.3.101.112': '' });
/** @type {Readonly<Object<string, number>>} */
const sizes = Object.freeze({ 'P-256': 32, 'P-384': 48, 'P-521': 66 });

/**
 * Reads a certificate strictly; nothing of it is verified.
 * @param {Uint8Array} der
 * @returns {Certificate}
 */
export function parseCertificate(der) {
  const outer = new DER(der), whole = outer.inner(tags.sequence);
  if (!outer.empty) throw new Malformed('something follows the certificate');
  const tbs = whole.element(tags.sequence), algorithm = whole.content(tags.sequence), { bytes: signature, unused } = whole.bits();
  const t = new DER(tbs.content);
  const version = t.tag === 0xa0 ? t.inner(0xa0).small() + 1 : 1;
  if (version > 3 || t.integer()[0] >= 0x80) throw new Malformed('version or serial number');
  if (!equal(t.content(tags.sequence), algorithm)) throw new Malformed('two algorithms');
  const issuer = name(t), validity = t.inner(tags.sequence), notBefore = time(validity), notAfter = time(validity);
  const subject = name(t), spki = t.element(tags.sequence);
  const certificate = { raw: der, tbs: tbs.raw, subject, issuer, spki: spki.raw, notBefore, notAfter, ...publicKey(spki.content),
    algorithm: new DER(algorithm).oid(), signature: unused === 0 ? signature : new Uint8Array(), version, basic: undefined, mayCertify: true, maySign: true, uses: [], addresses: [], unknownCritical: false };
  if (version > 1) {
    t.optional(0x81);
    t.optional(0x82);
  }
  if (version === 3 && t.tag === 0xa3) extensions(t.inner(0xa3), certificate);
  return certificate;
}

/**
 * Reads a name: only that it is one, and its bytes.
 * @param {DER} t
 */
function name(t) {
  const { raw, content } = t.element(tags.sequence);
  for (const list = new DER(content); !list.empty;) {
    for (const set = list.inner(tags.set); !set.empty;) {
      const pair = set.inner(tags.sequence);
      pair.oid();
      const { tag, content: text } = pair.any();
      checkText(tag, text);
    }
  }
  return raw;
}

/**
 * @param {number} tag
 * @param {Uint8Array} bytes
 */
function checkText(tag, bytes) {
  const latin = tag === tags.utf8 ? textOf(bytes) : String.fromCharCode(...bytes);
  /** @type {Object<number, RegExp>} */
  const forms = { [tags.printable]: /^[a-zA-Z0-9'()+,\-./ :=?*&]*$/, [tags.numeric]: /^[0-9 ]*$/, [tags.ia5]: /^[\0-\x7f]*$/, [tags.utf8]: /^/, [tags.t61]: /^/, [tags.bmp]: /^(?:..)*$/s };
  if (!forms[tag]?.test(latin)) throw new Malformed('a text in a name');
}

/** @param {DER} t */
function time(t) {
  const { tag, content } = t.any();
  let text = String.fromCharCode(...content);
  if (tag === tags.utcTime && /^\d{12}Z$/.test(text)) text = (text < '50' ? '20' : '19') + text;
  const m = (tag === tags.utcTime || tag === tags.time) && /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  const iso = m ? `${m[1]}-${m[2]}-${m[3]}T${m[4]}:${m[5]}:${m[6]}.000Z` : '';
  const at = Date.parse(iso);
  if (Number.isNaN(at) || new Date(at).toISOString() !== iso) throw new Malformed('a time');
  return at;
}

/** @param {Uint8Array} spki */
function publicKey(spki) {
  const s = new DER(spki), algorithm = s.inner(tags.sequence), keyKind = algorithm.oid(), { bytes, unused } = s.bits();
  if (unused !== 0) throw new Malformed('public key');
  if (keyKind === kinds.ec) {
    const curve = curves[algorithm.oid()];
    if (!curve || bytes[0] !== 4 || bytes.length !== 1 + 2 * sizes[curve]) throw new Malformed('curve or point');
    return { keyKind, curve, key: curve === 'P-256' ? newKey(curve, bytes) : undefined };
  }
  if (keyKind === kinds.ed25519) {
    if (!algorithm.empty) throw new Malformed('parameters');
    return { keyKind, curve: '', key: newKey('Ed25519', bytes) };
  }
  return { keyKind, curve: '', key: undefined };
}

/** Extensions (2.5.29.n) that are understood, or say nothing about a chain. */
const known = Object.freeze(['15', '17', '19', '31', '32', '33', '36', '37', '54'].map((n) => '2.5.29.' + n));
/** Those that must not be critical (RFC 5280 §4.2.1.1, §4.2.1.2, §4.2.2.1). */
const neverCritical = Object.freeze(['2.5.29.14', '2.5.29.35', '1.3.6.1.5.5.7.1.1']);

/**
 * @param {DER} t
 * @param {Certificate} c
 */
function extensions(t, c) {
  const seen = new Set();
  for (const list = t.inner(tags.sequence); !list.empty;) {
    const e = list.inner(tags.sequence), id = e.oid();
    const critical = e.tag === tags.boolean && e.boolean(), value = e.content(tags.octets);
    if (seen.has(id) || critical && neverCritical.includes(id)) throw new Malformed('an extension');
    seen.add(id);
    if (id === '2.5.29.15') {
      const { bytes } = new DER(value).bits();
      const none = bytes.every((b) => b === 0); // it says nothing
      c.mayCertify = none || (bytes[0] & 0x04) !== 0; // keyCertSign
      c.maySign = none || (bytes[0] & 0x80) !== 0; // digitalSignature
    } else if (id === '2.5.29.19') {
      const b = new DER(value).inner(tags.sequence), ca = b.tag === tags.boolean && b.boolean();
      c.basic = { ca, path: b.tag === tags.integer ? b.small() : -1 };
    } else {
      checkExtension(id, value, c);
      c.unknownCritical ||= id === '2.5.29.30' || critical && !known.includes(id); // name constraints are not worked out here
    }
  }
}

/**
 * Holds an extension that says nothing about a chain to its outer form, and takes what the signer's own says.
 * @param {string} id
 * @param {Uint8Array} value
 * @param {Certificate} c
 */
function checkExtension(id, value, c) {
  const v = new DER(value);
  if (id === '2.5.29.14') v.content(tags.octets);
  else if (id === '2.5.29.54') v.integer();
  else if (known.includes(id) || neverCritical.includes(id)) {
    const list = v.inner(tags.sequence);
    if (id === '2.5.29.35') {
      list.optional(0x80);
      return;
    }
    while (!list.empty && id !== '2.5.29.36') {
      if (id === '2.5.29.37') c.uses.push(list.oid());
      else if (id === '2.5.29.17') address(list.any(), c);
      else list.any();
    }
  }
}

/**
 * @param {{tag: number, content: Uint8Array}} name
 * @param {Certificate} c
 */
function address({ tag, content }, c) {
  if (tag === 0x86) c.addresses.push(String.fromCharCode(...content));
}

const documentSigner = '1.0.18013.5.1.2';

/**
 * Whether a certificate is for signing mobile documents (ISO/IEC 18013-5 Annex B: document signer). A CA makes others
 * too, of servers and readers.
 * @param {Certificate} c
 */
export const signsDocuments = (c) => c.uses.includes(documentSigner) && !c.basic?.ca && c.maySign;

/**
 * Whether a certificate's key may sign others, and signed this one.
 * @param {Certificate} parent
 * @param {Certificate} child
 */
async function signedByParent(parent, child) {
  const hash = hashes[child.algorithm], { keyKind } = parent;
  const is = (/** @type {string} */ prefix) => child.algorithm.startsWith(prefix);
  try {
    if (keyKind === kinds.ec && is('1.2.840.10045.4.3.') && hash) {
      return await check(parent, child, { name: 'ECDSA', namedCurve: parent.curve }, { name: 'ECDSA', hash }, fixedLength(child.signature, sizes[parent.curve]));
    }
    if (keyKind === kinds.rsa && is('1.2.840.113549.1.1.1') && hash) {
      return await check(parent, child, { name: 'RSASSA-PKCS1-v1_5', hash }, { name: 'RSASSA-PKCS1-v1_5' }, child.signature);
    }
    if (keyKind === kinds.ed25519 && child.algorithm === kinds.ed25519) return await check(parent, child, { name: 'Ed25519' }, { name: 'Ed25519' }, child.signature);
  } catch {
    return false;
  }
  return false;
}

/**
 * @param {Certificate} parent
 * @param {Certificate} child
 * @param {any} key
 * @param {any} algorithm
 * @param {any} signature
 */
async function check(parent, child, key, algorithm, signature) {
  const imported = await crypto.subtle.importKey('spki', parent.spki, key, false, ['verify']);
  return crypto.subtle.verify(algorithm, imported, signature, child.tbs);
}

/**
 * An ECDSA signature of X.509 (two integers in DER) as WebCrypto wants it.
 * @param {Uint8Array} der
 * @param {number} size
 */
function fixedLength(der, size) {
  const outer = new DER(der), pair = outer.inner(tags.sequence), numbers = [pair.integer(), pair.integer()];
  if (!outer.empty || !pair.empty) throw new Malformed('signature');
  return concat(...numbers.map((n) => {
    const short = n[0] === 0 ? n.subarray(1) : n;
    if (n[0] >= 0x80 || short.length > size) throw new Malformed('signature');
    return concat(new Uint8Array(size - short.length), short);
  }));
}

/**
 * Whether a chain leads to one of the roots at a time.
 * @param {Certificate[]} chain the signer's own first
 * @param {Certificate[]} roots
 * @param {number} at
 * @returns {Promise<boolean>}
 */
export async function leadsTo(chain, roots, at) {
  let left = maxChecks;
  const inDate = (/** @type {Certificate} */ c) => !c.unknownCritical && at >= c.notBefore && at <= c.notAfter;
  // A CA says so of itself: a certificate of before version 3 cannot, and certifies nobody (RFC 5280 §6.1.4 k).
  const certifies = (/** @type {Certificate} */ c) => c.basic?.ca === true && c.mayCertify;
  /** @param {Certificate[]} path */
  const climb = async (path) => {
    const child = path[path.length - 1], below = path.length - 1;
    const fits = (/** @type {Certificate} */ c) => equal(c.subject, child.issuer) && inDate(c) && certifies(c) && !(c.basic && c.basic.path >= 0 && below > c.basic.path);
    for (const c of roots) if (fits(c) && left-- > 0 && await signedByParent(c, child)) return true;
    for (const c of chain.slice(1)) {
      if (!path.includes(c) && fits(c) && left-- > 0 && await signedByParent(c, child) && await climb([...path, c])) return true;
    }
    return false;
  };
  if (!inDate(chain[0])) return false;
  return roots.some((r) => equal(r.raw, chain[0].raw)) || climb([chain[0]]);
}

/**
 * Reads certificates of CAs in PEM. Malformed for anything else in it.
 * @param {string} pem
 * @returns {Certificate[]}
 */
export function parseAnchors(pem) {
  const blocks = [...pem.matchAll(/-----BEGIN CERTIFICATE-----\s+([A-Za-z0-9+/=\s]+?)\s*-----END CERTIFICATE-----/g)];
  const rest = pem.replace(/-----BEGIN CERTIFICATE-----\s+([A-Za-z0-9+/=\s]+?)\s*-----END CERTIFICATE-----/g, '');
  const out = blocks.map((m) => parseCertificate(base64(m[1].replace(/\s+/g, ''))));
  if (rest.trim() !== '' || out.some((c) => !c.basic?.ca)) throw new Malformed('anchors');
  return out;
}
