// Which key does what. Keys follow the letter that is printed, not its place on the keyboard; they rest while somebody
// types or a dialog is open. A person may give every act another key; the page then prints that one.

import { busy, desk, form, settings } from "./page.js";

export const DEFAULTS = {
  submit: "Enter", undo: "u", skip: "s", flag: "f", note: "t", guidelines: "g", raw: "r", differences: "d", prompt: "p",
  pictures: "i", later: "j", mine: "k", keys: "?",
};
const PRINTED = { Enter: "Enter", " ": "Space", ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→" };

const chosen = { ...DEFAULTS, ...settings.keys };
const acts = new Map();
const rows = [];

// Say what an act does, or give a function that may answer any key; it returns whether it did.
export const on = (act, run) => acts.set(act, run);
export const onKey = (run) => rows.push(run);

export const printed = (key) => PRINTED[key] ?? (key.length === 1 ? key.toUpperCase() : key);

export function printKeys(root = document) {
  for (const label of root.querySelectorAll("kbd[data-act]")) {
    if (chosen[label.dataset.act]) label.textContent = printed(chosen[label.dataset.act]);
  }
}

const FIELD = "input:not([type=radio], [type=checkbox]), textarea, [contenteditable]";

function typed(event) {
  const field = event.target.closest?.(FIELD);
  if (!field) return false;
  const chord = event.ctrlKey || event.metaKey;
  if (event.key === "Escape") field.blur();
  else if (event.key === "Enter" && (chord || (field.tagName === "INPUT" && !event.shiftKey))) run("submit", event);
  return true;
}

function run(act, event) {
  const does = acts.get(act);
  if (!does) return false;
  event.preventDefault();
  does(event);
  return true;
}

function actOf(key) {
  return Object.keys(chosen).find((act) => chosen[act] === key) ?? "";
}

function pressed(event) {
  if (event.isComposing || event.defaultPrevented || event.repeat && event.key === "Enter") return;
  if (document.querySelector("dialog[open]") || !desk() || typed(event)) return;
  const chord = event.ctrlKey || event.metaKey;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (chord && key === "z" && !event.shiftKey) { run("undo", event); return; }
  if (chord && key === "Enter") { run("submit", event); return; }
  if (chord) return;
  // A control that has the focus answers Enter and Space itself.
  if ((key === "Enter" || key === " ") && event.target.closest("button, a, summary")) return;
  if (key === " " && event.target.closest("select")) return;
  if (form() && !busy()) {
    for (const row of rows) if (row(key, event)) { event.preventDefault(); return; }
  }
  if (!event.altKey && !(event.shiftKey && /^[a-z]$/.test(key))) run(actOf(key), event);
}

export function startKeys() {
  document.addEventListener("keydown", pressed);
  printKeys();
}
