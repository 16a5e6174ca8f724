// What somebody wrote and has not sent. Kept in this browser at every change, named by the assignment and by the
// digest of what was shown; on the server a moment later and when the page is left. Signing out removes it here.

import { DRAFTS } from "../app.js";
import { form, keep, kept, person, session, shownPk } from "./page.js";
import { post } from "./post.js";

const PAUSE = 2_500;
const waiting = new Map();

const nameOf = (pk) => `${DRAFTS}${person()}:${pk}`;

export function answersIn(here) {
  return [...new FormData(here)].filter(([name]) => name.startsWith("answer_"));
}

function draftOf(here) {
  return { digest: here.elements.digest.value, at: Date.now(), fields: answersIn(here) };
}

// Remember the form as it is; `away` when the page is being left, so that nothing waits.
export function keepDraft(away = false) {
  const here = form();
  if (!here || here.dataset.sent || document.body.dataset.signingOut) return;
  const pk = shownPk();
  const draft = draftOf(here);
  keep(nameOf(pk), draft);
  clearTimeout(waiting.get(pk));
  if (!here.dataset.draft) return;
  if (away) beacon(here);
  else waiting.set(pk, setTimeout(() => send(here), PAUSE));
}

function body(here) {
  const fields = new URLSearchParams(answersIn(here));
  for (const name of ["digest", "lease_token", "csrfmiddlewaretoken"]) fields.set(name, here.elements[name].value);
  return fields;
}

function send(here) {
  if (!here.dataset.sent) post(here.dataset.draft, body(here));
}

function beacon(here) {
  const headers = { "HX-Request": "true" };
  fetch(here.dataset.draft, { method: "POST", body: body(here), headers, keepalive: true }).catch(() => {});
}

export function forgetDraft(pk) {
  clearTimeout(waiting.get(pk));
  keep(nameOf(pk), null);
  keep(nameOf(pk), null, session());
}

// The session ended elsewhere: keep it for this window alone, until it is closed.
export function rescueDraft() {
  const here = form();
  if (here) keep(nameOf(shownPk()), draftOf(here), session());
}

// Put back what was written about exactly this text; returns whether there was anything.
export function restoreDraft() {
  const here = form();
  if (!here || here.dataset.restored) return false;
  here.dataset.restored = "yes";
  const name = nameOf(shownPk());
  const draft = kept(name, session()) ?? kept(name);
  if (!draft || draft.digest !== here.elements.digest.value || !draft.fields?.length) return false;
  fill(here, draft.fields);
  return true;
}

export function fill(here, fields) {
  const given = new Map();
  for (const [name, value] of fields) given.set(name, [...(given.get(name) ?? []), value]);
  for (const control of here.elements) {
    if (!control.name?.startsWith("answer_")) continue;
    const values = given.get(control.name) ?? [];
    if (control.type === "radio" || control.type === "checkbox") control.checked = values.includes(control.value);
    else control.value = values[0] ?? "";
  }
  here.dispatchEvent(new Event("change", { bubbles: true }));
}

document.addEventListener("input", (event) => { if (event.target.form === form()) keepDraft(); });
document.addEventListener("change", (event) => { if (event.isTrusted && event.target.form === form()) keepDraft(); });
document.addEventListener("visibilitychange", () => { if (document.hidden) keepDraft(true); });
window.addEventListener("pagehide", () => keepDraft(true));
