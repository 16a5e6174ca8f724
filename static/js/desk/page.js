// The parts of the desk's page that every other module asks for: the item shown, its form, words in the reader's
// language, and the line in which the page says what happened.

import { storage } from "../app.js";

export const desk = () => document.getElementById("desk");
export const form = () => desk()?.querySelector("form:is(.verdict, [data-answers])") ?? null;
export const person = () => document.body.dataset.person ?? "";
export const place = () => document.body.dataset.project ?? "";
export const shownPk = (node = desk()) => node?.dataset.assignment ?? "";

function json(id) {
  const holder = document.getElementById(id);
  return holder ? JSON.parse(holder.textContent) : {};
}

const words = json("words");
export const settings = json("desk-settings");

// The words named, with {n} and the like filled in.
export function word(name, values = {}) {
  return (words[name] ?? name).replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);
}

// Say something in passing; screen readers hear it, eyes find it above the item.
export function announce(text, tone = "") {
  const line = document.getElementById("said");
  if (!line) return;
  line.className = `said ${tone}`;
  // The same words twice in a row are said twice.
  line.textContent = line.textContent === text ? `${text}\u00a0` : text;
}

export function busy() {
  return desk()?.getAttribute("aria-busy") === "true";
}

// Read and write JSON in the browser's storage; a storage that is off or full loses nothing else.
export function kept(key, store = storage()) {
  try { return JSON.parse(store?.getItem(key) ?? "null"); } catch { return null; }
}

export function keep(key, value, store = storage()) {
  try {
    if (value === null) store?.removeItem(key);
    else store?.setItem(key, JSON.stringify(value));
  } catch { /* The server's copy and the form itself remain. */ }
}

export function session() {
  try { return window.sessionStorage; } catch { return null; }
}
