// Choosing a bar of a score's histogram: its pairs come beneath, and the bar stays marked.

// A bar opened with a key held goes to a tab of its own, as any link does; htmx would take it.
document.addEventListener("click", (event) => {
  if (event.target.closest("a[hx-get]") && (event.ctrlKey || event.metaKey || event.shiftKey)) event.stopPropagation();
}, { capture: true });

document.addEventListener("htmx:beforeRequest", ({ target }) => {
  const chart = target.closest(".chart.bins");
  if (!chart) return;
  for (const bar of chart.querySelectorAll("a rect:not(.reach)")) bar.setAttribute("class", target.contains(bar) ? "here" : "kept");
});

// Near enough to be seen, and no nearer: whoever goes along the bars keeps them in sight.
document.addEventListener("htmx:afterSwap", ({ target }) => {
  if (target.id === "pairs") target.querySelector(".card-head, .empty")?.scrollIntoView({ block: "nearest" });
});
