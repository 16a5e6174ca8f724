// Loaded in the head, before the first paint: says that scripts run, and applies the chosen theme and contrast.
(function () {
  const root = document.documentElement;
  root.classList.add("js");
  let theme = null;
  let contrast = null;
  try {
    theme = localStorage.getItem("winnow:theme");
    contrast = localStorage.getItem("winnow:contrast");
  } catch { /* storage is off: follow the system */ }
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  const asked = window.matchMedia("(prefers-contrast: more)").matches;
  if (contrast === "more" || (asked && contrast !== "normal")) root.dataset.contrast = "more";
})();
