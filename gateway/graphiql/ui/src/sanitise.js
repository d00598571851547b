// Descriptions arrive as HTML made from Markdown. Under Trusted Types a plain string may not become HTML; this default
// policy lets through the elements that Markdown makes, stripped of everything but safe links. Built in a document that
// is never shown: nothing in it loads or runs.
const ALLOWED = new Set(
  ("A B BLOCKQUOTE BR CODE DEL EM H1 H2 H3 H4 H5 H6 HR I LI OL P PRE S STRONG TABLE TBODY TD TH THEAD TR UL").split(" "),
);

export function sanitiseHtml() {
  const inert = document.implementation.createHTMLDocument("");
  const raw = { createHTML: (text) => text };
  const trust = window.trustedTypes?.createPolicy("joinup-inert", raw) ?? raw;
  const clean = (text) => {
    const body = inert.createElement("div");
    body.innerHTML = trust.createHTML(text);
    for (const element of [...body.querySelectorAll("*")].reverse()) tidy(element);
    return body.innerHTML;
  };
  window.trustedTypes?.createPolicy("default", { createHTML: clean });
}

function tidy(element) {
  if (!ALLOWED.has(element.tagName)) {
    element.replaceWith(element.ownerDocument.createTextNode(element.textContent));
    return;
  }
  const link = element.tagName === "A" ? element.getAttribute("href") : null;
  for (const name of element.getAttributeNames()) element.removeAttribute(name);
  if (link?.startsWith("https://")) {
    element.setAttribute("href", link);
    element.setAttribute("rel", "noreferrer noopener");
    element.setAttribute("target", "_blank");
  }
}
