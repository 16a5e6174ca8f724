// Loaded in the head, before the first paint: says that scripts run, and applies the chosen theme.
(function () {
  const root = document.documentElement;
  root.classList.add("js");
  let theme = null;
  try { theme = localStorage.getItem("winnow:theme"); } catch { /* storage is off: follow the system */ }
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
})();
