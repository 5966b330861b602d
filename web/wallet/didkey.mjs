// did:key of an Ed25519 key (did:key method specification).
import {encode} from 'base58-universal';

export function didKey(publicKey) {
  const raw = Buffer.from(publicKey.export({format: 'jwk'}).x, 'base64url');
  const multibase = 'z' + encode(Uint8Array.from([0xed, 0x01, ...raw])); // multicodec ed25519-pub
  const did = `did:key:${multibase}`;
  return {did, url: `${did}#${multibase}`};
}
