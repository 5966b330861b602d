// W3C credentials with Data Integrity proofs: ldp_vc of data model 2.0 with eddsa-rdfc-2022 or ecdsa-rdfc-2019, and
// status lists of that form. jsonld and the published contexts are loaded when the first of them comes.

import { altered, Failure, Malformed, unreadable, unsupported } from './outcome.js';
import { base58, concat, utf8 } from './bytes.js';
import { canonicalize } from './canon.js';
import { bitstringEntries, nothing } from './credential.js';
import { decodeObject, isObject, texts } from './json.js';
import { signedBy } from './keys.js';
import { checkMembers, TooComplex, Unsigned } from './members.js';
import { quadsOf } from './quads.js';
import { sha256 } from './sha256.js';
import { checkShape, listType } from './shape.js';
import { saysWhatIsRead } from './statements.js';
import { bitstring, lifetime } from './statuslist.js';
import { optionalTime, parseTime } from './times.js';
import { is } from './trust.js';

const maxList = 4 << 20;
/**
 * The cryptosuites and the curve of their keys.
 * @type {Readonly<Object<string, string>>}
 */
const suites = Object.freeze({ 'eddsa-rdfc-2022': 'Ed25519', 'ecdsa-rdfc-2019': 'P-256' });

/**
 * @typedef {import('./trust.js').Trust} Trust
 * @typedef {import('./trust.js').Key} Key
 */

/**
 * Reads a JSON document: a credential of data model 2.0, or something else.
 * @param {Object<string, any>} doc
 * @param {Trust} trust
 * @returns {import('./credential.js').Credential}
 */
export function readLDP(doc, trust) {
  const c = nothing(), proof = isObject(doc.proof) ? doc.proof : {};
  c.format = 'ldp_vc';
  c.issuer = issuerOf(doc);
  c.key = typeof proof.verificationMethod === 'string' ? proof.verificationMethod : '';
  try {
    checkShape(doc);
    const whole = proofOf(doc);
    if (whole) c.verify = (k) => verify(doc, trust, k);
    checkKind(doc);
    if (!whole) throw unreadable('proof_malformed');
  } catch (e) {
    c.error = /** @type {Error} */ (e);
  }
  return c;
}

/** @param {Object<string, any>} doc */
function issuerOf(doc) {
  const id = isObject(doc.issuer) ? doc.issuer.id : doc.issuer;
  return typeof id === 'string' ? id : '';
}

/**
 * Refuses what is no credential about somebody, with the one proof that is verified here.
 * @param {Object<string, any>} doc
 */
function checkKind(doc) {
  const kinds = texts(doc.type), { proof } = doc;
  if (!kinds.includes('VerifiableCredential')) throw unsupported('not_a_vc');
  if (kinds.includes(listType)) throw unsupported('is_status_list');
  if (isObject(proof) && (proof.type !== 'DataIntegrityProof' || !Object.hasOwn(suites, proof.cryptosuite))) throw unsupported('other_proof');
}

/**
 * Reads the proof strictly: exactly one, with exactly the members that are known; undefined for another.
 * @param {Object<string, any>} doc
 */
function proofOf(doc) {
  const p = doc.proof;
  if (!isObject(p) || Object.keys(p).length !== 6 || !Object.hasOwn(suites, p.cryptosuite) || p.type !== 'DataIntegrityProof' || p.proofPurpose !== 'assertionMethod') return undefined;
  const created = parseTime(p.created), value = p.proofValue;
  if (created === undefined || typeof p.verificationMethod !== 'string' || p.verificationMethod === '') return undefined;
  if (typeof value !== 'string' || !/^z[1-9A-HJ-NP-Za-km-z]{1,88}$/.test(value)) return undefined;
  const signature = base58(value.slice(1));
  return signature.length === 64 ? { curve: suites[p.cryptosuite], method: p.verificationMethod, created, signature } : undefined;
}

/**
 * @param {Object<string, any>} doc
 * @param {Trust} trust
 * @param {Key} k
 * @returns {Promise<import('./credential.js').Signed>}
 */
async function verify(doc, trust, k) {
  const proof = await verifyProof(doc, trust, k), from = optionalTime(doc.validFrom), until = optionalTime(doc.validUntil), subject = doc.credentialSubject;
  if (from === undefined || until === undefined || !isObject(subject)) throw unsupported('dates_or_subject');
  const claims = Object.create(null);
  for (const name of Object.keys(subject)) if (name !== 'id' && name !== 'type') claims[name] = subject[name];
  const type = texts(doc.type).find((t) => t !== 'VerifiableCredential') ?? 'VerifiableCredential';
  return { type, made: proof.created, from, until, status: bitstringEntries(doc.credentialStatus), claims };
}

/**
 * Checks the proof of a credential or of a status list, and that nothing which it signs is out of sight.
 * @param {Object<string, any>} doc
 * @param {Trust} trust
 * @param {Key} k
 */
async function verifyProof(doc, trust, k) {
  const proof = proofOf(doc);
  if (!proof) throw altered('proof_malformed');
  if (proof.curve !== k.public.curve) throw altered('key_of_another_kind');
  const unsigned = { ...doc }, options = { ...doc.proof, '@context': doc['@context'] };
  delete unsigned.proof;
  delete options.proofValue;
  let lines = '', head = '';
  try {
    const set = await contextsOf(trust, k.issuer.source);
    head = await canonical(options, set);
    lines = await canonical(unsigned, set);
  } catch (e) {
    throw failureOf(e);
  }
  if (!await signedBy(k.public, concat(sha256(utf8(head)), sha256(utf8(lines))), proof.signature)) throw altered('signature_mismatch');
  if (!saysWhatIsRead(doc, lines)) throw unsupported('more_is_signed');
  return proof;
}

/** @param {unknown} e */
function failureOf(e) {
  if (e instanceof TooComplex) return unsupported('too_complex');
  return e instanceof Failure ? e : altered('not_covered');
}

/**
 * The canonical N-Quads of a document.
 * @param {Object<string, any>} doc
 * @param {ContextSet} set
 */
async function canonical(doc, { loader, cache }) {
  checkMembers(doc);
  const { nodesOf } = await library();
  let missing = false;
  const load = (/** @type {string} */ iri) => {
    const document = loader(iri);
    missing ||= document === undefined;
    if (document === undefined) throw new Unsigned('context is not known');
    return { documentUrl: iri, document, tag: 'static' };
  };
  let nodes;
  try {
    nodes = await nodesOf(JSON.parse(JSON.stringify(doc)), load, cache);
  } catch {
    throw missing ? unsupported('context_not_known') : new Unsigned('JSON-LD processing failed');
  }
  const quads = quadsOf(nodes);
  if (quads.length === 0) throw new Unsigned('nothing of it would be signed');
  return canonicalize(quads);
}

/** @type {Promise<any>|undefined} */
let loaded;

/** jsonld, loaded once. Failure jsonld_missing if it was not built into the folder. */
function library() {
  loaded ??= import('./vendor/jsonld.min.js').catch(() => {
    loaded = undefined;
    throw unsupported('jsonld_missing');
  });
  return loaded;
}

/**
 * @typedef {{loader: (iri: string) => any, cache: Map<string, any>}} ContextSet
 */

/** @type {WeakMap<Trust, Map<string, Promise<ContextSet>>>} */
const sets = new WeakMap();

/**
 * The contexts that the issuers of a registry may use, made once.
 * @param {Trust} trust
 * @param {string} source of an issuer
 */
function contextsOf(trust, source) {
  const made = sets.get(trust) ?? new Map(), set = made.get(source) ?? makeSet(trust, source);
  sets.set(trust, made);
  made.set(source, set);
  return set;
}

/**
 * The published contexts and those of one registry in the bundle, by address; nothing is fetched. What one registry
 * calls by a name of its choice, credentials of another do not.
 * @param {Trust} trust
 * @param {string} source
 * @returns {Promise<ContextSet>}
 */
async function makeSet(trust, source) {
  const { default: published } = await import('./vendor/contexts.js').catch(() => {
    sets.delete(trust);
    throw unsupported('jsonld_missing');
  });
  const texts = new Map();
  for (const [iri, c] of trust.contexts) {
    if (Object.hasOwn(published, iri) && published[iri] !== c.document) throw unsupported('context_replaced');
    if ((c.source ?? '') === source) texts.set(iri, c.document);
  }
  for (const [iri, document] of Object.entries(published)) texts.set(iri, document);
  const parsed = new Map();
  const loader = (/** @type {string} */ iri) => {
    if (!parsed.has(iri) && texts.has(iri)) parsed.set(iri, JSON.parse(texts.get(iri)));
    return parsed.get(iri);
  };
  return { loader, cache: new Map() };
}

/**
 * Reads a BitstringStatusListCredential that an issuer's key signed. Malformed or Failure for anything else.
 * @param {Trust} trust
 * @param {string} text
 * @param {import('./credential.js').Entry} e
 * @param {Key} k that signed the credential
 */
export async function readList(trust, text, e, k) {
  if (text.length > maxList) throw new Malformed('too large');
  const doc = decodeObject(text);
  checkShape(doc);
  const proof = proofOf(doc);
  if (doc.id !== e.uri || !is(k.issuer, issuerOf(doc)) || !proof || !texts(doc.type).includes(listType)) throw new Malformed('not that list');
  for (const signer of trust.listKeys(k, proof.method)) {
    try {
      await verifyProof(doc, trust, signer);
    } catch (error) {
      if (error instanceof Failure && error.code !== 'ed25519_missing') continue;
      throw error;
    }
    return { snapshot: await snapshotOf(doc, e), signer };
  }
  throw new Malformed('not signed');
}

/**
 * @param {Object<string, any>} doc
 * @param {import('./credential.js').Entry} e
 * @returns {Promise<import('./statuslist.js').Snapshot>}
 */
async function snapshotOf(doc, e) {
  const subject = isObject(doc.credentialSubject) ? doc.credentialSubject : {};
  if (subject.type !== 'BitstringStatusList' || !texts(subject.statusPurpose).includes(e.purpose)) throw new Malformed('another purpose');
  const life = lifetime(optionalTime(doc.validFrom), optionalTime(doc.validUntil), typeof subject.ttl === 'number' ? subject.ttl : 0);
  return { ...life, get: await bitstring(subject.encodedList, e.width) };
}
