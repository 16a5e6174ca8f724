// What every page needs: the theme choice, menus that close, drafts that end with the session, and plain words
// when a request fails. Pages are readable without any of it.

const DRAFTS = "winnow:draft:";

export function storage() {
  try { return window.localStorage; } catch { return null; }
}

export function clearDrafts() {
  const kept = storage();
  if (!kept) return;
  for (const key of Object.keys(kept)) if (key.startsWith(DRAFTS)) kept.removeItem(key);
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

showTheme(document.documentElement.dataset.theme || "auto");

document.addEventListener("click", (event) => {
  const choice = event.target.closest("[data-theme-choice]");
  if (choice) chooseTheme(choice.dataset.themeChoice);
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
  if (event.target.matches("[data-clears-drafts]")) clearDrafts();
});

// A swap that was answered by the sign-in page: the session is over. Keep the page as it is, and say so.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  if (new URL(xhr.responseURL || location.href, location.href).pathname !== "/login/") return;
  event.detail.shouldSwap = false;
  const back = encodeURIComponent(location.pathname);
  say("You are signed out, so this was not sent. What you wrote is kept in this browser.", "warn", `/login/?next=${back}`, "Sign in again");
});

document.addEventListener("htmx:responseError", (event) => {
  const { status } = event.detail.xhr;
  if (status === 403) say("This page was open for too long. What you wrote is kept: load the page again and send it once more.", "warn", location.pathname, "Load the page again");
  else if (status === 404) say("This is no longer there. Load the page again.", "warn", location.pathname, "Load the page again");
  else if (status === 429) say("Too many requests at once. Wait a few seconds and try again.", "warn");
  else say("The server could not do this. Nothing you wrote is lost; try again in a moment.");
});

for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, () => say("The server cannot be reached. Nothing you wrote is lost; try again when you are back online.", "warn"));
}
document.addEventListener("htmx:afterSwap", unsay);
