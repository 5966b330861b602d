// jwt_vc_json by jose: signature, dates, and the form of data model 1.1; its status
// is that of an ldp_vc.
import {importJWK, jwtVerify} from 'jose';
import {checkStatusOf, didDocument} from './ldp.mjs';

// checkJWTVC gives the claims about the holder, or throws.
export async function checkJWTVC(credential, issuer, holder) {
  const key = async ({kid, alg}) => {
    const document = await didDocument(kid.split('#')[0]);
    if (!document.assertionMethod.includes(kid)) throw new Error(`no key ${kid} for assertions`);
    const {keys} = await (await fetch(`${issuer}/jwks.json`)).json();
    return importJWK(keys.find(k => k.kid === kid.split('#')[1]), alg);
  };
  const {payload, protectedHeader} = await jwtVerify(credential, key, {algorithms: ['EdDSA', 'ES256'], typ: 'JWT'});
  const {vc} = payload;
  if (protectedHeader.kid.split('#')[0] !== payload.iss) throw new Error('the key is not the issuer\'s');
  if (vc?.['@context']?.[0] !== 'https://www.w3.org/2018/credentials/v1' || vc.type?.[0] !== 'VerifiableCredential') throw new Error('not a credential of data model 1.1');
  if (payload.sub !== holder) throw new Error('bound to another key');
  const status = await checkStatusOf(vc.credentialStatus, payload.iss, issuer);
  if (!status.verified) throw new Error(status.error.message);
  return vc.credentialSubject;
}

// tamperJWTVC makes copies with one value changed under the signature.
export function tamperJWTVC(credential) {
  const [header, payload, signature] = credential.split('.');
  const changed = Buffer.from(Buffer.from(payload, 'base64url').toString().replace('"birthDate":"1', '"birthDate":"2')).toString('base64url');
  const flipped = Buffer.from(signature, 'base64url');
  flipped[10] ^= 1;
  return {
    payload: [header, changed, signature].join('.'),
    signature: [header, payload, flipped.toString('base64url')].join('.'),
  };
}
