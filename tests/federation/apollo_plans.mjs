// Plans operations with Apollo's planner, over supergraphs that Apollo composed and over given ones.
//   node apollo_plans.mjs CASES.json      (standard output: per case {error} or {supergraph, apollo: [plan], given: [plan]})
import { readFileSync } from 'node:fs';
import { composeServices } from '@apollo/composition';
import { ROUTER_SUPPORTED_SUPERGRAPH_FEATURES, Supergraph, operationFromDocument } from '@apollo/federation-internals';
import { QueryPlanner } from '@apollo/query-planner';
import { parse } from 'graphql';

function plans(sdl, operations) {
  const supergraph = Supergraph.build(sdl, { supportedFeatures: ROUTER_SUPPORTED_SUPERGRAPH_FEATURES });
  const planner = new QueryPlanner(supergraph);
  return operations.map((text) => {
    try {
      return planner.buildQueryPlan(operationFromDocument(supergraph.apiSchema(), parse(text)));
    } catch (error) {
      return { error: String(error.message) };
    }
  });
}

const cases = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const found = cases.map(({ subgraphs, supergraph, operations }) => {
  const services = Object.entries(subgraphs).map(([name, sdl]) => ({ name, url: `http://${name}`, typeDefs: parse(sdl) }));
  const { errors, supergraphSdl } = composeServices(services);
  if (errors?.length) return { error: errors.map((error) => error.message).join('\n') };
  return {
    supergraph: supergraphSdl,
    apollo: plans(supergraphSdl, operations),
    given: plans(supergraph, operations),
  };
});
process.stdout.write(JSON.stringify(found));
