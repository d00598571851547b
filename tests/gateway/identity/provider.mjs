// A certified OpenID provider that issues RFC 9068 access tokens: node provider.mjs PORT ALGORITHM
import { generateKeyPairSync } from "node:crypto";
import Provider from "oidc-provider";

const [port, algorithm] = process.argv.slice(2);
const pair = algorithm === "ES256" ? generateKeyPairSync("ec", { namedCurve: "P-256" }) : generateKeyPairSync("rsa", { modulusLength: 2048 });
const key = { ...pair.privateKey.export({ format: "jwk" }), alg: algorithm, use: "sig", kid: `${algorithm}-${Date.now()}` };
const issuer = `http://127.0.0.1:${port}`;
const provider = new Provider(issuer, {
  jwks: { keys: [key] },
  clients: [
    { client_id: "ward-list", client_secret: "secret", grant_types: ["client_credentials"], id_token_signed_response_alg: algorithm, redirect_uris: [], response_types: [] },
  ],
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => "urn:joinup",
      getResourceServerInfo: () => ({
        scope: "record",
        audience: "urn:joinup",
        accessTokenTTL: 600,
        accessTokenFormat: "jwt",
        jwt: { sign: { alg: algorithm } },
      }),
    },
  },
  extraTokenClaims: () => ({ role: "gp", organisation: "F83004" }),
});
provider.listen(Number(port), "127.0.0.1", () => console.log("listening"));
