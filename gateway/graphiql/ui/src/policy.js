// What the page's Content-Security-Policy needs of the code: a nonce on every style element that the editor makes,
// and a Trusted Types policy that lets through our own three workers and nothing else.
export function keepToPolicy(nonce, assets) {
  const create = document.createElement.bind(document);
  document.createElement = (name, options) => {
    const element = create(name, options);
    if (String(name).toLowerCase() === "style") element.nonce = nonce;
    return element;
  };

  const workers = { graphql: "graphql.worker.js", json: "json.worker.js" };
  const rules = {
    createScriptURL(url) {
      const known = ["editor.worker.js", ...Object.values(workers)].map((file) => `${assets}/${file}`);
      if (!known.includes(url)) throw new TypeError("not one of this page's workers");
      return url;
    },
  };
  const policy = window.trustedTypes?.createPolicy("joinup-workers", rules) ?? rules;
  globalThis.MonacoEnvironment = {
    getWorker: (_id, label) => new Worker(policy.createScriptURL(`${assets}/${workers[label] ?? "editor.worker.js"}`)),
  };
}
