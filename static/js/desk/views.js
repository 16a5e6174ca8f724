// Ways to look at the texts: as written, with their differences, side by side in step, and the prompt in sight.

import { storage } from "../app.js";
import { differences } from "./diff.js";
import { drawMaths } from "./maths.js";
import { announce, desk, settings, word } from "./page.js";

let view = "prose";

const sides = () => [...desk().querySelectorAll(".desk-side")];

function show(name) {
  view = name;
  for (const side of sides()) {
    const spans = side.querySelector(".shown-spans");
    side.querySelector(".shown-prose").hidden = name !== "prose" || Boolean(spans);
    side.querySelector(".shown-raw").hidden = name !== "raw";
    side.querySelector(".shown-diff").hidden = name !== "diff";
    if (spans) spans.hidden = name !== "prose";
  }
  for (const button of document.querySelectorAll("[data-view]")) {
    button.setAttribute("aria-pressed", String(button.dataset.view === name));
  }
}

export function toggleRaw() {
  show(view === "raw" ? "prose" : "raw");
  announce(word(view === "raw" ? "view-raw" : "view-prose"));
}

// The two that are compared: the card in hand and the first other one, else the first two.
function compared() {
  const all = sides();
  const hand = all.find((side) => side.contains(document.activeElement)) ?? all[0];
  const other = all.find((side) => side !== hand);
  return all.indexOf(hand) < all.indexOf(other) ? [hand, other] : [other, hand];
}

function mark(holder, runs) {
  holder.replaceChildren(...runs.map((run) => {
    if (!run.only) return document.createTextNode(run.text);
    const marked = document.createElement("mark");
    marked.textContent = run.text;
    return marked;
  }));
}

export function toggleDifferences() {
  if (view === "diff") { show("prose"); announce(word("view-prose")); return; }
  const [left, right] = compared();
  if (!left || !right) return;
  const found = differences(rawOf(left), rawOf(right));
  if (!found) { announce(word("too-different"), "warn"); return; }
  for (const side of sides()) side.querySelector(".shown-diff").textContent = rawOf(side);
  mark(left.querySelector(".shown-diff"), found[0]);
  mark(right.querySelector(".shown-diff"), found[1]);
  show("diff");
  announce(word("view-diff", { left: left.dataset.side, right: right.dataset.side }));
}

const rawOf = (side) => side.querySelector(".shown-raw").textContent;

export function togglePrompt() {
  const prompt = desk().querySelector("details.desk-prompt");
  if (prompt) prompt.open = !prompt.open;
}

// Long responses scroll in their own frames, in step by their share of the way.
let leading = null;

function follow(event) {
  const frame = event.target;
  if (!frame.classList?.contains("side-text") || (leading && leading !== frame)) return;
  leading = frame;
  const way = frame.scrollHeight - frame.clientHeight;
  const share = way > 0 ? frame.scrollTop / way : 0;
  for (const other of desk().querySelectorAll(".side-text")) {
    if (other !== frame) other.scrollTop = share * (other.scrollHeight - other.clientHeight);
  }
  clearTimeout(follow.rest);
  follow.rest = setTimeout(() => { leading = null; }, 80);
}

// Frames that scroll must be reached by keyboard; those that do not are no stop on the way.
function frames() {
  for (const frame of desk().querySelectorAll(".side-text, .prompt-text, .questions, .prose :is(pre, table, .maths)")) {
    if (frame.scrollHeight > frame.clientHeight + 1 || frame.scrollWidth > frame.clientWidth + 1) frame.tabIndex = 0;
    else frame.removeAttribute("tabindex");
  }
}

function lengths() {
  if (!settings.lengths) return;
  for (const side of sides()) {
    const words = rawOf(side).split(/\s+/u).filter(Boolean).length;
    side.querySelector("[data-length]").textContent = word("length", { n: words });
  }
}

function keepPrompt(event) {
  if (event.target.matches?.("details.desk-prompt")) {
    try { storage()?.setItem("winnow:prompt", event.target.open ? "open" : "closed"); } catch { /* only a wish */ }
    frames();
  }
}

export function showViews() {
  if (!sides().length) return;
  show("prose");
  const prompt = desk().querySelector("details.desk-prompt");
  if (prompt && storage()?.getItem("winnow:prompt") === "closed") prompt.open = false;
  lengths();
  requestAnimationFrame(frames);
  drawMaths(document).then(frames);
}

export function startViews() {
  document.addEventListener("scroll", follow, { capture: true, passive: true });
  document.addEventListener("toggle", keepPrompt, { capture: true });
  window.addEventListener("resize", () => { if (sides().length) frames(); });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-view]");
    if (button?.dataset.view === "raw") toggleRaw();
    else if (button?.dataset.view === "diff") toggleDifferences();
  });
}
