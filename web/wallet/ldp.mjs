// ldp_vc by @digitalbazaar/vc with eddsa-rdfc-2022 and ecdsa-rdfc-2019: proof,
// issuer's control of the key, dates, and the bit in the status list, itself a
// credential with a proof.
import {gunzipSync} from 'node:zlib';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {cryptosuite as ecdsa} from '@digitalbazaar/ecdsa-rdfc-2019-cryptosuite';
import {cryptosuite as eddsa} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import * as vc from '@digitalbazaar/vc';

async function getJSON(url) {
  const res = await fetch(url);
  if (!res.ok) throw new Error(`${url} answers ${res.status}`);
  return res.json();
}

// didDocument resolves a did:web, over http on this machine only.
export async function didDocument(did) {
  const [host, ...path] = did.slice('did:web:'.length).split(':').map(decodeURIComponent);
  const scheme = /^(localhost|127\.0\.0\.1)(:|$)/.test(host) ? 'http' : 'https';
  const document = await getJSON(`${scheme}://${host}/${path.length ? path.join('/') : '.well-known'}/did.json`);
  if (document.id !== did) throw new Error('the document is of another DID');
  return document;
}

// loader gives JSON-LD contexts and DID documents; what the library has with it
// comes from there, all else from the issuer.
function loader(issuer) {
  return async url => {
    const answer = document => ({contextUrl: null, documentUrl: url, document});
    if (url.startsWith('did:web:')) {
      const [did, fragment] = url.split('#');
      const document = await didDocument(did);
      if (!fragment) return answer(document);
      const method = document.verificationMethod.find(m => m.id === url);
      if (!method) throw new Error(`no verification method ${url}`);
      return answer({'@context': 'https://w3id.org/security/multikey/v1', ...method});
    }
    if (url.startsWith(issuer + '/')) return answer(await getJSON(url));
    return vc.defaultDocumentLoader(url);
  };
}

export const explain = ({error, statusResult}) => JSON.stringify([...(error?.errors ?? [error]), statusResult?.error].map(e => e?.message));

export const suite = () => [eddsa, ecdsa].map(cryptosuite => new DataIntegrityProof({cryptosuite}));

async function checkEntry(s, by, issuer) {
  const list = await getJSON(s.statusListCredential);
  const result = await vc.verifyCredential({credential: list, suite: suite(), documentLoader: loader(issuer)});
  const {encodedList, statusPurpose} = list.credentialSubject;
  if (!result.verified || list.issuer !== by || statusPurpose !== s.statusPurpose) return {verified: false, error: new Error(`status list: ${explain(result)}`)};
  const bits = gunzipSync(Buffer.from(encodedList.slice(1), 'base64url')); // multibase u
  const index = Number(s.statusListIndex); // the first bit is the left-most
  if (encodedList[0] !== 'u' || !(index < bits.length * 8)) return {verified: false, error: new Error('the status list has no such entry')};
  const set = bits[index >> 3] >> (7 - index % 8) & 1;
  return set ? {verified: false, error: new Error(statusPurpose)} : {verified: true};
}

// Revocation and suspension decide; refresh and message are hints (Bitstring Status List 1.0 §2.1).
export async function checkStatusOf(credentialStatus, by, issuer) {
  const decides = [credentialStatus].flat().filter(s => ['revocation', 'suspension'].includes(s.statusPurpose));
  if (!decides.some(s => s.statusPurpose === 'revocation')) return {verified: false, error: new Error('no entry of purpose revocation')};
  const results = await Promise.all(decides.map(s => checkEntry(s, by, issuer)));
  return results.find(r => !r.verified) ?? {verified: true};
}

// checkLDP gives the claims about the holder, or throws.
export async function checkLDP(credential, issuer, holder) {
  const documentLoader = loader(issuer);
  const checkStatus = ({credential: {credentialStatus, issuer: by}}) => checkStatusOf(credentialStatus, by, issuer);
  const result = await vc.verifyCredential({credential, suite: suite(), documentLoader, checkStatus});
  if (!result.verified) throw new Error(explain(result));
  if (!credential.credentialStatus) throw new Error('there is no status to check');
  const {id, ...claims} = credential.credentialSubject;
  if (id !== holder) throw new Error('bound to another key');
  return claims;
}

// tamperLDP makes copies with one value changed under the proof.
export function tamperLDP(credential) {
  const copy = change => {
    const c = structuredClone(credential);
    change(c);
    return c;
  };
  return {
    claim: copy(c => { c.credentialSubject.birthDate = '1900-01-01'; }),
    validity: copy(c => { c.validUntil = '2999-01-01T00:00:00Z'; }),
    signature: copy(c => {
      const v = c.proof.proofValue;
      c.proof.proofValue = v.slice(0, 20) + (v[20] === '2' ? '3' : '2') + v.slice(21);
    }),
  };
}
