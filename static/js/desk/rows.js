// Answering by keys. A row is one thing to answer: a scale, an attribute, a choice, a rank. Digits answer the row
// in hand and go on to the next; arrows go between rows.

import { form } from "./page.js";

const SOON = 450;
let lately = { row: null, key: "", at: 0 };

export function rows(here = form()) {
  return here ? [...here.querySelectorAll("[data-row]")].filter((row) => !row.closest("[hidden], :disabled")) : [];
}

const chosen = (row) => row.querySelector("input:checked:not([value='']), option:checked:not([value=''])");

export function activeRow() {
  const all = rows();
  const focused = document.activeElement?.closest?.("[data-row]");
  if (focused && all.includes(focused)) return focused;
  return all.find((row) => row.classList.contains("in-hand")) ?? all.find((row) => !chosen(row)) ?? all[0] ?? null;
}

export function takeInHand(row, focus = true) {
  for (const one of form().querySelectorAll(".in-hand")) one.classList.remove("in-hand");
  if (!row) return;
  if (rows().length > 1) row.classList.add("in-hand");
  if (!focus) return;
  const control = row.querySelector("input:checked") ?? row.querySelector("input, select");
  control?.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

export function move(step) {
  const all = rows();
  if (all.length < 2) return false;
  const at = all.indexOf(activeRow());
  takeInHand(all[Math.min(all.length - 1, Math.max(0, at + step))]);
  return true;
}

function choose(control) {
  if (control.type === "checkbox") control.checked = !control.checked;
  else control.checked = true;
  control.focus({ preventScroll: true });
  control.dispatchEvent(new Event("change", { bubbles: true }));
}

// Whether the key answered the row in hand. A row that was answered hands over to the next open one.
export function answer(key) {
  const row = secondDigit(key) ?? activeRow();
  if (!row) return false;
  const wanted = lately.row === row ? `${lately.key}${key}` : key;
  const control = row.querySelector(`[data-press="${CSS.escape(wanted)}"]`) ?? row.querySelector(`[data-press="${CSS.escape(key)}"]`);
  if (!control || control.disabled) return false;
  if (control.tagName === "OPTION") pick(control);
  else choose(control);
  lately = { row, key, at: performance.now() };
  if (control.type !== "checkbox") goOn(row);
  return true;
}

// "1" and "0" in quick succession are ten, where the row has ten.
function secondDigit(key) {
  const soon = performance.now() - lately.at < SOON && lately.row?.isConnected;
  if (soon && lately.row.querySelector(`[data-press="${CSS.escape(lately.key + key)}"]`)) return lately.row;
  lately = { row: null, key: "", at: 0 };
  return null;
}

function pick(option) {
  const list = option.closest("select");
  list.value = option.value;
  list.dispatchEvent(new Event("change", { bubbles: true }));
}

function goOn(row) {
  const all = rows();
  const next = all[all.indexOf(row) + 1];
  takeInHand(next ?? row);
}

// E, N, A and B answer the comparison wherever the hand is.
export function quick(key) {
  const scale = rows().find((row) => row.dataset.row === "preference");
  const control = scale?.querySelector(`[data-quick~="${CSS.escape(key)}"]`);
  if (!control) return false;
  choose(control);
  return true;
}

// The first question that must be answered and is not: its element and its words.
export function unanswered() {
  for (const question of form().querySelectorAll("[data-question]")) {
    if (question.hidden || question.disabled || question.dataset.required === undefined) continue;
    const row = [...question.querySelectorAll("[data-row]")].find((one) => !chosen(one));
    const field = [...question.querySelectorAll("textarea, input:not([type=radio], [type=checkbox], [type=hidden])")]
      .find((one) => one.dataset.must !== undefined && !one.value.trim());
    const spans = question.querySelector("[data-spans]");
    if (row) return { question, row };
    if (field) return { question, field };
    if (spans && (!spans.value || spans.value === "[]")) return { question };
  }
  return null;
}
