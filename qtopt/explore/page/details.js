// A point of the front: its numbers, certificate, drive, currents, precision and file; two of them side by side.

const textOf = (places) => places.map((place) => S.data.lines[place]).join("\n");

/** A sentence with its weight: "good", or the severity of a finding of the audit. */
function verdict(weight, words) {
  return el("p", { class: `verdict ${weight}` }, words);
}

function certificate(layer, index) {
  const name = front().certified;
  const value = layer.columns.includes(name) ? valueOf(layer, index, name) : null;
  const [first, second] = front().axes;
  if (value === null) return el("p", { class: "note", "data-part": "certificate" }, "No certified bound for this point.");
  const place = `${column(first.name).label} ${number(valueOf(layer, index, first.name))}`;
  const known = valueOf(layer, index, second.name);
  const gap = second.less ? known / value - 1 : value / known - 1;
  const words = second.less
    ? `No drive of the set with at least this ${place} has a ${column(second.name).label} below `
    : `No drive of the set with at least this ${place} yields more than `;
  const exact = el("b", { "data-value": value, title: value }, number(value));
  const unit = column(name) && column(name).unit ? ` ${column(name).unit}` : "";
  return el("p", { class: "verdict good", "data-part": "certificate" }, words, exact, `${unit}; this point is `,
    el("b", { "data-gap": gap }, `${number(Number((100 * gap).toPrecision(3)))} %`), second.less ? " above it." : " short of it.");
}

function validity(layer, index, point) {
  const value = valueOf(layer, index, "weak_validity");
  const found = (point.findings || []).map(({ severity, text }) => verdict(severity, text));
  if (value !== null && !found.some((node) => node.textContent.includes("weak"))) {
    const good = value <= front().validity_limit;
    found.unshift(verdict(good ? "good" : "warning", `Weak coupling: linewidth ratio ${number(value)}, ${good ? "below" : "above"} the limit ${front().validity_limit}` +
      (good ? "." : ": the weak theory is doubtful here; use the exact solver.")));
  }
  return found;
}

function numbers(points) {
  const refs = points.map(({ ref }) => ref);
  const names = front().columns.filter(({ name }) => refs.some(({ layer }) => front().layers[layer].columns.includes(name)));
  const heads = refs.length > 1 ? ["A", "B", "B/A − 1"] : ["value"];
  const rows = names.map(({ name }) => {
    const values = refs.map(({ layer, index }) => valueOf(front().layers[layer], index, name));
    const cells = values.map((value) => cell(value));
    if (refs.length > 1) cells.push(cell(values[0] && values[1] !== null ? Number((values[1] / values[0] - 1).toPrecision(3)) : null));
    return el("tr", { "data-column": name }, el("th", { scope: "row" }, titled(name)), ...cells);
  });
  const head = el("tr", {}, el("th", { scope: "col" }, "quantity"), ...heads.map((text) => el("th", { scope: "col", class: "number" }, text)));
  return el("table", { class: "numbers" }, el("thead", {}, head), el("tbody", {}, ...rows));
}

function precision(point) {
  if (!point.precision || !point.precision.length) {
    return el("p", { class: "note", "data-part": "precision" }, point.no_precision ? `None: ${point.no_precision}` : "No fluctuations are known.");
  }
  const rows = point.precision.map(({ name, q, violated }) => el("tr", { "data-current": name }, el("th", { scope: "row" }, name), cell(q),
    el("td", {}, violated.length ? el("b", {}, violated.join(", ")) : "none")));
  const head = ["current", "Q = D σ / J²", "bounds violated"].map((text, k) => el("th", { scope: "col", class: k === 1 ? "number" : null }, text));
  return el("table", { "data-part": "precision" }, el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...rows));
}

/** The drives over one period; of two points the second is dashed. */
function drawDrive(target, point, label) {
  const count = point.drive[0].length;
  const phase = Array.from({ length: count }, (_, k) => k / (count - 1));
  const traces = point.drive.map((values, l) => ({
    type: "scatter", mode: "lines", x: phase, y: values, name: `g<sub>${l + 1}</sub>`, line: { color: colourOf(l), dash: DASHES[l % DASHES.length], width: 2 },
    hovertemplate: `Ωt/2π = %{x:.3f}<br>g<sub>${l + 1}</sub> = %{y:.4g}<extra></extra>`,
  }));
  const level = (y) => ({ type: "line", xref: "paper", x0: 0, x1: 1, y0: y, y1: y, line: { color: css("--soft"), width: 1, dash: "dot" } });
  const largest = Math.max(...point.drive.flat().map(Math.abs), point.bounded ? 1 : 0);
  target.setAttribute("aria-label", `${label}: couplings over one period, between ${number(Math.min(...point.drive.flat()))} and ${number(Math.max(...point.drive.flat()))}`);
  draw(target, traces, {
    margin: { l: 50, r: 10, t: 8, b: 40 }, xaxis: axis("Ωt/2π", { range: [0, 1] }), yaxis: axis("coupling", { range: [-1.12 * largest, 1.12 * largest] }),
    shapes: point.bounded ? [level(1), level(-1)] : [], legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 1, xanchor: "right" },
  }, "", false);
}

async function copy(text, button) {
  const say = (words) => {
    button.textContent = words;
    setTimeout(() => { button.textContent = "Copy TOML"; }, 1500);
  };
  try {
    await navigator.clipboard.writeText(text);
    say("Copied");
  } catch {
    const area = el("textarea", { class: "hidden", readonly: true });
    area.value = text;
    document.body.append(area);
    area.select();
    say(document.execCommand("copy") ? "Copied" : "Not allowed: copy it below");
    area.remove();
  }
}

function download(text, name) {
  const url = URL.createObjectURL(new Blob([text], { type: "application/toml" }));
  el("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

function section(title, ...children) {
  return [el("h3", {}, title), ...children];
}

function pointPanel({ ref, letter }, alone) {
  const layer = front().layers[ref.layer];
  const point = layer.points[ref.index];
  const toml = textOf(point.toml);
  const name = point.file.split("/").pop() || "point.toml";
  const drive = el("div", { class: "plot small", role: "img" });
  const title = `${letter ? `${letter}: ` : ""}${layer.name} ${ref.index}`;
  const copying = el("button", { type: "button", class: "copy", onclick: (event) => copy(toml, event.target) }, "Copy TOML");
  const panel = el("article", { class: "point", "data-point": `${ref.layer}-${ref.index}` },
    el("div", { class: "head" }, el("h2", {}, title), el("div", { class: "actions" },
      letter === "B" ? null : el("button", { type: "button", class: "pin", "aria-pressed": String(Boolean(S.pinned)), onclick: pin }, S.pinned ? "End comparison" : "Compare with…"),
      copying, el("button", { type: "button", onclick: () => download(toml, name) }, "Save TOML"))),
    el("p", { class: "note" }, [point.mode, point.solver && `${point.solver} solver`, point.file].filter(Boolean).join(" · ")),
    point.error ? verdict("error", point.error) : null,
    alone ? numbers([{ ref }]) : null,
    ...section("Certificate and validity", certificate(layer, ref.index), ...validity(layer, ref.index, point)),
    ...section("Drive over a period", drive),
    ...(point.flows ? section("Energy per time", flowPicture(point.flows, title)) : []),
    ...(point.flows ? section("Precision", precision(point)) : []),
    point.lines ? el("details", {}, el("summary", {}, "Everything that ", el("code", {}, "qtopt evaluate"), " says"),
      el("div", { class: "scroll" }, el("table", {}, ...point.lines.map(([label, value, note]) => el("tr", {}, el("th", { scope: "row" }, label), el("td", {}, value), el("td", { class: "note" }, note)))))) : null,
    el("details", { class: "toml" }, el("summary", {}, "Configuration of this point (TOML)"), el("pre", { tabindex: "0" }, toml)));
  return { panel, after: () => drawDrive(drive, point, title) };
}

function drawDetails() {
  const target = byId("details");
  const both = areCompared();
  if (!S.chosen) {
    fill(target, el("p", { class: "note" }, "No point is chosen."));
    return;
  }
  const points = both ? [{ ref: S.pinned, letter: "A" }, { ref: S.chosen, letter: "B" }] : [{ ref: S.chosen, letter: "" }];
  const panels = points.map((one) => pointPanel(one, !both));
  fill(target, both ? numbers(points) : null, el("div", { class: both ? "pair" : "" }, ...panels.map(({ panel }) => panel)));
  panels.forEach(({ after }) => after());
}
