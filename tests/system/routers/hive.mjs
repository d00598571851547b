// Hive Gateway over a supergraph file; the caller's bearer goes on to every subgraph.
//   node hive.mjs SUPERGRAPH PORT [rust]
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { createGatewayRuntime } from '@graphql-hive/gateway';
import { unifiedGraphHandler } from '@graphql-hive/router-runtime';

const gateway = createGatewayRuntime({
  supergraph: readFileSync(process.argv[2], 'utf8'),
  ...(process.argv[4] === 'rust' ? { unifiedGraphHandler } : {}),
  maskedErrors: false,
  logging: false,
  propagateHeaders: {
    fromClientToSubgraphs: ({ request }) => ({ authorization: request.headers.get('authorization') ?? '' }),
  },
});
createServer(gateway).listen(Number(process.argv[3]), '127.0.0.1');
