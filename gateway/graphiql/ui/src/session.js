// Who the token says we are, and the queries worth trying in that role. The token stays in this page's memory.
export async function openSession(url, token) {
  const reply = await fetch(url, {
    headers: { authorization: `Bearer ${token}`, accept: "application/json" },
    credentials: "omit",
    cache: "no-store",
  });
  const body = await reply.json().catch(() => ({}));
  if (!reply.ok) throw new Error(body.errors?.[0]?.message ?? `The gateway answered ${reply.status}.`);
  return body;
}
