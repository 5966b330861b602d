// mso_mdoc by two libraries: @owf/mdoc, which reads what an issuer hands out, and
// @auth0/mdl, which reads it inside of a device's response. Chain to the anchor,
// signature, digests, validity; the status list is a token that jose verifies.
import {createHash, createPublicKey, verify, X509Certificate} from 'node:crypto';
import {inflateSync} from 'node:zlib';
import {Verifier} from '@auth0/mdl';
import {cborDecode, CoseKey, Holder, IssuerSigned} from '@owf/mdoc';
import {importX509, jwtVerify} from 'jose';

const names = certificate => certificate.issuer.split('\n').map(line => line.split('='));

// context is what @owf/mdoc asks of its surroundings, by node:crypto.
const context = {
  crypto: {
    random: () => { throw new Error('nothing is made here'); },
    digest: ({digestAlgorithm, bytes}) => createHash(digestAlgorithm.replace('-', '')).update(bytes).digest(),
  },
  cose: {sign1: {
    verify: ({key, sign1}) => verify('sha256', sign1.toBeSigned, {key: createPublicKey({key: key.jwk, format: 'jwk'}), dsaEncoding: 'ieee-p1363'}, sign1.signature),
  }},
  x509: {
    getIssuerNameField: ({certificate, field}) => names(new X509Certificate(certificate)).filter(([name]) => name === field).map(([, value]) => value),
    getPublicKey: ({certificate}) => CoseKey.fromJwk(new X509Certificate(certificate).publicKey.export({format: 'jwk'})),
    verifyCertificateChain({trustedCertificates, x5chain}) {
      let last = new X509Certificate(x5chain.at(-1));
      const anchor = trustedCertificates.map(c => new X509Certificate(c)).find(c => c.ca && last.checkIssued(c) && last.verify(c.publicKey));
      if (!anchor) throw new Error('the chain leads to no anchor');
    },
    getCertificateData({certificate}) {
      const c = new X509Certificate(certificate);
      return {issuerName: c.issuer, subjectName: c.subject, serialNumber: c.serialNumber, thumbprint: c.fingerprint256,
        notBefore: new Date(c.validFrom), notAfter: new Date(c.validTo), pem: c.toString()};
    },
  },
};

// deviceResponse wraps IssuerSigned, byte for byte, as ISO/IEC 18013-5 §8.3.2.1.2.2
// has it.
function deviceResponse(docType, issuerSigned) {
  const text = s => Buffer.concat([Buffer.from(s.length < 24 ? [0x60 + s.length] : [0x78, s.length]), Buffer.from(s)]);
  return Buffer.concat([Buffer.from([0xa3]), text('version'), text('1.0'), text('status'), Buffer.from([0]), text('documents'), Buffer.from([0x81, 0xa2]),
    text('docType'), text(docType), text('issuerSigned'), issuerSigned]);
}

// checkByOwf holds a credential to @owf/mdoc alone; options are the library's.
export async function checkByOwf(credential, anchors, options) {
  await Holder.verifyIssuerSigned({...options, issuerSigned: credential, trustedCertificates: anchors.map(pem => new X509Certificate(pem).raw)}, context);
}

// checkByAuth0 holds it to @auth0/mdl alone, in what concerns the issuer; there is no
// device here.
async function checkByAuth0(credential, anchors) {
  const failed = [];
  const {docType} = IssuerSigned.fromEncodedForOid4Vci(credential).issuerAuth.mobileSecurityObject;
  await new Verifier(anchors).verify(deviceResponse(docType, Buffer.from(credential, 'base64url')), {
    onCheck: c => { if (c.status === 'FAILED' && c.category !== 'DEVICE_AUTH') failed.push(`${c.check}: ${c.reason ?? ''}`); },
  });
  if (failed.length > 0) throw new Error(`Invalid for @auth0/mdl: ${failed.join('; ')}`);
}

// mdocLibraries are those that must each find a credential good, and each tampered copy
// bad.
export const mdocLibraries = {'@owf/mdoc': checkByOwf, '@auth0/mdl': checkByAuth0};

// checkStatusList looks the index up in the Token Status List (§8.3).
async function checkStatusList({uri, idx}) {
  const res = await fetch(uri, {headers: {Accept: 'application/statuslist+jwt'}});
  const token = await res.text();
  const {payload} = await jwtVerify(token, async ({x5c, alg}) => {
    if (!x5c) throw new Error('the status list names no certificate');
    return importX509(`-----BEGIN CERTIFICATE-----\n${x5c[0]}\n-----END CERTIFICATE-----`, alg);
  }, {typ: 'statuslist+jwt', algorithms: ['ES256']});
  const {bits, lst} = payload.status_list;
  const at = idx * bits;
  const value = inflateSync(Buffer.from(lst, 'base64url'))[at >> 3] >> at % 8 & (1 << bits) - 1; // the first entry is in the lowest bits
  if (payload.sub !== uri || value !== 0) throw new Error(`Status is not valid: ${value}`);
}

const get = (m, name) => (m instanceof Map ? m.get(name) : m?.[name]);

// checkMdoc gives the elements of all namespaces, or throws.
export async function checkMdoc(credential, issuer, holder, anchors) {
  for (const verify of Object.values(mdocLibraries)) await verify(credential, anchors);
  const document = IssuerSigned.fromEncodedForOid4Vci(credential);
  const object = document.issuerAuth.mobileSecurityObject;
  const {jwk} = object.deviceKeyInfo.deviceKey;
  if (jwk.x !== holder.x || jwk.y !== holder.y) throw new Error('bound to another key');
  const payload = cborDecode(document.issuerAuth.payload); // the library itself does not look at the status
  const status = get(get(payload.data ?? payload, 'status'), 'status_list');
  if (!status) throw new Error('there is no status to check');
  await checkStatusList({uri: get(status, 'uri'), idx: Number(get(status, 'idx'))});
  const claims = {};
  for (const [, items] of document.issuerNamespaces.issuerNamespaces) {
    for (const item of items) claims[item.elementIdentifier] = item.elementValue?.toISOString?.().slice(0, 10) ?? item.elementValue;
  }
  return claims;
}

// tamperMdoc makes copies with one byte changed in an element, in what is signed,
// and in the signature, all of them well-formed.
export function tamperMdoc(credential) {
  const copy = (mark, by) => {
    const raw = Buffer.from(credential, 'base64url');
    const at = raw.indexOf(mark);
    if (at < 0) throw new Error(`${mark} is not in it`);
    by(raw, at);
    return raw.toString('base64url');
  };
  return {
    element: copy(Buffer.from('d903ec6a', 'hex'), (raw, at) => { raw[at + 7] ^= 1; }), // the last digit of the year of a full-date (RFC 8943)
    signed: copy('validUntil', (raw, at) => { raw[at + 'validUntil'.length + 5] ^= 1; }),
    signature: copy('nameSpaces', (raw, at) => { raw[at - 8] ^= 1; }),
  };
}
