import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import "graphiql/style.css";
import { useMemo, useState } from "react";
import { createRoot } from "react-dom/client";
import "./app.css";
import { keepToPolicy } from "./policy.js";
import { sanitiseHtml } from "./sanitise.js";
import { openSession } from "./session.js";
import { memoryStorage } from "./storage.js";

const mount = document.getElementById("graphiql");
const { endpoint, session, assets } = mount.dataset;
keepToPolicy(mount.nonce, assets);
sanitiseHtml();

function TokenBar({ who, onToken, onLeave, problem }) {
  const [text, setText] = useState("");
  const enter = (event) => {
    event.preventDefault();
    const token = text.trim().replace(/^Bearer\s+/i, "");
    setText("");
    if (token) onToken(token);
  };
  return (
    <form className="joinup-bar" onSubmit={enter} autoComplete="off">
      <strong>Joined-up record</strong>
      {who ? (
        <span id="joinup-who">
          {who.role}
          {who.organisation ? ` at ${who.organisation}` : ""}
        </span>
      ) : (
        <span>Paste an access token to begin. It is kept in this page only.</span>
      )}
      <input
        id="joinup-token"
        type="password"
        aria-label="Access token"
        placeholder={who ? "Another token" : "Access token"}
        autoComplete="off"
        spellCheck="false"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <button type="submit">Use token</button>
      {who && (
        <button type="button" onClick={onLeave}>
          Forget
        </button>
      )}
      {problem && <span role="alert">{problem}</span>}
    </form>
  );
}

function Workbench({ token, who }) {
  const storage = useMemo(memoryStorage, []);
  const fetcher = useMemo(
    () =>
      createGraphiQLFetcher({
        url: endpoint,
        fetch: (url, init) =>
          fetch(url, {
            ...init,
            headers: { ...init.headers, authorization: `Bearer ${token}` },
            credentials: "omit",
            cache: "no-store",
          }),
      }),
    [token],
  );
  const tabs = who.examples.map(({ query, variables }) => ({
    query,
    variables: variables ? JSON.stringify(variables, null, 2) : null,
  }));
  return (
    <GraphiQL
      fetcher={fetcher}
      storage={storage}
      defaultTabs={tabs.length ? tabs : undefined}
      initialVariables={tabs[0]?.variables ?? undefined}
      schema={who.introspection ? undefined : null}
      shouldPersistHeaders={false}
      showPersistHeadersSettings={false}
      isHeadersEditorEnabled={false}
      defaultEditorToolsVisibility="variables"
    />
  );
}

function Page() {
  const [held, setHeld] = useState(null);
  const [problem, setProblem] = useState("");
  const take = async (token) => {
    try {
      const who = await openSession(session, token);
      setHeld({ token, who, turn: (held?.turn ?? 0) + 1 });
      setProblem("");
    } catch (failure) {
      setProblem(failure.message);
    }
  };
  return (
    <>
      <TokenBar who={held?.who} onToken={take} onLeave={() => setHeld(null)} problem={problem} />
      {held ? <Workbench key={held.turn} token={held.token} who={held.who} /> : <main className="joinup-empty" />}
    </>
  );
}

createRoot(mount).render(<Page />);
