// A partner's subgraph with Apollo Server: checks of mobility, added to Patient.
//
//     npm install
//     JOINUP_PUBLIC_KEY=gateway.pub.pem JOINUP_NAME=mobility PORT=4002 npm start
//
// Replace CHECKS by your own database; keep the directives of schema.graphql.

import { readFileSync } from 'node:fs';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { parse } from 'graphql';
import { importSPKI, jwtVerify } from 'jose';

const SNOMED = 'http://snomed.info/sct';
const CHECKS = {
  9990000026: [
    { id: 'mobility/a', on: '2026-02-11', seconds: 14, remark: 'Steady with a frame.',
      finding: { system: SNOMED, code: '365092005', words: 'Ability to walk' } },
    // Sensitive by its code alone: the gateway leaves this entry out.
    { id: 'mobility/b', on: '2026-04-02', seconds: 22, remark: null,
      finding: { system: SNOMED, code: '86406008', words: null } },
  ],
  9990000042: [{ id: 'mobility/c', on: '2026-01-30', seconds: 11, remark: null, finding: null }],
};

const name = process.env.JOINUP_NAME ?? 'mobility';
const key = process.env.JOINUP_PUBLIC_KEY
  ? await importSPKI(readFileSync(process.env.JOINUP_PUBLIC_KEY, 'utf8'), 'EdDSA')
  : null;

// Whether the request carries the gateway's signed word. Its claims say who asks: role, organisation, purpose.
async function isFromGateway(token) {
  if (key === null) return true;
  try {
    await jwtVerify(token ?? '', key, { issuer: 'joinup', audience: name });
    return true;
  } catch {
    return false;
  }
}

const resolvers = {
  Patient: {
    // Null for somebody whom you do not know: never an empty record.
    async __resolveReference({ nhsNumber }, { admitted }) {
      if (!admitted) throw new Error('not from the gateway');
      return nhsNumber in CHECKS ? { nhsNumber } : null;
    },
    mobilityChecks: ({ nhsNumber }) => CHECKS[nhsNumber],
  },
};

const typeDefs = parse(readFileSync(new URL('schema.graphql', import.meta.url), 'utf8'));
const server = new ApolloServer({ schema: buildSubgraphSchema([{ typeDefs, resolvers }]) });
const { url } = await startStandaloneServer(server, {
  listen: { host: '127.0.0.1', port: Number(process.env.PORT ?? 4002) },
  context: async ({ req }) => ({ admitted: await isFromGateway(req.headers['joinup-context']) }),
});
console.log(`ready at ${url}`);
