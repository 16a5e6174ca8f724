// From one item to the next. The item after the one shown is fetched ahead and painted at the key press; what was
// answered goes out in order behind it. If the server refuses, the page goes back to that item and says why.

import { say, unsay } from "../app.js";
import { forgetDraft, keepDraft, rescueDraft } from "./drafts.js";
import { beat, isFresh, renew, stamp } from "./lease.js";
import { drop, outbox, push, recall, remember } from "./outbox.js";
import { announce, desk, form, shownPk, word } from "./page.js";
import { post } from "./post.js";

const PAUSES = [1_000, 2_000, 5_000, 10_000, 15_000];

// Items fetched and not shown yet, or put aside for another: live nodes, so that whatever is in their forms stays.
const aside = [];
const painted = [];
const fetched = [];
// What goes out now, as a promise; null while nothing does.
let pumping = null;
// Somebody was told of answers that have not gone out and is about to sign out.
let leaving = false;
let failures = 0;
let timer = 0;
let none = false;
let asking = null;

// What the server said: in passing where it is short, else as a notice to be read.
const LONG = 60;

function hear(text, tone = "") {
  announce(text, tone);
  if (text.length > LONG) say(text, tone);
}

// What waits behind the item shown, told on the page for whoever watches it.
function count() {
  document.body.dataset.ahead = String(aside.length);
}

export const onPaint = (listener) => painted.push(listener);
export const onAhead = (listener) => fetched.push(listener);
export const forEachAside = (act) => aside.forEach((node) => act(node));
const isItem = (node) => Boolean(node?.dataset.assignment);

export function paint(node) {
  const before = desk();
  if (before !== node) before.replaceWith(node);
  for (const listener of painted) listener(node);
  count();
}

function putAside(node) {
  if (isItem(node) && !aside.includes(node) && !node.dataset.answered) aside.unshift(node);
}

function keepAhead(node) {
  const known = aside.some((one) => shownPk(one) === shownPk(node)) || shownPk() === shownPk(node);
  if (isItem(node) && !known) {
    aside.push(stamp(node));
    for (const listener of fetched) listener(node);
  }
  count();
}

// The next item that is surely still ours; one whose lease ran out is dropped and may come again from the server.
function takeAside() {
  while (aside.length) {
    const node = aside.shift();
    if (isFresh(node)) return node;
  }
  return null;
}

function takeUnseen() {
  const at = aside.findIndex((node) => !node.seen && isFresh(node));
  return at < 0 ? null : aside.splice(at, 1)[0];
}

function besides(entry = null) {
  const here = [desk(), ...aside].filter(isItem).map((node) => shownPk(node));
  const sent = outbox.map((one) => one.pk);
  return [...new Set([...here, ...sent])].filter((pk) => pk && pk !== entry?.pk).map((pk) => ["besides", pk]);
}

const holding = () => desk().getAttribute("aria-busy") === "true";

function hold() {
  desk().setAttribute("aria-busy", "true");
  for (const button of desk().querySelectorAll("button")) button.disabled = true;
}

function release() {
  desk().removeAttribute("aria-busy");
  for (const button of desk().querySelectorAll("button")) button.disabled = false;
}

// Send the form shown (or a dialog about it) and go on. `extra` are fields besides the form's own.
export function leave(kind, url, extra = []) {
  const here = form();
  if (!here || holding()) return;
  if (!failures) unsay();
  keepDraft();
  const body = new URLSearchParams([...new FormData(here), ...extra]);
  body.delete("csrfmiddlewaretoken");
  here.dataset.sent = "yes";
  const node = desk();
  node.dataset.answered = "yes";
  push({ pk: shownPk(), kind, url, body: body.toString(), node });
  none = false;
  const next = takeAside();
  if (next) paint(next);
  else hold();
  pump();
}

// Send the form for something other than an answer: the same item comes back with words about it.
export async function inPlace(url) {
  const here = form();
  if (!here || holding()) return;
  keepDraft();
  const fields = [...new FormData(here)];
  const seen = desk();
  hold();
  const { outcome, node } = await post(url, fields);
  release();
  if (desk() !== seen) return;
  if (!node) { tell(outcome); return; }
  paint(stamp(node));
  hear(node.dataset.said ?? "", outcome === "ok" ? "" : "warn");
}

// Put the item shown behind the others, with all that was written, and go on to the next: one not seen yet where there
// is one, else another that was put behind. Nothing is given back: the item stays kept for whoever reads it.
export async function later() {
  if (!form() || holding()) return;
  keepDraft();
  const here = desk();
  let next = takeUnseen();
  if (!next && !none) {
    hold();
    const answer = await post(here.dataset.next, besides());
    release();
    if (desk() !== here) return;
    if (isItem(answer.node)) next = stamp(answer.node);
    else if (answer.outcome !== "ok" && !aside.length) { tell(answer.outcome); return; }
  }
  next ??= takeAside();
  if (!next) { announce(word("no-other")); return; }
  aside.push(here);
  paint(next);
  announce(word("put-behind"));
}

// Ask for an item: the first one, or the next after a page that had none.
export async function ask(url) {
  if (holding()) return;
  const next = takeAside();
  if (next) { paint(next); return; }
  hold();
  const answer = await post(url, besides());
  release();
  if (answer.node) { none = false; paint(stamp(answer.node)); }
  else tell(answer.outcome);
}

function pump() {
  if (pumping || !outbox.length) return;
  clearTimeout(timer);
  pumping = sendAll().finally(() => {
    pumping = null;
    if (!outbox.length) fetchAhead();
  });
}

async function sendAll() {
  while (outbox.length) {
    const entry = outbox[0];
    const answer = await post(entry.url, [...new URLSearchParams(entry.body), ...besides(entry)]);
    if (!settled(entry, answer)) return;
  }
}

function settled(entry, { outcome, node, reply }) {
  if (outcome === "ok") return accepted(entry, node, reply);
  if ((outcome === "refused" || outcome === "lost") && node) return refused(entry, node, outcome);
  if (outcome === "gone") {
    drop(entry);
    say(word("gone"), "warn", location.pathname, word("reload"));
    return true;
  }
  tell(outcome);
  if (outcome === "offline" || outcome === "busy") again();
  return false;
}

function accepted(entry, node, reply) {
  drop(entry);
  forgetDraft(entry.pk);
  if (failures) unsay();
  failures = 0;
  if (!outbox.length) leaving = false;
  if (node) {
    hear(node.dataset.said ?? "");
    if (!isItem(node)) {
      // Nothing more to do for now: what waits is shown first.
      if (holding() || !desk().dataset.assignment) paint(takeAside() ?? node);
      else none = true;
    } else if (holding() || !isItem(desk())) {
      aside.length ? (keepAhead(node), paint(takeAside() ?? stamp(node))) : paint(stamp(node));
    } else keepAhead(node);
  } else {
    hear(decodeURIComponent(reply?.headers.get("X-Winnow-Said") ?? ""));
    none = true;
    if (holding()) paintWaiting();
  }
  return true;
}

function paintWaiting() {
  const next = takeAside();
  if (next) paint(next);
}

// The answer was not taken: show that item again, with the words for it, and put the one begun meanwhile aside.
function refused(entry, node, outcome) {
  drop(entry);
  if (outcome === "lost") forgetDraft(entry.pk);
  if (shownPk() !== entry.pk) { keepDraft(); putAside(desk()); }
  paint(stamp(node));
  announce(node.dataset.said ?? word("refused"), "warn");
  if (outcome === "refused") desk().querySelector("[aria-invalid=true], .question input")?.focus({ preventScroll: true });
  return true;
}

function tell(outcome) {
  const count = outbox.length;
  const back = encodeURIComponent(location.pathname);
  // The word about signing out stays until that person has read it: a failed try says nothing new.
  if (leaving && (outcome === "offline" || outcome === "busy")) say(word("sign-out-unsent", { n: count }), "warn");
  else if (outcome === "offline") say(word("offline", { n: count }), "warn");
  else if (outcome === "busy") say(word("busy", { n: count }), "warn");
  else if (outcome === "signed-out") {
    rescueDraft();
    remember();
    say(word("signed-out"), "warn", `/login/?next=${back}`, word("sign-in"));
  } else if (outcome === "somebody-else") say(word("somebody-else"), "warn", location.pathname, word("reload"));
  else say(word("refused"), "warn", location.pathname, word("reload"));
}

function again() {
  clearTimeout(timer);
  timer = setTimeout(pump, PAUSES[Math.min(failures++, PAUSES.length - 1)]);
}

// Open the last answer again. One that has not gone out yet is simply taken back.
export async function undo(url) {
  while (pumping) await pumping;
  const last = outbox.at(-1);
  if (last?.node) {
    drop(last);
    release();
    if (!outbox.length && failures) { failures = 0; unsay(); }
    delete last.node.dataset.answered;
    delete last.node.querySelector("form.verdict").dataset.sent;
    if (desk() !== last.node) { keepDraft(); putAside(desk()); paint(last.node); }
    release();
    announce(word("taken-back"));
    return;
  }
  if (holding()) return;
  if (form()) keepDraft();
  const shown = desk();
  hold();
  const answer = await post(url, []);
  release();
  if (!answer.node) { tell(answer.outcome); return; }
  announce(answer.node.dataset.said ?? "");
  if (shownPk(answer.node) && shownPk(answer.node) === shownPk(shown)) return;
  if (isItem(answer.node)) putAside(shown);
  paint(stamp(answer.node));
}

// Lease the item after the one shown. Asked again it is the same one, so a lost reply costs nothing.
function fetchAhead() {
  if (asking || none || aside.length || !isItem(desk()) || !desk().dataset.next) return;
  asking = post(desk().dataset.next, besides()).then(({ outcome, node }) => {
    asking = null;
    if (outcome !== "ok") return;
    if (!isItem(node)) { none = true; return; }
    keepAhead(node);
    // It may have come with an answer that went out meanwhile, and be shown by now: then ask for the one after it.
    if (!aside.length) fetchAhead();
  });
}

// Those that wait keep their lease as long as somebody reads; one that was lost is not shown.
async function beatAside() {
  if (document.hidden) return;
  for (const node of [...aside]) {
    if (await renew(node) === false) aside.splice(aside.indexOf(node), 1);
  }
}

export function startFlow() {
  // The item that the page came with has been before its reader from the beginning.
  if (isItem(desk())) stamp(desk()).seen = true;
  onPaint((node) => {
    if (isItem(node) && node.seen) beat();
    node.seen = true;
    setTimeout(() => { if (!outbox.length) fetchAhead(); }, 50);
  });
  if (recall()) { hold(); announce(word("sending")); pump(); } else setTimeout(fetchAhead, 50);
  window.addEventListener("online", () => pump());
  window.setInterval(beatAside, 60_000);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) pump(); });
  guardSignOut();
}

// Signing out with answers that have not gone out would lose them: say so once, and let a second press go on.
function guardSignOut() {
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-clears-drafts]") || !outbox.length || leaving) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    leaving = true;
    say(word("sign-out-unsent", { n: outbox.length }), "warn");
    pump();
  }, { capture: true });
}
