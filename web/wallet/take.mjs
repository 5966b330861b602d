// A wallet that is not ours takes an offer, and verifiers that are not ours check
// what came. It is handed the offer's link and nothing else (and the transaction
// code, if there is one): everything else it learns from the issuer.
//
//   node take.mjs 'openid-credential-offer://?...' anchors.pem [tx_code]
//
// It prints one JSON line per credential and ends with 0 only if each one is
// verified and a tampered copy of each is refused.
import {readFileSync} from 'node:fs';
import {createHash, generateKeyPairSync, randomBytes, sign} from 'node:crypto';
import {clientAuthenticationAnonymous} from '@openid4vc/oauth2';
import {Openid4vciClient, setGlobalConfig} from '@openid4vc/openid4vci';
import {didKey} from './didkey.mjs';
import {formats} from './formats.mjs';

setGlobalConfig({allowInsecureUrls: true}); // the tests' issuer is http on this machine

const b64 = v => Buffer.from(typeof v === 'string' ? v : JSON.stringify(v)).toString('base64url');
const ec = generateKeyPairSync('ec', {namedCurve: 'P-256'});
const ed = generateKeyPairSync('ed25519');
const no = what => () => { throw new Error(`${what} is not part of this flow`); };

const client = new Openid4vciClient({callbacks: {
  fetch,
  hash: (data, alg) => createHash(alg.replace('-', '')).update(data).digest(),
  generateRandom: n => randomBytes(n),
  clientAuthentication: clientAuthenticationAnonymous(),
  signJwt(signer, {header, payload}) {
    const input = `${b64(header)}.${b64(payload)}`;
    const signature = signer.alg === 'EdDSA'
      ? sign(null, Buffer.from(input), ed.privateKey)
      : sign('sha256', Buffer.from(input), {key: ec.privateKey, dsaEncoding: 'ieee-p1363'});
    return {jwt: `${input}.${signature.toString('base64url')}`, signerJwk: (signer.alg === 'EdDSA' ? ed : ec).publicKey.export({format: 'jwk'})};
  },
  verifyJwt: no('a signed request'), encryptJwe: no('encryption'), decryptJwe: no('encryption'),
}});

// bare says which formats are bound to a bare P-256 key; the others to a did:key.
const bare = format => format === 'dc+sd-jwt' || format === 'mso_mdoc';

function signer(format) {
  if (bare(format)) return {method: 'jwk', alg: 'ES256', publicJwk: ec.publicKey.export({format: 'jwk'})};
  return {method: 'did', alg: 'EdDSA', didUrl: didKey(ed.publicKey).url};
}

async function take(issuerMetadata, accessToken, credentialConfigurationId) {
  const {format} = issuerMetadata.credentialIssuer.credential_configurations_supported[credentialConfigurationId];
  const {c_nonce: nonce} = await client.requestNonce({issuerMetadata});
  const {jwt} = await client.createCredentialRequestJwtProof({issuerMetadata, credentialConfigurationId, nonce, signer: signer(format), issuedAt: new Date()});
  const {credentialResponse} = await client.retrieveCredentials({issuerMetadata, accessToken, credentialConfigurationId, proofs: {jwt: [jwt]}});
  if (credentialResponse.credentials?.length !== 1) throw new Error('not one credential came');
  const {credential} = credentialResponse.credentials[0];
  const issuer = issuerMetadata.credentialIssuer.credential_issuer;
  const holder = bare(format) ? ec.publicKey.export({format: 'jwk'}) : didKey(ed.publicKey).did;
  const {check, tamper, libraries = {}} = formats[format];
  const claims = await check(credential, issuer, holder, anchors);
  const tampered = await refusals(tamper(credential), c => check(c, issuer, holder, anchors));
  for (const [library, verify] of Object.entries(libraries)) {
    for (const [name, why] of Object.entries(await refusals(tamper(credential), c => verify(c, anchors)))) tampered[`${name}, ${library}`] = why;
  }
  return {configuration: credentialConfigurationId, format, cryptosuite: credential.proof?.cryptosuite, credential, issuer, holder, anchors, claims, tampered};
}

// refusals says of each tampered copy why it was refused.
async function refusals(copies, check) {
  const why = {};
  for (const [name, copy] of Object.entries(copies)) {
    try {
      await check(copy);
    } catch (e) {
      why[name] = String(e.message ?? e);
      continue;
    }
    throw new Error(`tampered copy "${name}" was accepted`);
  }
  return why;
}

const [link, anchorsFile, txCode] = process.argv.slice(2);
const anchors = readFileSync(anchorsFile, 'utf8').split(/(?<=-----END CERTIFICATE-----\n)/).filter(Boolean);
const credentialOffer = await client.resolveCredentialOffer(link);
const issuerMetadata = await client.resolveIssuerMetadata(credentialOffer.credential_issuer);
if (issuerMetadata.originalDraftVersion !== 'V1') throw new Error(`the issuer is taken for ${issuerMetadata.originalDraftVersion}, not 1.0`);
const {accessTokenResponse} = await client.retrievePreAuthorizedCodeAccessTokenFromOffer({credentialOffer, issuerMetadata, txCode});
for (const id of credentialOffer.credential_configuration_ids) {
  console.log(JSON.stringify(await take(issuerMetadata, accessTokenResponse.access_token, id)));
}
