// An app that may send nothing but its own published documents: it knows their hashes, not their text.
import { useFragment } from "./gql";
import { AskedFragmentDoc, EverySectionDocument, type EverySectionQuery } from "./gql/graphql";

declare const process: { argv: string[]; exitCode: number };
const [url, token, nhsNumber] = process.argv.slice(2) as [string, string, string];

function hashOf(document: unknown): string {
  return (document as { __meta__: { hash: string } }).__meta__.hash;
}

async function ask(body: object): Promise<{ data?: EverySectionQuery; errors?: { extensions: { code: string } }[] }> {
  const headers = {
    authorization: `Bearer ${token}`,
    "content-type": "application/json",
    accept: "application/graphql-response+json",
  };
  const reply = await fetch(`${url}/graphql`, { method: "POST", headers, body: JSON.stringify(body) });
  return (await reply.json()) as Awaited<ReturnType<typeof ask>>;
}

async function main(): Promise<void> {
  const variables = { nhsNumber };
  const documentId = hashOf(EverySectionDocument);
  const own = await ask({ documentId, variables });
  const apollo = await ask({ extensions: { persistedQuery: { version: 1, sha256Hash: documentId } }, variables });
  const text = await ask({ query: "{ viewer { role } }" });
  const unknown = await ask({ documentId: "0".repeat(64), variables });
  const said = {
    sections: Object.keys(own.data?.patient ?? {}).length,
    allergies: own.data?.patient?.allergies?.sources.map((source) => useFragment(AskedFragmentDoc, source).status) ?? [],
    same: JSON.stringify(own.data?.patient?.name) === JSON.stringify(apollo.data?.patient?.name),
    text: text.errors?.[0]?.extensions.code ?? "answered",
    unknown: unknown.errors?.[0]?.extensions.code ?? "answered",
  };
  console.log(JSON.stringify(said));
}

void main();
