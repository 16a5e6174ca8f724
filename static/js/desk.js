// The desk, put together from its parts. Without scripts it is a plain form that works with pointer and Tab.

import { say } from "./app.js";
import { fetchPictures, openPictures } from "./images.js";
import { onAnswerKeys } from "./desk/answers.js";
import { restoreDraft } from "./desk/drafts.js";
import { ask, forEachAside, inPlace, later, leave, onAhead, onPaint, startFlow, undo } from "./desk/flow.js";
import { on, printKeys, startKeys } from "./desk/keys.js";
import { startLease, tick } from "./desk/lease.js";
import { busy, desk, form, word } from "./desk/page.js";
import { post } from "./desk/post.js";
import { showRanking, startRanking } from "./desk/ranking.js";
import { alive, beginReading } from "./desk/reading.js";
import { takeInHand, unanswered } from "./desk/rows.js";
import { showSpans, startSpans } from "./desk/spans.js";
import { showViews, startViews, togglePrompt, toggleDifferences, toggleRaw } from "./desk/views.js";
import { askWhatIsAsked } from "./desk/when.js";

function open(id) {
  const dialog = document.getElementById(id);
  if (dialog && !dialog.open) dialog.showModal();
}

function submit() {
  if (busy()) return;
  const here = form();
  if (!here) { desk().querySelector("button[data-act=submit]")?.click(); return; }
  const missing = unanswered();
  if (missing) {
    const name = missing.question.querySelector("legend, .question-text")?.textContent.trim();
    say(missing.question.dataset.hint || word("unanswered", { question: name }), "warn");
    if (missing.row) takeInHand(missing.row);
    else reveal(missing.field ?? desk().querySelector(".shown-spans"));
    return;
  }
  if (!here.reportValidity()) return;
  alive();
  leave("submit", here.action);
}

// On a phone a line of words is put away behind "More" until it is wanted.
function reveal(field) {
  if (field && !field.checkVisibility()) click("more");
  field?.focus();
}

function click(act) {
  desk()?.querySelector(`button[data-act="${act}"]`)?.click();
}

// Buttons and forms do what the keys do; what no script knows is sent as it is.
function pressed(event) {
  const button = event.target.closest("button[data-act]");
  if (!button || button.disabled) return;
  const act = button.dataset.act;
  if (button.dataset.ask) { event.preventDefault(); ask(button.dataset.ask); }
  else if (act === "submit") { event.preventDefault(); submit(); }
  else if (act === "later") later();
  else if (act === "pictures") openPictures();
  else if (act === "more") button.setAttribute("aria-expanded", String(button.getAttribute("aria-expanded") !== "true"));
  else if (act === "suggest") { event.preventDefault(); inPlace(button.formAction); }
  else if (act === "undo") { event.preventDefault(); undo(button.formAction || button.form.action); }
  else if (act === "skip" || act === "flag") {
    event.preventDefault();
    if (form() && !busy()) open(act);
  }
}

// The dialogs about skipping and flagging send the item's form with the reason, so that the text is kept.
function given(event) {
  const sheet = event.target.closest("form[data-leaves]");
  if (!sheet) return;
  event.preventDefault();
  sheet.closest("dialog").close();
  const act = sheet.dataset.leaves;
  const url = form().dataset[act];
  const reasons = new FormData(sheet);
  sheet.reset();
  if (act === "skip") {
    // One line for the lead: the reason, and the words of their own after it.
    leave(act, url, [["reason", [reasons.get("skip_reason"), reasons.get("skip_words")].filter(Boolean).join(": ")]]);
  } else leave(act, url, [...reasons]);
}

// In a dialog of reasons a digit chooses one.
function reason(event) {
  const list = event.target.closest?.("dialog[open]")?.querySelector("[data-digits]");
  if (!list || event.target.matches("input:not([type=radio])") || !/^[1-9]$/.test(event.key)) return;
  const choice = list.querySelectorAll("input")[Number(event.key) - 1];
  if (!choice) return;
  event.preventDefault();
  choice.checked = true;
  choice.focus();
}

// New guidelines are put before the item, once; whoever has read them says so, and the item is there behind them.
function showNews(node) {
  const news = node.querySelector("dialog.guideline-news");
  if (!news) return;
  news.close();
  news.showModal();
  news.querySelector("[type=submit]").focus();
}

async function quiet(event) {
  const sheet = event.target.closest("form[data-quiet]");
  if (!sheet) return;
  event.preventDefault();
  const news = sheet.closest("dialog");
  if ((await post(sheet.action, [])).outcome === "ok") { forEachAside((node) => node.querySelector("dialog.guideline-news")?.remove()); news.remove(); }
  else news.close();
  document.getElementById("main")?.focus({ preventScroll: true });
}

function shown(node) {
  restoreDraft();
  askWhatIsAsked();
  showRanking();
  showSpans();
  showViews();
  printKeys(node);
  showNews(node);
  beginReading();
  tick();
  window.scrollTo({ top: 0, behavior: "instant" });
  // Whoever was quick enough to be in a field already stays there.
  const held = document.activeElement;
  if (!held || held === document.body || !held.isConnected) document.getElementById("main")?.focus({ preventScroll: true });
}

function note() {
  const field = [...desk().querySelectorAll("[data-note]")].find((one) => !one.disabled && !one.closest("[hidden]"));
  field?.closest("details")?.setAttribute("open", "");
  reveal(field);
}

onAnswerKeys();
on("submit", submit);
on("undo", () => click("undo"));
on("skip", () => click("skip"));
on("flag", () => click("flag"));
on("note", note);
on("guidelines", () => open("guidelines"));
on("keys", () => open("keys"));
on("raw", toggleRaw);
on("differences", toggleDifferences);
on("prompt", togglePrompt);
on("later", () => click("later"));
on("pictures", () => click("pictures"));
on("mine", () => document.querySelector("a[data-act=mine]")?.click());

document.addEventListener("click", pressed);
document.addEventListener("submit", given);
document.addEventListener("submit", quiet);
document.addEventListener("keydown", reason);
document.addEventListener("submit", (event) => {
  if (!event.target.matches("form.verdict") || event.defaultPrevented) return;
  event.preventDefault();
  submit();
});
onPaint(shown);
onAhead(fetchPictures);
startViews();
startRanking();
startSpans();
startKeys();
shown(desk());
startFlow();
startLease();
