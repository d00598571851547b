// A partner's subgraph with GraphQL Yoga: visits to the home, added to Patient.
//
//     npm install
//     JOINUP_PUBLIC_KEY=gateway.pub.pem JOINUP_NAME=visits PORT=4003 npm start
//
// Replace HOMES by your own database; keep the directives of schema.graphql.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { parse } from 'graphql';
import { createYoga } from 'graphql-yoga';
import { importSPKI, jwtVerify } from 'jose';

const HOMES = {
  9990000026: {
    visits: [
      { id: 'visits/a', on: '2026-03-20', by: 'Reablement team', note: 'Managed the stairs alone.' },
      // Sensitive by its words: the gateway leaves this entry out.
      { id: 'visits/b', on: '2026-03-27', by: 'Reablement team', note: 'Asked about her HIV clinic transport.' },
    ],
    // The second of them has opted out: the gateway leaves them out, wherever they appear.
    household: ['9990000034', '9990000042'],
  },
  9990000042: { visits: [{ id: 'visits/c', on: '2026-02-02', by: 'Handyperson', note: null }], household: ['9990000026'] },
};

const name = process.env.JOINUP_NAME ?? 'visits';
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
      return nhsNumber in HOMES ? { nhsNumber } : null;
    },
    homeVisits: ({ nhsNumber }) => HOMES[nhsNumber]?.visits,
    household: ({ nhsNumber }) => HOMES[nhsNumber]?.household.map((other) => ({ nhsNumber: other })),
  },
};

const typeDefs = parse(readFileSync(new URL('schema.graphql', import.meta.url), 'utf8'));
const yoga = createYoga({
  schema: buildSubgraphSchema([{ typeDefs, resolvers }]),
  graphiql: false,
  context: async ({ request }) => ({ admitted: await isFromGateway(request.headers.get('joinup-context')) }),
});
const port = Number(process.env.PORT ?? 4003);
createServer(yoga).listen(port, '127.0.0.1', () => console.log(`ready at http://127.0.0.1:${port}/graphql`));
