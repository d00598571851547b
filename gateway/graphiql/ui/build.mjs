// Bundles GraphiQL for our own origin: one module, one stylesheet, one font, three workers, each gzipped beside a
// manifest of hashes. `npm ci && node build.mjs` writes ../assets; tests check the files against the manifest.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const out = new URL("../assets/", import.meta.url).pathname;
const raw = new URL("./dist/", import.meta.url).pathname;
rmSync(raw, { recursive: true, force: true });
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

const common = {
  bundle: true,
  minify: true,
  legalComments: "none",
  outdir: raw,
  define: { "process.env.NODE_ENV": '"production"' },
  logLevel: "warning",
  metafile: true,
};
const page = await build({
  ...common,
  entryPoints: { graphiql: "src/app.jsx" },
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  assetNames: "[name]",
  loader: { ".ttf": "file" },
});
const workers = await build({
  ...common,
  entryPoints: {
    "editor.worker": "monaco-editor/esm/vs/editor/editor.worker.js",
    "json.worker": "monaco-editor/esm/vs/language/json/json.worker.js",
    "graphql.worker": "monaco-graphql/esm/graphql.worker.js",
  },
  format: "iife",
  target: "es2022",
});

const files = {};
for (const name of readdirSync(raw).sort()) {
  const bytes = readFileSync(raw + name);
  files[name] = { sha256: createHash("sha256").update(bytes).digest("hex"), bytes: bytes.length };
  writeFileSync(`${out}${name}.gz`, gzipSync(bytes, { level: 9 }));
}
const packages = bundled([page, workers]);
writeFileSync(`${out}manifest.json`, `${JSON.stringify({ files, packages: versions(packages) }, null, 2)}\n`);
writeFileSync(`${out}LICENSES.txt`, licences(packages));

function bundled(results) {
  const names = new Set();
  for (const input of results.flatMap((result) => Object.keys(result.metafile.inputs))) {
    const found = [...input.matchAll(/node_modules\/((?:@[^/]+\/)?[^/]+)/g)].at(-1);
    if (found) names.add(found[1]);
  }
  return [...names].sort();
}

function described(name) {
  return JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8"));
}

function versions(names) {
  return Object.fromEntries(names.map((name) => [name, `${described(name).version} (${described(name).license})`]));
}

function licences(names) {
  const parts = names.map((name) => {
    const folder = `node_modules/${name}/`;
    const texts = readdirSync(folder).filter((file) => /^(licen[cs]e|notice|thirdpartynotices)/i.test(file));
    const { version, license, repository } = described(name);
    const text = texts.map((file) => readFileSync(folder + file, "utf8").trim()).join("\n\n");
    return `${name} ${version} (${license})\n\n${text || `Under ${license}; the package brings no licence file, its repository does: ${repository?.url ?? repository}`}`;
  });
  return `Third-party packages in this folder's bundles\n\n${parts.join(`\n\n${"=".repeat(80)}\n\n`)}\n`;
}
