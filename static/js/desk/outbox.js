// What was sent and has not been acknowledged: kept in order, in memory and in this browser, until the server has it.
// Each entry carries the client-made key of its form, and so it may be sent twice without being counted twice.

import { OUTBOX, storage } from "../app.js";
import { keep, kept, person, place } from "./page.js";

const name = () => `${OUTBOX}${person()}:${place()}`;

export const outbox = [];

export function remember() {
  const entries = outbox.map(({ pk, kind, url, body }) => ({ pk, kind, url, body }));
  keep(name(), entries.length ? entries : null);
  document.body.dataset.unsent = String(entries.length);
}

export function push(entry) {
  outbox.push(entry);
  remember();
}

export function drop(entry) {
  const at = outbox.indexOf(entry);
  if (at >= 0) outbox.splice(at, 1);
  remember();
}

// What an earlier page of this person left behind: a reload, a crash, a sign-out elsewhere.
export function recall() {
  for (const entry of kept(name()) ?? []) {
    if (!outbox.some((one) => one.body === entry.body)) outbox.push({ ...entry, node: null });
  }
  remember();
  return outbox.length;
}

export function forgetAll() {
  const store = storage();
  for (const key of Object.keys(store ?? {})) if (key.startsWith(OUTBOX)) store.removeItem(key);
}
