// An OpenID Provider for tests. PORT is where it listens, CALLBACK where it sends
// people back to, KEYS where it finds the key of its one client. Whoever signs in as
// staff-NAME is NAME@office.example, verified; as loose-NAME the same, not verified;
// everybody else is the individual with that number.
import http from 'node:http';
import Provider from 'oidc-provider';

const callback = process.env.CALLBACK;
const jwks = await (await fetch(process.env.KEYS)).json();
const claimsOf = (id) => {
  const [kind, name] = id.includes('-') ? id.split('-') : ['', id];
  if (kind === 'staff' || kind === 'loose') return { sub: id, email: `${name}@office.example`, email_verified: kind === 'staff' };
  return { sub: id, individual_id: id };
};
const server = http.createServer();
server.listen(Number(process.env.PORT), '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{
      client_id: 'registry', redirect_uris: [callback], response_types: ['code'], grant_types: ['authorization_code'],
      token_endpoint_auth_method: 'private_key_jwt', token_endpoint_auth_signing_alg: 'ES256', jwks,
    }],
    claims: { openid: ['sub', 'individual_id'], profile: ['name'], email: ['email', 'email_verified'] },
    cookies: { keys: ['test-only'] },
    pkce: { required: () => true },
    features: { devInteractions: { enabled: true } },
    findAccount: async (_, id) => ({ accountId: id, claims: async () => claimsOf(id) }),
  });
  provider.on('server_error', (_, e) => console.error('server_error', e));
  provider.on('grant.error', (_, e) => console.error('grant.error', e.error, e.error_description, e.error_detail));
  provider.on('authorization.error', (_, e) => console.error('authorization.error', e.error, e.error_description));
  server.on('request', provider.callback());
  console.log(`ISSUER ${issuer}`);
});
process.on('SIGTERM', () => process.exit(0));
