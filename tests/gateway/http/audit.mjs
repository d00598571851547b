// Runs every audit of npm graphql-http against a server: node audit.mjs URL TOKEN → JSON on standard output.
import { serverAudits } from "graphql-http";

const [url, token] = process.argv.slice(2);
const withToken = (target, init = {}) =>
  fetch(target, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } });
const results = [];
for (const audit of serverAudits({ url, fetchFn: withToken })) {
  const result = await audit.fn();
  results.push({ id: audit.id, name: audit.name, status: result.status, reason: result.reason });
}
console.log(JSON.stringify(results));
