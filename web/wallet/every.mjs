// A wallet that is not ours takes every format, with DPoP, by the grant that the
// offer has: a pre-authorized code, or the way over the browser.
//
//   node every.mjs 'openid-credential-offer://?...' [client]
//
// client is JSON {id, redirect, jwk}: a registered client, which shows itself by
// private_key_jwt. For the browser it prints {"open": address} and reads the
// address that the browser came back to from standard input. It prints one JSON
// line per credential.
import {createHash, createPrivateKey, generateKeyPairSync, randomBytes, randomUUID, sign} from 'node:crypto';
import {createInterface} from 'node:readline';
import {clientAuthenticationAnonymous} from '@openid4vc/oauth2';
import {Openid4vciClient, setGlobalConfig} from '@openid4vc/openid4vci';
import {didKey} from './didkey.mjs';

setGlobalConfig({allowInsecureUrls: true}); // the tests' issuer is http on this machine

const [link, registered] = process.argv.slice(2);
const me = registered && JSON.parse(registered);
const b64 = v => Buffer.from(typeof v === 'string' ? v : JSON.stringify(v)).toString('base64url');
const pair = () => generateKeyPairSync('ec', {namedCurve: 'P-256'});
const publicJwk = ({publicKey}) => publicKey.export({format: 'jwk'});
const [holder, dpopKey, ed] = [pair(), pair(), generateKeyPairSync('ed25519')];
const no = what => () => { throw new Error(`${what} is not part of this flow`); };

function jwt(header, payload, key) {
  const input = `${b64(header)}.${b64(payload)}`;
  const signature = header.alg === 'EdDSA' ? sign(null, Buffer.from(input), key) : sign('sha256', Buffer.from(input), {key, dsaEncoding: 'ieee-p1363'});
  return `${input}.${signature.toString('base64url')}`;
}

// privateKeyJwt is RFC 7523 §2.2.
function privateKeyJwt({authorizationServerMetadata, body}) {
  const now = Math.floor(Date.now() / 1000);
  const claims = {iss: me.id, sub: me.id, aud: authorizationServerMetadata.issuer, jti: randomUUID(), iat: now, exp: now + 60};
  Object.assign(body, {client_id: me.id, client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: jwt({alg: 'ES256', kid: me.jwk.kid}, claims, createPrivateKey({key: me.jwk, format: 'jwk'}))});
}

const client = new Openid4vciClient({callbacks: {
  fetch,
  hash: (data, alg) => createHash(alg.replace('-', '')).update(data).digest(),
  generateRandom: n => randomBytes(n),
  clientAuthentication: me ? privateKeyJwt : clientAuthenticationAnonymous(),
  signJwt(signer, {header, payload}) {
    const keys = signer.alg === 'EdDSA' ? ed : header.typ === 'dpop+jwt' ? dpopKey : holder;
    return {jwt: jwt(header, payload, keys.privateKey), signerJwk: publicJwk(keys)};
  },
  verifyJwt: no('a signed request'), encryptJwe: no('encryption'), decryptJwe: no('encryption'),
}});

// signer proves a bare key where a format takes one, a did:key elsewhere.
const signer = format => ['dc+sd-jwt', 'mso_mdoc'].includes(format)
  ? {method: 'jwk', alg: 'ES256', publicJwk: publicJwk(holder)} : {method: 'did', alg: 'EdDSA', didUrl: didKey(ed.publicKey).url};

// browse goes over the browser, with PAR and PKCE, and gives the answer of the
// token endpoint.
async function browse(credentialOffer, issuerMetadata, dpop) {
  const all = issuerMetadata.credentialIssuer.credential_configurations_supported;
  const scope = credentialOffer.credential_configuration_ids.map(id => all[id].scope).join(' ');
  const begun = await client.initiateAuthorization({clientId: me.id, redirectUri: me.redirect, credentialOffer, issuerMetadata, scope, dpop, state: 'state-1'});
  console.log(JSON.stringify({open: begun.authorizationRequestUrl}));
  const {value: back} = await createInterface({input: process.stdin})[Symbol.asyncIterator]().next();
  const answer = client.parseAndVerifyAuthorizationResponseRedirectUrl({url: back, authorizationServerMetadata: issuerMetadata.authorizationServers[0]});
  return client.retrieveAuthorizationCodeAccessTokenFromOffer({issuerMetadata, credentialOffer, authorizationCode: answer.code,
    pkceCodeVerifier: begun.pkce.codeVerifier, redirectUri: me.redirect, dpop});
}

const credentialOffer = await client.resolveCredentialOffer(link);
const issuerMetadata = await client.resolveIssuerMetadata(credentialOffer.credential_issuer);
let dpop = {signer: {method: 'jwk', alg: 'ES256', publicJwk: publicJwk(dpopKey)}};
const answer = credentialOffer.grants.authorization_code
  ? await browse(credentialOffer, issuerMetadata, dpop)
  : await client.retrievePreAuthorizedCodeAccessTokenFromOffer({credentialOffer, issuerMetadata, dpop});
if (answer.accessTokenResponse.token_type !== 'DPoP') throw new Error(`the token is a ${answer.accessTokenResponse.token_type}`);
dpop = answer.dpop ?? dpop;
for (const id of credentialOffer.credential_configuration_ids) {
  const {format} = issuerMetadata.credentialIssuer.credential_configurations_supported[id];
  const {c_nonce: nonce} = await client.requestNonce({issuerMetadata});
  const proof = await client.createCredentialRequestJwtProof({issuerMetadata, credentialConfigurationId: id, nonce, signer: signer(format), issuedAt: new Date(), clientId: me?.id});
  const {credentialResponse} = await client.retrieveCredentials({issuerMetadata, accessToken: answer.accessTokenResponse.access_token, credentialConfigurationId: id, proofs: {jwt: [proof.jwt]}, dpop});
  console.log(JSON.stringify({configuration: id, format, credential: credentialResponse.credentials[0].credential}));
}
process.exit(0); // standard input may still be open
