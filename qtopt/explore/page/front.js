// The front: its figure, its table, and which point is chosen.

const same = (a, b) => a !== null && b !== null && a.layer === b.layer && a.index === b.index;

const areCompared = () => Boolean(S.pinned && S.chosen && !same(S.pinned, S.chosen));

function onMainAxes() {
  return S.x === front().axes[0].name && S.y === front().axes[1].name;
}

function hoverText(layer, index) {
  const rows = front().columns.filter(({ name }) => layer.columns.includes(name));
  const lines = rows.slice(0, 7).map(({ name }) => `${escaped(column(name).label)}: ${number(valueOf(layer, index, name))}`);
  return [`<b>${escaped(layer.name)} ${index}</b>`, ...lines].join("<br>");
}

/** Points of one layer; open where the weak theory is doubtful. */
function pointsTrace({ layer, number: place, points }) {
  const xs = points.map((k) => valueOf(layer, k, S.x));
  const rising = xs.every((x, k) => k === 0 || x >= xs[k - 1]);
  const symbol = SYMBOLS[place % SYMBOLS.length];
  const marker = {
    size: 8, color: colourOf(place), line: { width: 1.2, color: colourOf(place) },
    symbol: points.map((k) => (isDoubtful(layer, k) ? `${symbol}-open` : symbol)),
  };
  if (S.colour) {
    marker.color = points.map((k) => valueOf(layer, k, S.colour));
    marker.coloraxis = "coloraxis";
    marker.line = { width: 0 };
  }
  return {
    type: "scatter", mode: rising && onMainAxes() ? "lines+markers" : "markers", name: escaped(layer.name),
    x: xs, y: points.map((k) => valueOf(layer, k, S.y)), marker, line: { width: 1, color: colourOf(place) },
    customdata: points.map((k) => [place, k]), text: points.map((k) => hoverText(layer, k)), hoverinfo: "text",
  };
}

function isDoubtful(layer, index) {
  const validity = valueOf(layer, index, "weak_validity");
  return validity !== null && validity > front().validity_limit;
}

function curveTraces() {
  if (!onMainAxes()) return [];
  const curves = shown().filter(({ layer }) => layer.curve && layer.curve[0].length);
  const lines = curves.map(({ layer, number: place }) => ({
    type: "scatter", mode: "lines", x: layer.curve[0], y: layer.curve[1], name: `${escaped(layer.name)}: certified bound`,
    line: { dash: "dash", width: 2, color: colourOf(place) },
    hovertemplate: `certified bound of ${escaped(layer.name)}<br>%{x:.6g}, %{y:.6g}<extra></extra>`,
  }));
  const searched = shown().filter(({ layer }) => layer.points.length);
  return searched.every(({ layer }) => layer.curve) && curves.length ? [...unreachable(curves), ...lines] : lines;
}

/** What lies beyond the weakest of the bounds; a bound holds beyond its last target at its last value. */
function unreachable(curves) {
  const less = front().axes[1].less;
  const first = Math.max(...curves.map(({ layer }) => Math.min(...layer.curve[0])));
  const xs = [...new Set(curves.flatMap(({ layer }) => layer.curve[0]))].filter((x) => x >= first).sort((a, b) => a - b);
  if (xs.length < 2) return [];
  const weakest = xs.map((x) => {
    const bounds = curves.map(({ layer }) => interpolated(x, ...layer.curve));
    return less ? Math.min(...bounds) : Math.max(...bounds);
  });
  xs.push(xs[xs.length - 1] * 1e3); // what is asked for more has no weaker bound
  weakest.push(weakest[weakest.length - 1]);
  const edge = less ? Math.min(...weakest) / 1e3 : Math.max(...weakest) * 1e3;
  return [{
    type: "scatter", mode: "lines", fill: "toself", fillcolor: css("--shade"), line: { width: 0 }, hoverinfo: "skip",
    x: [...xs, xs[xs.length - 1], xs[0]], y: [...weakest, edge, edge], name: "no drive reaches", legendrank: 2000,
  }];
}

function interpolated(x, xs, ys) {
  if (x >= xs[xs.length - 1]) return ys[ys.length - 1];
  const k = Math.max(xs.findIndex((one) => one > x), 1);
  const share = xs[k] > xs[k - 1] ? (x - xs[k - 1]) / (xs[k] - xs[k - 1]) : 1;
  return ys[k - 1] + share * (ys[k] - ys[k - 1]);
}

function ring(point, name, symbol) {
  const layer = front().layers[point.layer];
  return {
    type: "scatter", mode: "markers+text", x: [valueOf(layer, point.index, S.x)], y: [valueOf(layer, point.index, S.y)], text: [name],
    textposition: "top center", textfont: { size: 13, color: css("--ink") }, hoverinfo: "skip", showlegend: false, cliponaxis: false,
    marker: { size: 17, symbol, color: css("--ink"), line: { width: 2, color: css("--ink") } },
  };
}

/** The range of an axis: points and bounds, and zero below outputs; what is unreachable does not count. */
function span(values, log) {
  const found = values.filter((value) => value !== null && Number.isFinite(value) && (!log || value > 0)).map((v) => (log ? Math.log10(v) : v));
  if (!found.length) return undefined;
  const low = Math.min(...found);
  const high = Math.max(...found);
  const margin = 0.06 * (high - low || Math.abs(high) || 1);
  return [low - margin, high + margin];
}

function drawFront() {
  const layers = shown();
  const [logX, logY] = [isLog(S.x, S.logX), isLog(S.y, S.logY)];
  const curves = onMainAxes() ? layers.filter(({ layer }) => layer.curve).map(({ layer }) => layer.curve) : [];
  const values = (name, place) => [
    ...layers.flatMap(({ layer, points }) => points.map((k) => valueOf(layer, k, name))), ...curves.flatMap((curve) => curve[place]),
  ];
  const traces = [...curveTraces(), ...layers.map(pointsTrace)];
  const visible = (ref) => ref && layers.some(({ number: place, points }) => place === ref.layer && points.includes(ref.index));
  if (visible(S.pinned)) traces.push(ring(S.pinned, "A", "circle-open"));
  if (visible(S.chosen)) traces.push(ring(S.chosen, S.pinned ? "B" : "", "circle-open"));
  const line = front().axes.find((one) => one.name === S.y && one.line !== null);
  const shapes = line ? [{ type: "line", xref: "paper", x0: 0, x1: 1, y0: line.line, y1: line.line, line: { color: css("--soft"), width: 1, dash: "dot" } }] : [];
  const layout = {
    xaxis: axis(titled(S.x), { type: logX ? "log" : "linear", range: span(values(S.x, 0), logX) }),
    yaxis: axis(titled(S.y), { type: logY ? "log" : "linear", range: span(values(S.y, 1), logY) }),
    shapes,
    coloraxis: { colorscale: isDark() ? "Viridis" : "Cividis", colorbar: { title: { text: S.colour ? titled(S.colour) : "", side: "right" }, thickness: 12, exponentformat: "power" } },
  };
  const plot = byId("front-plot");
  plot.setAttribute("aria-label", `Front: ${titled(S.y)} over ${titled(S.x)}, ${layers.map(({ layer, points }) => `${layer.name} with ${points.length} points`).join(", ")}`);
  draw(plot, traces, layout, [S.x, S.y, logX, logY, [...S.hidden].sort().join()].join("|"));
  if (!plot.dataset.ready) {
    plot.dataset.ready = "yes";
    plot.on("plotly_click", ({ points }) => {
      const hit = points.find((point) => point.customdata);
      if (hit) choose(hit.customdata[0], hit.customdata[1]);
    });
    plot.addEventListener("keydown", onKey);
  }
}

/** Choose a point: its details appear, and a reader of the screen says which it is. */
function choose(place, index) {
  S.chosen = { layer: place, index };
  if (same(S.chosen, S.pinned)) S.pinned = null;
  const layer = front().layers[place];
  const words = [S.x, S.y].map((name) => `${column(name).label} ${number(valueOf(layer, index, name))}`);
  byId("spoken").textContent = `${layer.name}, point ${index}: ${words.join(", ")}`;
  showFront();
}

function pin() {
  S.pinned = S.pinned ? null : S.chosen;
  byId("spoken").textContent = S.pinned ? "Pinned: choose a point to compare it with." : "Not compared any more.";
  showFront();
}

function onKey(event) {
  const layers = shown().filter(({ points }) => points.length);
  if (event.ctrlKey || event.metaKey || event.altKey || !layers.length) return;
  const keys = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] };
  if (event.key in keys) {
    const [down, right] = keys[event.key];
    const at = Math.max(layers.findIndex(({ number: place }) => S.chosen && S.chosen.layer === place), 0);
    const now = layers[(at + down + layers.length) % layers.length];
    const from = S.chosen === null ? -1 : layers[at].points.indexOf(S.chosen.index);
    const next = Math.min(Math.max(from < 0 ? 0 : from + right, 0), now.points.length - 1);
    choose(now.number, now.points[next]);
  } else if (event.key === "c" || event.key === "C") {
    if (S.chosen) pin();
  } else if (event.key === "Escape") {
    S.pinned = null;
    showFront();
  } else return;
  event.preventDefault();
}

// Table ------------------------------------------------------------------------------------------------------

function sorted(rows) {
  if (!S.sort) return rows;
  const { name, down } = S.sort;
  const key = ({ layer, index }) => valueOf(layer, index, name) ?? Infinity;
  return [...rows].sort((a, b) => (key(a) - key(b)) * (down ? -1 : 1));
}

function drawTable() {
  const columns = front().columns;
  const rows = shown().flatMap(({ layer, number: place, points }) => points.map((index) => ({ layer, place, index })));
  const heads = columns.map(({ name }) => {
    const state = S.sort && S.sort.name === name ? (S.sort.down ? "descending" : "ascending") : null;
    const click = () => {
      S.sort = { name, down: state === "ascending" };
      drawTable();
    };
    return el("th", { scope: "col", class: "number", "aria-sort": state }, el("button", { type: "button", onclick: click }, titled(name)));
  });
  const body = sorted(rows).map(({ layer, place, index }) => {
    const here = { layer: place, index };
    const open = el("button", { type: "button", "data-point": `${place}-${index}`, onclick: () => choose(place, index) }, `${layer.name} ${index}`);
    const classes = same(here, S.chosen) || same(here, S.pinned) ? "chosen" : null;
    return el("tr", { class: classes }, el("th", { scope: "row" }, open), ...columns.map(({ name }) => cell(valueOf(layer, index, name))));
  });
  const empty = front().layers.filter((layer) => !layer.rows.length && layer.remark).map((layer) => `${layer.name}: ${layer.remark}. `);
  fill(byId("table"), el("caption", { class: "hidden" }, "Points of the front"),
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "point"), ...heads)), el("tbody", {}, ...body),
    empty.length ? el("tfoot", {}, el("tr", {}, el("td", { colspan: columns.length + 1 }, ...empty))) : null);
}

function showFront() {
  byId("split").classList.toggle("compared", areCompared());
  drawFront();
  Plotly.Plots.resize(byId("front-plot"));
  drawDetails();
  drawTable();
}
