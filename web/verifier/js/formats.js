// The readers of compact texts: SD-JWT VC and W3C credentials as JWTs.

import { altered, Failure, unreadable, unsupported } from './outcome.js';
import { base64url } from './bytes.js';
import { bitstringEntries, nothing, tokenEntry } from './credential.js';
import { boundBy } from './holder.js';
import { decodeObject, isObject, texts } from './json.js';
import { trySplit, verifyJWS } from './jws.js';
import * as sdjwt from './sdjwt.js';
import { numericDate } from './times.js';

/** @typedef {import('./credential.js').Credential} Credential */

const notClaims = Object.freeze(['iss', 'iat', 'nbf', 'exp', 'vct', 'vct#integrity', 'aka_vcts', 'cnf', 'status']);

/**
 * Reads compact text: an SD-JWT, or something that looks like one.
 * @param {string} text
 * @returns {Credential}
 */
export function readSDJWT(text) {
  const { credential: c, header } = peek(text);
  try {
    const parsed = sdjwt.parse(text);
    c.format = sdjwt.type;
    c.verify = async (k) => {
      const claims = await sdjwt.verify(parsed, k.public), signed = signedClaims(claims);
      return parsed.keyBinding === '' ? signed : { ...signed, bound: boundBy(parsed.keyBinding, text, claims.cnf) };
    };
  } catch {
    c.error = readFailure(text, header, c);
  }
  return c;
}

/**
 * Says why compact text is no SD-JWT. If its JWT is whole, verify finds out whether a key signed it all the same.
 * @param {string} text
 * @param {Object<string, any>|null} header
 * @param {Credential} c
 */
function readFailure(text, header, c) {
  const cut = text.indexOf('~'), token = cut < 0 ? text : text.slice(0, cut), last = cut < 0 ? '' : text.slice(text.lastIndexOf('~') + 1);
  c.verify = async (k) => {
    if (!await verifyJWS(token, k.public, [k.alg])) throw altered('signature_mismatch');
    return { type: '', made: 0, from: null, until: null, status: [], claims: {} };
  };
  if (header === null || token.split('.').length !== 3) return unreadable('not_a_credential');
  if (header.typ !== sdjwt.type) return unsupported('other_token');
  c.format = sdjwt.type;
  if (cut < 0 || last !== '' && !last.includes('.')) return new Failure('incomplete_code', 'end_missing');
  return unreadable('sdjwt_malformed');
}

/**
 * Reads what it can of a text that may be broken, to see whom it names.
 * @param {string} text
 */
function peek(text) {
  const parts = text.split('.'), credential = nothing(), header = peekObject(parts[0]);
  if (typeof header?.kid === 'string') credential.key = header.kid;
  const iss = parts.length > 1 ? peekObject(parts[1])?.iss : undefined;
  if (typeof iss === 'string') credential.issuer = iss;
  return { credential, header };
}

/** @param {string} part */
function peekObject(part) {
  try {
    return decodeObject(base64url(part.replace(/[\r\n]/g, ''), { loose: true }));
  } catch {
    return null;
  }
}

/**
 * The claims that have a meaning here (SD-JWT VC §3.2.2.2).
 * @param {Object<string, any>} claims
 * @returns {import('./credential.js').Signed}
 */
function signedClaims(claims) {
  const made = numericDate(claims, 'iat'), from = numericDate(claims, 'nbf'), until = numericDate(claims, 'exp');
  if (typeof claims.vct !== 'string' || typeof made !== 'number' || from === undefined || until === undefined) throw unsupported('no_type_or_date');
  const out = Object.create(null);
  for (const name of Object.keys(claims)) if (!notClaims.includes(name)) out[name] = claims[name];
  const status = 'status' in claims ? [tokenEntry(claims.status)] : [];
  return { type: claims.vct, made, from: from === null || from < made ? made : from, until, status, claims: out };
}

/**
 * The parts of a JWT that looks like a W3C credential; undefined for any other token.
 * @param {string} text
 */
function vcOf(text) {
  const jws = trySplit(text);
  if (jws?.header.typ !== 'JWT') return undefined;
  try {
    const claims = decodeObject(jws.payload);
    return 'vc' in claims ? { header: jws.header, claims } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Reads a JWT that has a claim vc; undefined for anything else.
 * @param {string} text
 * @returns {Credential|undefined}
 */
export function readJWTVC(text) {
  const jwt = vcOf(text);
  if (!jwt) return undefined;
  const { kid } = jwt.header, { iss } = jwt.claims;
  return { format: 'jwt_vc_json', key: typeof kid === 'string' ? kid : '', issuer: typeof iss === 'string' ? iss : '', verify: (k) => verifyJWTVC(text, k) };
}

const only = (/** @type {Object<string, any>} */ m, /** @type {string[]} */ ...names) => Object.keys(m).every((n) => names.includes(n));

/**
 * @param {string} text
 * @param {import('./trust.js').Key} k
 * @returns {Promise<import('./credential.js').Signed>}
 */
async function verifyJWTVC(text, k) {
  const payload = await verifyJWS(text, k.public, [k.alg]);
  if (!payload) throw altered('signature_mismatch');
  const claims = decodeObject(payload), { vc } = claims;
  const known = isObject(vc) && only(claims, 'iss', 'sub', 'jti', 'nbf', 'exp', 'vc') && only(vc, '@context', 'type', 'credentialSubject', 'credentialStatus');
  const contexts = known && Array.isArray(vc['@context']) ? texts(vc['@context']) : [], types = known && Array.isArray(vc.type) ? texts(vc.type) : [];
  const from = numericDate(claims, 'nbf'), until = numericDate(claims, 'exp'), subject = vc?.credentialSubject;
  const good = contexts[0] === 'https://www.w3.org/2018/credentials/v1' && types[0] === 'VerifiableCredential' && isObject(subject) && !('id' in subject)
    && ['jti', 'iss', 'sub'].every((name) => typeof claims[name] === 'string' && claims[name] !== '')
    && [claims.nbf, claims.exp].every(Number.isInteger) && typeof from === 'number' && typeof until === 'number';
  if (!good) throw unsupported('jwt_vc_malformed');
  return { type: types[1] ?? 'VerifiableCredential', made: from, from, until, status: bitstringEntries(vc.credentialStatus), claims: subject };
}

