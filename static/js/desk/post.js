// One way to talk to the server, and one name for each way it can go.

import { desk, person } from "./page.js";

const PATIENCE = 30_000;
const LASTING = 30_000;

// The token of the page, which signing in again in another window makes stale.
let token = "";

function csrf() {
  return token || desk()?.querySelector("[name=csrfmiddlewaretoken]")?.value || document.body.dataset.token || "";
}

function read(html) {
  const node = new DOMParser().parseFromString(html, "text/html").getElementById("desk");
  return node && document.adoptNode(node);
}

async function send(url, fields) {
  const body = new URLSearchParams(fields);
  body.set("csrfmiddlewaretoken", csrf());
  const headers = { "HX-Request": "true", "X-CSRFToken": csrf() };
  // What fits is sent on even when the page is left while it is under way.
  const keepalive = body.toString().length < LASTING;
  return fetch(url, { method: "POST", body, headers, keepalive, signal: AbortSignal.timeout(PATIENCE) });
}

// Whoever is signed in now, by the desk's own page; their token replaces ours if they are who we were.
async function meetAgain() {
  const reply = await fetch(location.pathname, { signal: AbortSignal.timeout(PATIENCE) });
  if (new URL(reply.url).pathname === "/login/") return "signed-out";
  const page = new DOMParser().parseFromString(await reply.text(), "text/html");
  if (page.body.dataset.person !== person()) return "somebody-else";
  token = page.body.dataset.token;
  return "same";
}

// Post the fields. Resolves to {outcome, node, reply}, where outcome is one of: ok, refused (say why and keep the
// form), lost (the item went elsewhere), signed-out, somebody-else, gone, busy (try later), offline.
export async function post(url, fields) {
  try {
    let reply = await send(url, fields);
    if (reply.status === 403) {
      const met = await meetAgain();
      if (met !== "same") return { outcome: met };
      reply = await send(url, fields);
    }
    return await outcomeOf(reply);
  } catch {
    return { outcome: "offline" };
  }
}

async function outcomeOf(reply) {
  if (new URL(reply.url).pathname === "/login/") return { outcome: "signed-out" };
  if (reply.status === 204) return { outcome: "ok", node: null, reply };
  const kind = reply.headers.get("content-type") ?? "";
  const node = kind.startsWith("text/html") ? read(await reply.clone().text()) : null;
  if (reply.ok) return { outcome: "ok", node, reply };
  if (reply.status === 422) return { outcome: "refused", node, reply };
  if (reply.status === 409) return { outcome: "lost", node, reply };
  if (reply.status === 404) return { outcome: (await meetAgain()) === "somebody-else" ? "somebody-else" : "gone" };
  if (reply.status === 403) return { outcome: "signed-out" };
  return { outcome: "busy" };
}
