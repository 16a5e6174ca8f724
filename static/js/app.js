// What every page needs: the theme choice, menus that close, drafts that end with the session, and plain words
// when a request fails. Pages are readable without any of it.

export const DRAFTS = "winnow:draft:";
export const OUTBOX = "winnow:outbox:";

const words = JSON.parse(document.getElementById("chrome-words")?.textContent ?? "{}");

export function storage() {
  try { return window.localStorage; } catch { return null; }
}

export function clearDrafts() {
  for (const kept of [storage(), window.sessionStorage]) {
    for (const key of Object.keys(kept ?? {})) {
      if (key.startsWith(DRAFTS) || key.startsWith(OUTBOX)) kept.removeItem(key);
    }
  }
}

export function say(text, tone = "bad", href = "", link = "") {
  const place = document.getElementById("messages");
  if (!place) return;
  const notice = document.createElement("div");
  notice.className = `notice ${tone}`;
  const words = document.createElement("p");
  words.textContent = text;
  notice.append(words);
  if (href) {
    const anchor = document.createElement("a");
    anchor.href = href;
    anchor.textContent = link;
    const line = document.createElement("p");
    line.append(anchor);
    notice.append(line);
  }
  place.replaceChildren(notice);
  notice.scrollIntoView({ block: "nearest" });
}

export function unsay() {
  document.getElementById("messages")?.replaceChildren();
}

function showTheme(theme) {
  for (const button of document.querySelectorAll("[data-theme-choice]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeChoice === theme));
  }
}

function chooseTheme(theme) {
  const root = document.documentElement;
  if (theme === "auto") delete root.dataset.theme;
  else root.dataset.theme = theme;
  const kept = storage();
  if (kept) theme === "auto" ? kept.removeItem("winnow:theme") : kept.setItem("winnow:theme", theme);
  showTheme(theme);
}

function showContrast() {
  for (const button of document.querySelectorAll("[data-contrast-choice]")) {
    button.setAttribute("aria-pressed", String(document.documentElement.dataset.contrast === "more"));
  }
}

function toggleContrast() {
  const root = document.documentElement;
  const more = root.dataset.contrast !== "more";
  if (more) root.dataset.contrast = "more";
  else delete root.dataset.contrast;
  storage()?.setItem("winnow:contrast", more ? "more" : "normal");
  showContrast();
}

showTheme(document.documentElement.dataset.theme || "auto");

// The tab of this page is in sight, also where the row of tabs is longer than the window.
const tab = document.querySelector(".tabs [aria-current]");
if (tab) {
  const row = tab.closest("ul");
  row.scrollLeft += tab.getBoundingClientRect().left - row.getBoundingClientRect().left - row.clientWidth / 2 + tab.offsetWidth / 2;
}

// A slider that writes its value into a field, and says in another what it counts.
document.addEventListener("input", ({ target }) => {
  if (!target.dataset?.fills) return;
  document.getElementById(target.dataset.fills).value = target.value;
  document.getElementById(target.dataset.in).value = target.dataset.with;
});
showContrast();

document.addEventListener("click", (event) => {
  const choice = event.target.closest("[data-theme-choice]");
  if (choice) chooseTheme(choice.dataset.themeChoice);
  if (event.target.closest("[data-contrast-choice]")) toggleContrast();
  const opener = event.target.closest("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens)?.showModal?.();
  const closer = event.target.closest("[data-closes]");
  if (closer) closer.closest("dialog")?.close();
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("details.menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-clears-drafts]")) return;
  // Nothing is written again while this page goes.
  document.body.dataset.signingOut = "yes";
  clearDrafts();
});

// A swap that was answered by the sign-in page: the session is over. Keep the page as it is, and say so.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  if (new URL(xhr.responseURL || location.href, location.href).pathname !== "/login/") return;
  event.detail.shouldSwap = false;
  const back = encodeURIComponent(location.pathname);
  say(words["signed-out"], "warn", `/login/?next=${back}`, words["sign-in"]);
});

document.addEventListener("htmx:responseError", (event) => {
  const { status } = event.detail.xhr;
  if (status === 403) say(words.stale, "warn", location.pathname, words.reload);
  else if (status === 404) say(words.gone, "warn", location.pathname, words.reload);
  else if (status === 429) say(words["too-many"], "warn");
  else if (status === 503) say(words.busy, "warn");
  else say(words.failed);
});

for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, () => say(words.offline, "warn"));
}
document.addEventListener("htmx:afterSwap", unsay);

// What is wider than its frame scrolls in it, and must be reached by keyboard for that. The desk sees to its own.
function reachFrames() {
  for (const frame of document.querySelectorAll(".table-wrap, .page .prose :is(pre, table, .maths)")) {
    if (frame.scrollWidth > frame.clientWidth + 1) frame.tabIndex = 0;
    else frame.removeAttribute("tabindex");
  }
}

reachFrames();
window.addEventListener("resize", reachFrames);
document.addEventListener("htmx:afterSwap", reachFrames);
