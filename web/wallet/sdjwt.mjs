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
  const shown = credential.split('~').slice(1, -1).map(d => decode(d));
  if (shown.length === 0) throw new Error('nothing can be disclosed');
  return Object.fromEntries(shown.map(([, name]) => [name, payload[name]]));
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
