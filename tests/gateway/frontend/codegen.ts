// The configuration that docs/serving.md recommends.
export default {
  schema: "schema.graphql",
  documents: ["src/*.ts", "src/*.graphql"],
  generates: {
    "./src/gql/": {
      preset: "client",
      presetConfig: { persistedDocuments: { hashAlgorithm: "sha256" } },
      config: {
        federation: true,
        strictScalars: true,
        useTypeImports: true,
        scalars: { NHSNumber: "string", PartialDateTime: "string", _Any: "unknown" },
      },
    },
  },
};
