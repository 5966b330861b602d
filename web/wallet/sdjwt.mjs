// dc+sd-jwt by @sd-jwt/sd-jwt-vc: signature, digests, dates, and the status list,
// which the library fetches and verifies itself.
import {createHash, createPublicKey, verify} from 'node:crypto';
import {SDJwtVcInstance} from '@sd-jwt/sd-jwt-vc';

const decode = part => JSON.parse(Buffer.from(part, 'base64url').toString());

async function getJSON(url) {
  const res = await fetch(url);
  if (!res.ok) throw new Error(`${url} answers ${res.status}`);
  return res.json();
}

// issuerKeys reads the keys at the well-known place of SD-JWT VC §5.
async function issuerKeys(issuer) {
  const {origin, pathname} = new URL(issuer);
  const metadata = await getJSON(`${origin}/.well-known/jwt-vc-issuer${pathname === '/' ? '' : pathname}`);
  if (metadata.issuer !== issuer) throw new Error('the key list is of another issuer');
  return (metadata.jwks ?? await getJSON(metadata.jwks_uri)).keys;
}

// checkSDJWT gives the disclosed claims, or throws.
export async function checkSDJWT(credential, issuer, holder) {
  const keys = await issuerKeys(issuer);
  const verifier = (data, signature) => {
    const {kid, alg} = decode(data.split('.')[0]);
    const key = keys.find(k => k.kid === kid);
    if (!key || alg !== 'ES256') return false;
    return verify('sha256', Buffer.from(data), {key: createPublicKey({key, format: 'jwk'}), dsaEncoding: 'ieee-p1363'}, Buffer.from(signature, 'base64url'));
  };
  const instance = new SDJwtVcInstance({
    verifier, hasher: (data, alg) => createHash(alg.replace('-', '')).update(data).digest(), hashAlg: 'sha-256',
  });
  const {payload, header} = await instance.verify(credential);
  if (header.typ !== 'dc+sd-jwt' || payload.iss !== issuer) throw new Error('another type or issuer');
  if (!payload.status?.status_list) throw new Error('there is no status to check');
  if (payload.cnf?.jwk?.x !== holder.x || payload.cnf?.jwk?.y !== holder.y) throw new Error('bound to another key');
  if (credential.split('~').length < 3) throw new Error('nothing can be disclosed');
  await checkType(payload);
  return details(payload);
}

// details are the claims about the holder.
function details(payload) {
  const own = ['iss', 'iat', 'nbf', 'exp', 'vct', 'vct#integrity', 'aka_vcts', 'cnf', 'status'];
  return Object.fromEntries(Object.entries(payload).filter(([name]) => !own.includes(name)));
}

// checkType fetches the type metadata and holds them to the hash in the credential
// (SD-JWT VC §7).
async function checkType(payload) {
  const res = await fetch(payload.vct);
  const body = Buffer.from(await res.arrayBuffer());
  const hash = `sha256-${createHash('sha256').update(body).digest('base64')}`;
  if (!res.ok || hash !== payload['vct#integrity'] || JSON.parse(body).vct !== payload.vct) throw new Error('the type metadata are others than those that were signed');
}

// revealSDJWT verifies an SD-JWT VC by a key, whatever it says, and gives its claims.
export async function revealSDJWT(credential, key) {
  const verifier = (data, signature) => verify('sha256', Buffer.from(data), {key: createPublicKey({key, format: 'jwk'}), dsaEncoding: 'ieee-p1363'}, Buffer.from(signature, 'base64url'));
  const instance = new SDJwtVcInstance({
    verifier, hasher: (data, alg) => createHash(alg.replace('-', '')).update(data).digest(), hashAlg: 'sha-256',
  });
  const {payload} = await instance.verify(credential);
  return payload;
}

const flip = (part, at) => {
  const b = Buffer.from(part, 'base64url');
  b[at < 0 ? b.length + at : at] ^= 1;
  return b.toString('base64url');
};

// tamperSDJWT makes copies with one bit changed under the issuer's signature.
// (A changed disclosure is not among them: this library drops it silently. Our
// own verifier and that of aries refuse it.)
export function tamperSDJWT(credential) {
  const [jws, ...rest] = credential.split('~');
  const [header, payload, signature] = jws.split('.');
  const copy = parts => [parts.join('.'), ...rest].join('~');
  return {
    payload: copy([header, Buffer.from(Buffer.from(payload, 'base64url').toString().replace('"exp":1', '"exp":2')).toString('base64url'), signature]),
    signature: copy([header, payload, flip(signature, 10)]),
  };
}
