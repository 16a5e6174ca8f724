// Ranking: a list of cards, best first. A letter takes a card in hand, a digit gives it its rank (the same rank twice
// is a tie), Alt+arrows move it, and it can be dragged. The lists of ranks stay the truth that is sent.

import { announce, form, word } from "./page.js";
import { rows, takeInHand } from "./rows.js";

const cards = (list) => [...list.querySelectorAll("[data-row=ranking]")];
const selectOf = (card) => card.querySelector("select");
const rankOf = (card) => Number(selectOf(card).value) || 0;
const lists = () => (form() ? [...form().querySelectorAll(".ranks")] : []);

function give(card, rank) {
  const select = selectOf(card);
  select.value = rank ? String(rank) : "";
  select.dispatchEvent(new Event("change", { bubbles: true }));
}

// Cards stand in the order of their ranks; those without one stay below, in the order shown.
export function arrange(list) {
  const held = document.activeElement;
  const standing = cards(list).sort((one, other) => (rankOf(one) || 99) - (rankOf(other) || 99)
    || one.dataset.side.localeCompare(other.dataset.side));
  const before = cards(list);
  if (standing.some((card, at) => card !== before[at])) {
    list.append(...standing);
    if (held && list.contains(held)) held.focus({ preventScroll: true });
  }
  for (const card of standing) {
    const tied = rankOf(card) > 0 && standing.some((one) => one !== card && rankOf(one) === rankOf(card));
    card.classList.toggle("tied", tied);
    card.classList.toggle("ranked", rankOf(card) > 0);
    card.querySelector("[data-standing]").textContent = rankOf(card) ? word(tied ? "rank-tied" : "rank", { n: rankOf(card) }) : "–";
  }
}

// Move a card by one place among the groups: into the neighbour's place, which makes room.
function shift(card, step) {
  const list = card.closest(".ranks");
  const order = cards(list);
  const at = order.indexOf(card);
  const to = at + step;
  if (to < 0 || to >= order.length) return;
  order.splice(at, 1);
  order.splice(to, 0, card);
  number(order, card);
  arrange(list);
  card.querySelector("select").focus({ preventScroll: true });
  announce(word("moved", { side: card.dataset.side, n: rankOf(card) }));
}

// Ranks from the order; cards that were tied and still stand together stay tied, but for the one that was moved.
function number(order, moved) {
  const was = new Map(order.map((card) => [card, rankOf(card)]));
  let rank = 0;
  let last = null;
  const ranks = order.map((card, at) => {
    const together = last && card !== moved && last !== moved && was.get(card) > 0 && was.get(card) === was.get(last);
    if (!together) rank = at + 1;
    last = card;
    return rank;
  });
  for (const [at, card] of order.entries()) give(card, ranks[at]);
}

function byLetter(key, event) {
  const list = lists().find((one) => !one.closest("[hidden]"));
  if (!list || event.ctrlKey || event.metaKey || event.altKey) return false;
  // A, B and C alone; D and later are keys of the desk, and need Shift.
  const far = "defghi".includes(key);
  if (!/^[a-i]$/.test(key) || far !== event.shiftKey) return false;
  const card = cards(list).find((one) => one.dataset.side.toLowerCase() === key);
  if (!card) return false;
  takeInHand(card);
  return true;
}

function byArrow(key, event) {
  if (!event.altKey || (key !== "ArrowUp" && key !== "ArrowDown")) return false;
  const card = document.activeElement?.closest?.("[data-row=ranking]") ?? rows().find((row) => row.matches(".in-hand[data-row=ranking]"));
  if (!card) return false;
  shift(card, key === "ArrowUp" ? -1 : 1);
  return true;
}

export const rankingKeys = (key, event) => byLetter(key, event) || byArrow(key, event);

// Dragging, by pointer events: mouse, pen and finger alike. The handle alone starts it, so that a page still scrolls.
let dragged = null;

function start(event) {
  const card = event.target.closest?.("[data-drag]")?.closest("[data-row=ranking]");
  if (!card || event.button) return;
  event.preventDefault();
  dragged = { card, order: cards(card.closest(".ranks")) };
  card.classList.add("dragged");
  event.target.setPointerCapture?.(event.pointerId);
}

function over(event) {
  if (!dragged) return;
  const list = dragged.card.closest(".ranks");
  const others = cards(list).filter((card) => card !== dragged.card);
  const before = others.find((card) => {
    const box = card.getBoundingClientRect();
    return event.clientY < box.top + box.height / 2;
  });
  if (before !== dragged.card.nextElementSibling) list.insertBefore(dragged.card, before ?? null);
}

function end() {
  if (!dragged) return;
  const { card, order } = dragged;
  dragged = null;
  card.classList.remove("dragged");
  const list = card.closest(".ranks");
  if (cards(list).every((one, at) => one === order[at])) return;
  number(cards(list), card);
  arrange(list);
  announce(word("moved", { side: card.dataset.side, n: rankOf(card) }));
}

export function showRanking() {
  for (const list of lists()) arrange(list);
}

export function startRanking() {
  document.addEventListener("change", (event) => {
    const list = event.target.closest?.(".ranks");
    if (list) arrange(list);
  });
  document.addEventListener("pointerdown", start);
  document.addEventListener("pointermove", over);
  document.addEventListener("pointerup", end);
  document.addEventListener("pointercancel", end);
}
