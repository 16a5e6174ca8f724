// Highlights inside a response. Places are code points, as the server counts them; a browser counts UTF-16 units, and a
// reader sees graphemes: a selection is widened to whole graphemes and then told in code points.

import { announce, desk, form, word } from "./page.js";

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

const questions = () => (form() ? [...form().querySelectorAll("[data-spans]")] : []);
const texts = () => [...desk().querySelectorAll(".shown-spans")];
const read = (field) => { try { return JSON.parse(field.value || "[]"); } catch { return []; } };

function write(field, spans) {
  field.value = spans.length ? JSON.stringify(spans) : "";
  field.dispatchEvent(new Event("change", { bubbles: true }));
  field.dispatchEvent(new Event("input", { bubbles: true }));
  draw();
}

export const codePoints = (text, units) => Array.from(text.slice(0, units)).length;
export const units = (text, points) => Array.from(text).slice(0, points).join("").length;

// The start and end of the graphemes that the units from..to touch.
export function whole(text, from, to) {
  let start = from;
  let end = to;
  for (const { index, segment } of graphemes.segment(text)) {
    if (index < from && index + segment.length > from) start = index;
    if (index < to && index + segment.length > to) end = index + segment.length;
    if (index > to) break;
  }
  return [start, end];
}

// How many units of the text lie before this point of the document.
function before(holder, node, offset) {
  const range = document.createRange();
  range.selectNodeContents(holder);
  range.setEnd(node, offset);
  return range.toString().length;
}

function selected() {
  const selection = getSelection();
  if (!selection.rangeCount || selection.isCollapsed) return null;
  const range = selection.getRangeAt(0);
  const holder = texts().find((text) => text.contains(range.startContainer) && text.contains(range.endContainer));
  if (!holder) return null;
  const text = holder.textContent;
  let [from, to] = [before(holder, range.startContainer, range.startOffset), before(holder, range.endContainer, range.endOffset)];
  // A space at either end was not meant.
  while (from < to && /\s/u.test(text[from])) from++;
  while (to > from && /\s/u.test(text[to - 1])) to--;
  if (from === to) return null;
  const [start, end] = whole(text, from, to);
  return { candidate: holder.dataset.side, start: codePoints(text, start), end: codePoints(text, end), holder };
}

function add(field, label) {
  const found = selected();
  if (!found) { announce(word("select-first"), "warn"); return; }
  const { holder, ...place } = found;
  const question = field.closest("[data-question]");
  const severity = question.querySelector("[data-severity]:checked")?.value ?? null;
  const spans = read(field);
  const twin = spans.findIndex((one) => one.candidate === place.candidate && one.start === place.start && one.end === place.end && one.label === label);
  if (twin >= 0) spans.splice(twin, 1);
  spans.push({ ...place, label, severity });
  write(field, spans);
  getSelection().removeAllRanges();
  holder.focus({ preventScroll: true });
  announce(word("highlighted", { label: nameOf(question, label) }));
}

const nameOf = (question, label) => question.querySelector(`[data-label="${CSS.escape(label)}"] .label-name`)?.textContent ?? label;

// Marks in the texts, and the list below the question from which each can be taken away.
export function draw() {
  for (const holder of texts()) {
    const text = holder.dataset.text ??= holder.textContent;
    const spans = questions().flatMap((field) => read(field).filter((one) => one.candidate === holder.dataset.side)
      .map((one) => ({ ...one, name: nameOf(field.closest("[data-question]"), one.label) })));
    const points = Array.from(text);
    const edges = [...new Set([0, points.length, ...spans.flatMap((one) => [one.start, one.end])])].sort((a, b) => a - b);
    holder.replaceChildren(...edges.slice(1).map((end, at) => segment(points, edges[at], end, spans)));
  }
  for (const field of questions()) list(field);
}

function segment(points, start, end, spans) {
  const words = points.slice(start, end).join("");
  const over = spans.filter((one) => one.start <= start && one.end >= end);
  if (!over.length) return document.createTextNode(words);
  const mark = document.createElement("mark");
  mark.textContent = words;
  mark.className = over.length > 1 ? "several" : "";
  const ending = over.filter((one) => one.end === end).map((one) => one.name);
  if (ending.length) mark.dataset.name = ending.join(", ");
  return mark;
}

function list(field) {
  const question = field.closest("[data-question]");
  const holder = question.querySelector("[data-span-list]");
  if (!holder) return;
  const spans = read(field);
  holder.replaceChildren(...spans.map((span, at) => row(question, field, span, at)));
}

function row(question, field, span, at) {
  const text = texts().find((one) => one.dataset.side === span.candidate)?.dataset.text ?? "";
  const entry = document.createElement("li");
  const words = document.createElement("span");
  words.dir = "auto";
  words.textContent = `${span.candidate} · ${nameOf(question, span.label)}${span.severity ? ` · ${severityOf(question, span.severity)}` : ""} · “${Array.from(text).slice(span.start, span.end).join("")}”`;
  const remove = document.createElement("button");
  remove.type = "button";
  remove.className = "button small ghost";
  remove.textContent = word("remove");
  remove.setAttribute("aria-label", `${word("remove")}: ${words.textContent}`);
  remove.addEventListener("click", () => {
    write(field, read(field).filter((_one, place) => place !== at));
    announce(word("removed"));
    (question.querySelector("[data-span-list] button") ?? question.querySelector("[data-label]"))?.focus({ preventScroll: true });
  });
  entry.append(words, remove);
  return entry;
}

function severityOf(question, value) {
  return question.querySelector(`[data-severity][value="${CSS.escape(value)}"]`)?.closest("label")?.textContent.trim() ?? value;
}

// By keyboard: arrows take the next or the last word in hand, Shift adds to it, Alt counts characters.
function walk(key, event, holder) {
  const direction = key === "ArrowRight" ? "forward" : key === "ArrowLeft" ? "backward" : "";
  if (!direction || event.ctrlKey || event.metaKey) return false;
  const selection = getSelection();
  const grain = event.altKey ? "character" : "word";
  if (!holder.contains(selection.anchorNode)) selection.collapse(holder, direction === "forward" ? 0 : holder.childNodes.length);
  if (event.shiftKey) selection.modify("extend", direction, grain);
  else {
    if (direction === "forward") selection.collapseToEnd();
    else selection.collapseToStart();
    selection.modify("extend", direction, grain);
  }
  return true;
}

// Whether the key was for highlights: a label's digit while something is selected, or arrows in a text.
export function spanKeys(key, event) {
  const holder = event.target.closest?.(".shown-spans");
  if (holder && walk(key, event, holder)) return true;
  if (event.altKey || !selected()) return false;
  for (const field of questions()) {
    const button = field.closest("[data-question]:not([hidden])")?.querySelector(`[data-label][data-mark="${CSS.escape(key)}"]`);
    if (button) { add(field, button.dataset.label); return true; }
  }
  return false;
}

export function showSpans() {
  if (questions().length) draw();
}

export function startSpans() {
  // The buttons must not take the selection away before they are pressed.
  document.addEventListener("pointerdown", (event) => { if (event.target.closest("[data-label]")) event.preventDefault(); });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-label]");
    if (button) add(button.closest("[data-question]").querySelector("[data-spans]"), button.dataset.label);
  });
}
