// Composes subgraphs with Apollo's own composition.
//   node compose.mjs SUBGRAPHS.json SUPERGRAPH
import { readFileSync, writeFileSync } from 'node:fs';
import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';

const given = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const { errors, supergraphSdl } = composeServices(given.map(({ name, url, sdl }) => ({ name, url, typeDefs: parse(sdl) })));
if (errors?.length) throw new Error(errors.map((error) => error.message).join('\n'));
writeFileSync(process.argv[3], supergraphSdl);
