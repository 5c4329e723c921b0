// Scans as maps with a cut, trajectories, and the rounds of the search.

function decoded(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Float32Array(bytes.buffer);
}

const axisTitle = ({ label, unit }) => (unit ? `${escaped(label)} (${escaped(unit)})` : escaped(label));
const chosenMap = () => S.data.scan.maps.find(({ name }) => name === S.map);

/** The rows of a map, z[j][i] over the second and the first axis; null where there is no state. */
function rowsOf(map) {
  const values = decoded(map.values);
  const [first, second] = S.data.scan.axes;
  const across = second ? second.values.length : 1;
  const known = (value) => (Number.isFinite(value) ? value : null);
  return Array.from({ length: across }, (_, j) => first.values.map((_, i) => known(values[i * across + j])));
}

function colouring(map, rows) {
  const values = rows.flat().filter((value) => value !== null);
  if (map.flags.length) {
    const count = map.flags.length;
    const colours = map.flags.map((_, k) => [[k / count, colourOf(k)], [(k + 1) / count, colourOf(k)]]).flat();
    const ticks = map.flags.map((_, k) => map.first + k);
    return { scale: colours, z: rows, low: map.first - 0.5, high: map.first + count - 0.5, bar: { tickvals: ticks, ticktext: map.flags.map(escaped) } };
  }
  if (map.look === "signed") {
    const middle = map.line ?? 0;
    const reach = Math.max(...values.map((value) => Math.abs(value - middle)), 1e-300);
    const sizes = values.map((value) => Math.abs(value - middle)).filter((size) => size > 0).sort((a, b) => a - b);
    const small = Math.max(sizes[Math.floor(0.1 * sizes.length)] || 0, 1e-6 * reach);
    if (reach < 30 * small) return { scale: "RdBu", z: rows, low: middle - reach, high: middle + reach, bar: {} };
    // both signs over decades: linear up to `small`, logarithmic beyond
    const onto = (value) => Math.sign(value - middle) * Math.log10(1 + Math.abs(value - middle) / small);
    const step = Math.max(1, Math.ceil(Math.log10(reach / small) / 4));
    const powers = Array.from({ length: 4 }, (_, k) => 10 ** (Math.floor(Math.log10(reach)) - k * step)).filter((size) => size > small);
    const ticks = [...powers.map((size) => middle - size), middle, ...powers.map((size) => middle + size)];
    return {
      scale: "RdBu", z: rows.map((row) => row.map((value) => (value === null ? null : onto(value)))), low: onto(middle - reach), high: onto(middle + reach),
      bar: { tickvals: ticks.map(onto), ticktext: ticks.map(number) }, note: `, colours logarithmic beyond ±${number(Number(small.toPrecision(1)))}`,
    };
  }
  const positive = values.filter((value) => value > 0);
  if (map.look === "positive" && positive.length && Math.max(...positive) / Math.min(...positive) > 30) {
    const logs = rows.map((row) => row.map((value) => (value > 0 ? Math.log10(value) : null)));
    const [low, high] = [Math.log10(Math.min(...positive)), Math.log10(Math.max(...positive))];
    const step = Math.max(1, Math.ceil((high - low) / 7));
    const ticks = Array.from({ length: Math.floor((Math.floor(high) - Math.ceil(low)) / step) + 1 }, (_, k) => Math.ceil(low) + k * step);
    return { scale: "Viridis", z: logs, low, high, bar: ticks.length > 1 ? { tickvals: ticks, ticktext: ticks.map((k) => `10<sup>${k}</sup>`) } : {}, note: ", logarithmic colours" };
  }
  return { scale: "Viridis", z: rows, low: Math.min(...values), high: Math.max(...values), bar: {} };
}

const wording = (map, value) => (value === null ? "no value" : map.flags.length ? map.flags[Math.round(value) - map.first] : number(value));

function drawMap() {
  const { axes, stride } = S.data.scan;
  const map = chosenMap();
  const rows = rowsOf(map);
  const [first, second] = axes;
  const plot = byId("map");
  if (!S.cut) S.cut = axes.map(({ values }) => Math.floor(values.length / 2));
  plot.setAttribute("aria-label", `${map.label} over ${axes.map(({ label }) => label).join(" and ")}`);
  byId("cuts").hidden = !second;
  byId("map-help").hidden = !second;
  if (second) {
    const { scale, z, low, high, bar, note } = colouring(map, rows);
    const text = rows.map((row) => row.map((value) => escaped(wording(map, value))));
    const trace = {
      type: "heatmap", x: first.values, y: second.values, z, text, zmin: low, zmax: high, colorscale: scale, hoverongaps: true,
      hovertemplate: `${axisTitle(first)} = %{x:.5g}<br>${axisTitle(second)} = %{y:.5g}<br>%{text}<extra></extra>`,
      colorbar: { thickness: 12, title: { text: map.flags.length ? "" : escaped(map.unit), side: "right" }, exponentformat: "power", ...bar },
    };
    const line = (place, value) => ({ type: "line", layer: "above", line: { color: css("--ink"), width: 1.5, dash: "dash" },
      ...(place ? { xref: "paper", x0: 0, x1: 1, y0: value, y1: value } : { yref: "paper", y0: 0, y1: 1, x0: value, x1: value }) });
    draw(plot, [trace], {
      margin: { l: 64, r: 10, t: 30, b: 52 },
      xaxis: axis(axisTitle(first), { type: first.log ? "log" : "linear" }), yaxis: axis(axisTitle(second), { type: second.log ? "log" : "linear" }),
      shapes: [line(0, first.values[S.cut[0]]), line(1, second.values[S.cut[1]])],
    }, "map");
    byId("map-title").textContent = map.label + (note || "");
    drawCut(byId("cut-x"), first, map, rows[S.cut[1]], `Cut at ${second.label} = ${number(second.values[S.cut[1]])}`);
    drawCut(byId("cut-y"), second, map, rows.map((row) => row[S.cut[0]]), `Cut at ${first.label} = ${number(first.values[S.cut[0]])}`);
  } else drawCut(plot, first, map, rows[0], map.label);
  const places = axes.map(({ label, values }, k) => `${label} = ${number(values[S.cut[k]])}`);
  const value = rows[second ? S.cut[1] : 0][S.cut[0]];
  const exact = el("b", { "data-value": value }, wording(map, value));
  fill(byId("map-value"), `${map.label} at ${places.join(", ")}: `, exact, map.unit ? ` ${map.unit}` : "",
    stride > 1 ? ` (every ${stride}th value along each axis is shown; scan.nc has all)` : "");
  if (!plot.dataset.ready) {
    plot.dataset.ready = "yes";
    plot.on("plotly_click", ({ points: [hit] }) => moveCut(...axes.map((_, k) => (k ? hit.pointIndex[0] : second ? hit.pointIndex[1] : hit.pointIndex))));
    plot.addEventListener("keydown", (event) => {
      const steps = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
      if (!steps) return;
      event.preventDefault();
      moveCut(...S.cut.map((place, k) => place + steps[k]));
    });
  }
}

function moveCut(...places) {
  S.cut = places.map((place, k) => Math.min(Math.max(place, 0), S.data.scan.axes[k].values.length - 1));
  drawMap();
}

function drawCut(target, over, map, values, title) {
  const positive = values.filter((value) => value > 0);
  const log = map.look === "positive" && positive.length > 1 && Math.max(...positive) / Math.min(...positive) > 30;
  const marked = map.line !== null && map.line !== undefined
    ? [{ type: "line", xref: "paper", x0: 0, x1: 1, y0: map.line, y1: map.line, line: { color: css("--soft"), width: 1, dash: "dot" } }] : [];
  const ticks = map.flags.length ? { tickvals: map.flags.map((_, k) => map.first + k), ticktext: map.flags.map(escaped) } : {};
  byId(`${target.id}-title`).textContent = title;
  draw(target, [{ type: "scatter", mode: "lines+markers", marker: { size: 4 }, x: over.values, y: values, line: { color: colourOf(0), shape: map.flags.length ? "hvh" : "linear" },
    text: values.map((value) => wording(map, value)), hovertemplate: "%{x:.5g}: %{text}<extra></extra>" }], {
    margin: { l: 60, r: 10, t: 28, b: 46 }, shapes: marked,
    xaxis: axis(axisTitle(over), { type: over.log ? "log" : "linear" }), yaxis: axis(map.flags.length ? "" : escaped(map.unit), { type: log ? "log" : "linear", ...ticks }),
  }, map.name);
}

function showScan() {
  const { maps } = S.data.scan;
  if (!S.map) S.map = (maps.find(({ name }) => name === "power") || maps[0]).name;
  const options = maps.map(({ name, label }) => el("option", { value: name, selected: name === S.map }, label));
  fill(byId("scan-controls"), el("label", {}, "Quantity", el("select", { id: "quantity", onchange: (event) => { S.map = event.target.value; drawMap(); } }, ...options)));
  byId("scan-toml").textContent = textOf(S.data.scan.toml);
  drawMap();
}

// Panels over one axis ------------------------------------------------------------------------------------------

/** Panels above each other that share the horizontal axis and its zoom. */
function drawPanels(target, panels, title) {
  const count = panels.length;
  const space = 0.07;
  const layout = { margin: { l: 70, r: 14, t: 24, b: 48 }, showlegend: true, legend: { orientation: "h", y: -0.1, yanchor: "top", x: 0 }, xaxis: axis(title, { anchor: `y${count}` }) };
  const traces = panels.flatMap(({ title: name, log, curves }, k) => {
    const suffix = k ? String(k + 1) : "";
    const height = (1 - space * (count - 1)) / count;
    const bottom = (count - 1 - k) * (height + space);
    layout[`yaxis${suffix}`] = axis(name, { domain: [bottom, bottom + height], type: log ? "log" : "linear", nticks: 6 });
    return curves.map(({ name: label, x, y, colour, dash, mode }) => ({
      type: "scatter", mode: mode || "lines", x, y, yaxis: `y${suffix}`, name: escaped(label), line: { color: colourOf(colour), dash: dash || "solid", width: 1.8 },
      marker: { size: 6, symbol: SYMBOLS[colour % SYMBOLS.length] }, hovertemplate: `${escaped(label)}: %{y:.6g}<extra></extra>`, legendgroup: label, showlegend: !panels.slice(0, k).some((p) => p.curves.some((c) => c.name === label)),
    }));
  });
  return draw(target, traces, { ...layout, hovermode: "x" }, title);
}

function showTrajectory() {
  const { times, panels, stride } = S.data.trajectory;
  const shownPanels = panels.map(({ title, unit, curves }) => ({
    title: `${title} (${unit})`, curves: curves.map(({ name, values }, k) => ({ name, x: times, y: values, colour: k, dash: DASHES[k % DASHES.length] })),
  }));
  byId("trajectory").style.height = `${Math.max(360, 190 * panels.length + 90)}px`;
  drawPanels(byId("trajectory"), shownPanels, "time (1/ω)");
  byId("trajectory-text").textContent = "Drag over a stretch of time to zoom, double-click to see all; a click on a name in the legend takes its curve away." +
    (stride > 1 ? ` Every ${stride}th row of trajectory.csv is shown.` : "");
}

function showRounds() {
  const searches = S.data.rounds;
  const curve = (pick) => searches.map((search, k) => ({ name: search.name, x: search.rounds, y: pick(search), colour: k, mode: "lines+markers" }));
  const missing = ({ hypervolume, stages }) => hypervolume.map((value, k) => {
    const most = Math.max(...hypervolume.filter((_, j) => stages[j] === stages[k]));
    return value < most ? 1 - value / most : null;
  });
  drawPanels(byId("rounds"), [
    { title: "missing hypervolume", log: true, curves: curve(missing) },
    { title: "certified gap", log: true, curves: curve(({ gap }) => gap.map((value) => (value > 0 ? value : null))) },
    { title: "gradient norm", log: true, curves: curve(({ norm }) => norm) },
  ].filter(({ curves }) => curves.some(({ y }) => y.some((value) => value !== null))), "round");
  const heads = ["search", "round", "stage", "largest output", "hypervolume", "certified gap", "gradient norm"];
  const rows = searches.flatMap((search) => search.rounds.map((round, k) => el("tr", {}, el("th", { scope: "row" }, search.name), cell(round), el("td", {}, search.stages[k]),
    cell(search.best[k]), cell(search.hypervolume[k]), cell(search.gap[k]), cell(search.norm[k]))));
  fill(byId("rounds-table"), el("thead", {}, el("tr", {}, ...heads.map((text) => el("th", { scope: "col" }, text)))), el("tbody", {}, ...rows));
}
