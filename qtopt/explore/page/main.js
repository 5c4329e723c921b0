// The page as a whole: what it holds, its tabs, light and dark, paper, and the newest of a search that goes on.

const TABS = {
  front: ["Front", () => Boolean(S.data.front), () => { drawControls(); showFront(); }],
  scan: ["Scan", () => Boolean(S.data.scan), showScan],
  trajectory: ["Simulation", () => Boolean(S.data.trajectory), showTrajectory],
  rounds: ["Search", () => Boolean(S.data.rounds && S.data.rounds.length), showRounds],
};

function open(name) {
  S.tab = name;
  for (const other of Object.keys(TABS)) {
    const button = byId(`tab-${other}`);
    byId(`panel-${other}`).hidden = other !== name;
    if (button) {
      button.setAttribute("aria-selected", String(other === name));
      button.tabIndex = other === name ? 0 : -1;
    }
  }
  TABS[name][2]();
}

function drawTabs() {
  const there = Object.keys(TABS).filter((name) => TABS[name][1]());
  const buttons = there.map((name, k) => el("button", {
    type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `panel-${name}`, onclick: () => open(name),
    onkeydown: (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const next = there[(k + step + there.length) % there.length];
      open(next);
      byId(`tab-${next}`).focus();
    },
  }, TABS[name][0]));
  fill(byId("tabs"), ...buttons);
  return there;
}

function counted(findings) {
  const words = ["error", "warning", "note"].map((kind) => [kind, findings.filter(({ severity }) => severity === kind).length]);
  return words.filter(([, count]) => count).map(([kind, count]) => `${count} ${kind}${count > 1 ? "s" : ""}`).join(", ");
}

function drawHeader() {
  const { qtopt, revision, date } = S.data.made;
  byId("title").textContent = S.data.title;
  byId("made").textContent = `qtopt ${qtopt}${revision ? ` (${revision.slice(0, 10)})` : ""}, ${date.replace("T", " ").replace("+00:00", " UTC")}`;
  const findings = S.data.findings || [];
  fill(byId("findings"), findings.length ? el("details", { class: "findings", open: findings.some(({ severity }) => severity === "error") },
    el("summary", {}, `What to know before believing it: ${counted(findings)}`), ...findings.map(({ severity, text }) => verdict(severity, text))) : null);
  const live = byId("live");
  live.hidden = !S.data.live;
  live.textContent = S.data.live || "";
}

/** The first look: the main axes, the fronts that can be drawn together, and the first point of the first front. */
function begin() {
  if (S.data.front) {
    S.x = S.x || front().axes[0].name;
    S.y = S.y || front().axes[1].name;
    const gone = (ref) => ref && !(front().layers[ref.layer] && front().layers[ref.layer].rows[ref.index]);
    if (gone(S.chosen)) S.chosen = null;
    if (gone(S.pinned)) S.pinned = null;
    if (!S.seen) S.hidden = new Set(farBelow());
    S.seen = true;
    const first = front().layers.findIndex((layer) => layer.rows.length && !S.hidden.has(layer.name));
    if (!S.chosen && first >= 0) S.chosen = { layer: first, index: 0 };
  }
  drawHeader();
  const there = drawTabs();
  if (there.length) open(there.includes(S.tab) ? S.tab : there[0]);
}

function setTheme(name) {
  document.documentElement.dataset.theme = name;
  byId("theme").textContent = name === "dark" ? "Light" : "Dark";
}

async function follow() {
  let version = null;
  while (S.data.live) {
    await new Promise((done) => setTimeout(done, 1000));
    try {
      const answer = await fetch(`data.json${version === null ? "" : `?after=${version}`}`);
      if (answer.status === 200) {
        const { version: now, data } = await answer.json();
        version = now;
        S.data = data;
        begin();
      }
    } catch {
      byId("live").textContent = "The search has ended or was stopped; this is what it had found. The files of its folder say more.";
      return;
    }
  }
}

setTheme(window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
byId("theme").addEventListener("click", () => {
  setTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
  if (S.tab) open(S.tab);
});
let before = "light";
window.addEventListener("beforeprint", () => {
  if (printing) return;
  printing = true;
  before = document.documentElement.dataset.theme;
  document.documentElement.dataset.theme = "light";
  document.querySelectorAll("details:not(.filters):not(.toml)").forEach((box) => { box.dataset.was = box.open; box.open = true; });
  if (S.tab) open(S.tab);
});
window.addEventListener("afterprint", () => {
  if (!printing) return;
  printing = false;
  document.documentElement.dataset.theme = before;
  if (S.tab) open(S.tab);
});
begin();
follow();
