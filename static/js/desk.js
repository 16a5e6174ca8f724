// The desk's keys, its quiet lease timer, its measure of reading time and its drafts. Without this file the desk is
// a plain form that works with pointer and Tab.

import { say, storage, unsay } from "./app.js";

const BEAT_EVERY = 60_000;
const DRAFT = "winnow:draft:";
// Reading speed that bounds how long a pause may count: 15 characters a second, and half a minute to think.
const READS = 15;
const THINKS = 30;

let reading = null;

const desk = () => document.getElementById("desk");
const form = () => desk()?.querySelector("form.verdict");

function typing(target) {
  return target.closest("input:not([type=radio]), textarea, select, [contenteditable]");
}

function press(key) {
  const wanted = key.length === 1 ? key.toLowerCase() : key;
  const control = desk()?.querySelector(`[data-key="${CSS.escape(wanted)}"]`);
  if (!control) return false;
  if (control.type === "radio") {
    control.checked = true;
    control.focus({ preventScroll: true });
    control.dispatchEvent(new Event("change", { bubbles: true }));
    return true;
  }
  if (wanted === "Enter" && form() && !form().querySelector("[name=shown_preference]:checked")) {
    say("Choose a verdict first: 1 to 7, E or N.", "warn");
    return true;
  }
  control.click();
  return true;
}

function toggleRaw() {
  for (const prose of desk().querySelectorAll(".shown-prose")) prose.hidden = !prose.hidden;
  for (const raw of desk().querySelectorAll(".shown-raw")) raw.hidden = !raw.hidden;
}

function open(id) {
  const dialog = document.getElementById(id);
  if (dialog && !dialog.open) dialog.showModal();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
  if (document.querySelector("dialog[open]") || !desk()) return;
  const field = typing(event.target);
  if (field) {
    if (event.key === "Escape") field.blur();
    else if (event.key === "Enter" && field.tagName === "INPUT") { event.preventDefault(); press("Enter"); }
    return;
  }
  if (event.key === "Enter" && event.target.closest("button, a, summary")) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (key === "g") open("guidelines");
  else if (key === "?") open("keys");
  else if (key === "r") toggleRaw();
  else if (key === "t") desk().querySelector("[data-focus-key=t]")?.focus();
  else if (key === "e") press("4");
  else if (!press(event.key)) return;
  event.preventDefault();
});

// Time = the gaps between signs of life, each at most as long as reading this item could take.
function begin() {
  const here = form();
  if (!here) { reading = null; return; }
  reading = { seconds: 0, since: performance.now(), most: THINKS + Number(here.dataset.characters) / READS };
  const kept = storage()?.getItem(DRAFT + here.dataset.draft);
  if (kept) restore(here, JSON.parse(kept));
  tick();
}

function alive() {
  if (!reading) return;
  const now = performance.now();
  reading.seconds += Math.min((now - reading.since) / 1000, reading.most);
  reading.since = now;
  const place = form()?.elements.seconds;
  if (place) place.value = reading.seconds.toFixed(1);
}

function keep() {
  const here = form();
  if (!here) return;
  const draft = {};
  for (const [name, value] of new FormData(here)) {
    if (name.startsWith("answer_") || name === "shown_preference") draft[name] = value;
  }
  storage()?.setItem(DRAFT + here.dataset.draft, JSON.stringify(draft));
}

function restore(here, draft) {
  for (const [name, value] of Object.entries(draft)) {
    const place = here.elements[name];
    if (place && !place.value) place.value = value;
  }
}

async function beat() {
  const here = form();
  if (!here || document.hidden) return;
  try {
    const reply = await fetch(here.dataset.heartbeat, {
      method: "POST",
      body: new URLSearchParams({
        lease_token: here.elements.lease_token.value,
        csrfmiddlewaretoken: here.elements.csrfmiddlewaretoken.value,
      }),
    });
    if (reply.ok) here.dataset.until = (await reply.json()).until;
    else if (reply.status === 409) say("This item was given to someone else meanwhile. What you wrote is kept.", "warn");
  } catch {
    // Offline: the draft is kept here, and the next beat tries again.
  }
}

function tick() {
  const here = form();
  const place = here?.querySelector("[data-lease]");
  if (!place) return;
  const left = Math.round((new Date(here.dataset.until) - Date.now()) / 60_000);
  place.textContent = left > 0 ? `yours for ${left} min` : "";
}

for (const sign of ["keydown", "pointerdown", "scroll", "pointermove"]) {
  document.addEventListener(sign, alive, { passive: true, capture: true });
}
document.addEventListener("input", keep);
document.addEventListener("change", keep);
document.addEventListener("htmx:configRequest", () => { alive(); unsay(); });
document.addEventListener("htmx:afterRequest", (event) => {
  const sent = event.detail.elt.closest?.("form.verdict");
  if (sent && event.detail.successful) storage()?.removeItem(DRAFT + sent.dataset.draft);
});
document.addEventListener("htmx:configRequest", (event) => {
  const place = form()?.elements.seconds;
  if (place && "seconds" in event.detail.parameters) event.detail.parameters.seconds = place.value;
});
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id !== "desk" && !desk()) return;
  window.scrollTo({ top: 0, behavior: "instant" });
  // Whoever was quick enough to be in a field already stays there.
  if (!document.activeElement || document.activeElement === document.body) {
    document.getElementById("main")?.focus({ preventScroll: true });
  }
  begin();
});
window.setInterval(beat, BEAT_EVERY);
window.setInterval(tick, 15_000);
begin();
