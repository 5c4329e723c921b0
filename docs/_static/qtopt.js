// Diagrams in the colours of the page when it is opened.
const wanted = document.body?.dataset.theme ?? "auto";
const dark = wanted === "dark" || (wanted !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
mermaid.initialize({ startOnLoad: true, theme: dark ? "dark" : "neutral" });
