// Codes on paper by @mosip/pixelpass (Base45, zlib, the CBOR around), @auth0/cose
// (signature) and cbor2 (claims). None of them looks at dates or status.
import pixelpass from '@mosip/pixelpass';
import {Algorithms, Sign1} from '@auth0/cose';
import {decode, encode} from 'cbor2';
import {createPublicKey} from 'node:crypto';

// sign1 gives the COSE_Sign1 array that PixelPass finds: in hexadecimal text, as Inji
// writes, or in CBOR, which it gives as JSON. There it loses maps with numbers for
// labels: what stands in the unprotected header is gone.
function sign1(text) {
  const inside = pixelpass.decode(text);
  if (/^([0-9a-f]{2})+$/.test(inside)) {
    let token = decode(Uint8Array.from(Buffer.from(inside, 'hex')), {preferMap: true});
    while (token?.tag !== undefined) token = token.contents;
    return token;
  }
  let token = JSON.parse(inside);
  while (token?.tag !== undefined) token = token.value;
  return token.map(part => (part.type === 'Buffer' ? Uint8Array.from(part.data) : new Map()));
}

const plain = v => {
  if (v instanceof Map) return Object.fromEntries([...v].map(([name, value]) => [name, plain(value)]));
  if (v instanceof Uint8Array) return Buffer.from(v).toString('base64');
  return Array.isArray(v) ? v.map(plain) : v;
};

const claimIdentity = 169;

// checkCode gives the claims, by label, or throws. keys gives the JWKs that may have
// signed, for a kid in base64url or none.
export async function checkCode(text, keys) {
  const message = Sign1.decode(encode(sign1(text)));
  const verified = await Promise.allSettled(keys(message.kid && Buffer.from(message.kid).toString('base64url')).map(
    async jwk => message.verify(createPublicKey({key: jwk, format: 'jwk'}), {algorithms: [jwk.kty === 'EC' ? Algorithms.ES256 : Algorithms.EdDSA]})));
  if (!verified.some(v => v.status === 'fulfilled')) throw new Error(`no key has signed it: ${verified.map(v => v.reason.message)}`);
  const claims = decode(Uint8Array.from(message.payload), {preferMap: true});
  const identity = claims.get(claimIdentity);
  if (identity instanceof Uint8Array) claims.set(claimIdentity, decode(Uint8Array.from(identity), {preferMap: true}));
  return plain(claims);
}
