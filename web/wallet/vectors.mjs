// Asks the library of each format about the vectors of a file: vectors.mjs FILE. One
// line for each: its name, whether the library takes it, or why not. Keys, contexts,
// lists and anchors are those of the vector's bundle; the time is the vector's, and
// clocks may differ by a minute.
import {readFileSync} from 'node:fs';
import {createHash, createPublicKey, verify} from 'node:crypto';
import {decode as fromBase58, encode as base58} from 'base58-universal';
import {SDJwtVcInstance} from '@sd-jwt/sd-jwt-vc';
import * as vc from '@digitalbazaar/vc';
import {checkCode} from './code169.mjs';
import {explain, suite} from './ldp.mjs';
import {checkByOwf} from './mdoc.mjs';

const skew = 60;
const keysOf = bundle => bundle.issuers.flatMap(i => i.keys ?? []);

// signedBy verifies a JWS by a JWK and the algorithm that is the key's.
function signedBy(jwk, data, signature) {
  const key = createPublicKey({key: jwk, format: 'jwk'});
  return jwk.kty === 'EC'
    ? verify('sha256', Buffer.from(data), {key, dsaEncoding: 'ieee-p1363'}, Buffer.from(signature, 'base64url'))
    : verify(null, Buffer.from(data), key, Buffer.from(signature, 'base64url'));
}

// Public keys of did:key are raw points; before them, in DER, stands what they are.
const der = {ed01: '302a300506032b6570032100', 8024: '3039301306072a8648ce3d020106082a8648ce3d030107032200'};

// holderKey is the key that cnf names, where it says it itself.
function holderKey({jwk, kid = ''}) {
  if (jwk) return jwk;
  const [, method, value] = kid.split('#')[0].split(':');
  if (method === 'jwk') return JSON.parse(Buffer.from(value, 'base64url').toString());
  if (method !== 'key') throw new Error('no key of the holder');
  const raw = Buffer.from(fromBase58(value.slice(1)));
  const key = Buffer.concat([Buffer.from(der[raw.toString('hex', 0, 2)], 'hex'), raw.subarray(2)]);
  return createPublicKey({key, format: 'der', type: 'spki'}).export({format: 'jwk'});
}

async function sdjwt(v, bundle) {
  const verifier = (data, signature) => {
    const {alg, kid} = JSON.parse(Buffer.from(data.split('.')[0], 'base64url').toString());
    return keysOf(bundle).some(k => k.alg === alg && [undefined, k.kid, k.method].includes(kid) && signedBy(k.jwk, data, signature));
  };
  const instance = new SDJwtVcInstance({
    verifier, hashAlg: 'sha-256', hasher: (data, alg) => createHash(alg.replace('-', '')).update(data).digest(),
    kbVerifier: (data, signature, payload) => signedBy(holderKey(payload.cnf ?? {}), data, signature),
    statusListFetcher: uri => {
      const list = (bundle.status ?? []).find(l => l.uri === uri);
      if (!list) throw new Error('no such list');
      return list.token;
    },
  });
  const asked = v.binding && (v.holder !== 'not_checked' || v.outcome === 'altered'); // else no proof is there
  const {payload} = await instance.verify(v.data.trim(), {currentDate: Date.parse(v.at) / 1000, skewSeconds: skew, ...asked && {keyBindingNonce: v.binding.nonce}});
  return [payload.given_name, payload.family_name];
}

// multikey is a verification method of the Multikey form.
function multikey({method, jwk}) {
  const x = Buffer.from(jwk.x, 'base64url');
  const bytes = jwk.kty === 'EC' ? [0x80, 0x24, 2 + (Buffer.from(jwk.y, 'base64url').at(-1) & 1), ...x] : [0xed, 0x01, ...x];
  return {id: method, type: 'Multikey', controller: method.split('#')[0], publicKeyMultibase: `z${base58(Uint8Array.from(bytes))}`};
}

async function ldp(v, bundle) {
  const documentLoader = async url => {
    const answer = document => ({contextUrl: null, documentUrl: url, document});
    const [did, fragment] = url.split('#');
    const issuer = bundle.issuers.find(i => i.id === did);
    if (issuer && !fragment) {
      const methods = issuer.keys.map(multikey);
      return answer({'@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1'], id: did, verificationMethod: methods, assertionMethod: methods.map(m => m.id)});
    }
    const key = issuer?.keys.find(k => k.method === url);
    if (key) return answer({'@context': 'https://w3id.org/security/multikey/v1', ...multikey(key)});
    const context = bundle.contexts?.[url];
    return context ? answer(JSON.parse(context.document)) : vc.defaultDocumentLoader(url);
  };
  const result = await vc.verifyCredential({credential: JSON.parse(v.data), suite: suite(), documentLoader, now: new Date(v.at), maxClockSkew: skew, checkStatus: () => ({verified: true})});
  if (!result.verified) throw new Error(explain(result));
}

const mdoc = (v, bundle) => checkByOwf(v.data.trim(), bundle.issuers.map(i => i.anchors).filter(Boolean), {now: new Date(v.at), skewSeconds: skew});

// A code without a kid, or with one that nobody has, may be of any key.
function code(v, bundle) {
  const keys = keysOf(bundle), named = kid => keys.filter(k => k.cose_kid === kid);
  return checkCode(v.data.trim(), kid => (named(kid).length ? named(kid) : keys).map(k => k.jwk)).then(() => undefined);
}

const formats = {'dc+sd-jwt': sdjwt, ldp_vc: ldp, mso_mdoc: mdoc, claim169: code};
const {bundles, vectors} = JSON.parse(readFileSync(process.argv[2]));
for (const v of vectors) {
  const line = {name: v.name, good: true};
  try {
    line.shown = await formats[v.format](v, bundles[v.bundle]);
  } catch (err) {
    Object.assign(line, {good: false, why: String(err.message).slice(0, 300)});
  }
  console.log(JSON.stringify(line));
}
