// Layers, axes, colour and filters of the front.

const front = () => S.data.front;
const column = (name) => front().columns.find((one) => one.name === name);
const titled = (name) => {
  const { label, unit } = column(name);
  return unit ? `${label} (${unit})` : label;
};

/** A number of a point by the name of its column; null where its layer has none. */
function valueOf(layer, index, name) {
  const place = layer.columns.indexOf(name);
  return place < 0 ? null : layer.rows[index][place];
}

function passes(layer, index) {
  return Object.entries(S.filters).every(([name, [low, high]]) => {
    if (low === null && high === null) return true;
    const value = valueOf(layer, index, name);
    return value !== null && (low === null || value >= low) && (high === null || value <= high);
  });
}

/** The layers that are on, each with its number and the points that pass the filters. */
function shown() {
  return front().layers
    .map((layer, number) => ({ layer, number, points: layer.rows.map((_, k) => k).filter((k) => passes(layer, k)) }))
    .filter(({ layer }) => !S.hidden.has(layer.name));
}

function isLog(name, wish) {
  if (wish !== null) return wish;
  const own = front().axes.find((one) => one.name === name);
  if (own && own.log !== null) return own.log;
  const values = shown().flatMap(({ layer, points }) => points.map((k) => valueOf(layer, k, name))).filter((v) => v !== null);
  return values.length > 0 && Math.min(...values) > 0 && Math.max(...values) / Math.min(...values) > 30;
}

/** Fronts that would squeeze the best one into a corner, as in front.png: off until they are ticked. */
function farBelow() {
  const output = (layer) => layer.rows.map((_, k) => valueOf(layer, k, "output")).filter((value) => value !== null);
  const across = (layer) => layer.rows.map((_, k) => valueOf(layer, k, front().axes[0].name));
  const layers = front().layers.filter((layer) => output(layer).length);
  if (layers.length < 2 || front().axes[1].name !== "output") return [];
  const best = layers.reduce((a, b) => (Math.max(...output(b)) > Math.max(...output(a)) ? b : a));
  return layers.filter((layer) => {
    const ratio = Math.max(...output(layer)) / Math.max(...output(best));
    return ratio < 1e-6 || (ratio < 1e-2 && Math.max(...across(layer)) < Math.min(...across(best)));
  }).map(({ name }) => name);
}

function choice(id, label, chosen, change, first = null) {
  const options = front().columns.map(({ name, label: text }) => el("option", { value: name, selected: name === chosen }, text));
  const select = el("select", { id, onchange: (event) => change(event.target.value) }, first && el("option", { value: "" }, first), ...options);
  return el("label", {}, label, select);
}

function tick(id, label, on, change, swatch = null) {
  const box = el("input", { type: "checkbox", id, checked: on, onchange: (event) => change(event.target.checked) });
  return el("label", {}, box, swatch && el("span", { class: "swatch", style: `background:${swatch}` }), label);
}

function bound(name, end, placeholder) {
  const value = (S.filters[name] || [null, null])[end];
  const change = (event) => {
    const pair = S.filters[name] || [null, null];
    pair[end] = event.target.value === "" ? null : Number(event.target.value);
    S.filters[name] = pair;
    showFront();
  };
  const words = `${column(name).label}: ${end ? "at most" : "at least"}`;
  return el("input", { type: "number", step: "any", id: `filter-${name}-${end}`, "aria-label": words, placeholder, value, onchange: change });
}

function filterRows() {
  return front().columns.flatMap(({ name }) => {
    const values = front().layers.flatMap((layer) => layer.rows.map((_, k) => valueOf(layer, k, name))).filter((v) => v !== null);
    if (!values.length) return [];
    const ends = [Math.min(...values), Math.max(...values)].map((value) => `${Number(value.toPrecision(3))}`);
    return [el("span", {}, titled(name)), bound(name, 0, `≥ ${ends[0]}`), bound(name, 1, `≤ ${ends[1]}`)];
  });
}

function drawControls() {
  const layers = front().layers.map((layer, number) => tick(`layer-${number}`, layer.name, !S.hidden.has(layer.name), (on) => {
    if (on) S.hidden.delete(layer.name);
    else S.hidden.add(layer.name);
    drawControls();
    showFront();
    byId(`layer-${number}`).focus();
  }, colourOf(number)));
  const open = byId("filters") && byId("filters").open;
  const clear = el("button", { type: "button", onclick: () => { S.filters = {}; drawControls(); showFront(); } }, "Clear the filters");
  fill(byId("controls"),
    el("fieldset", {}, el("legend", {}, "Layers"), ...layers),
    farBelow().some((name) => S.hidden.has(name)) ? el("span", { class: "note" }, `far below, off: ${farBelow().filter((name) => S.hidden.has(name)).join(", ")}`) : null,
    choice("axis-x", "Across", S.x, (name) => { S.x = name; S.logX = null; drawControls(); showFront(); }),
    choice("axis-y", "Up", S.y, (name) => { S.y = name; S.logY = null; drawControls(); showFront(); }),
    choice("colour", "Colour", S.colour, (name) => { S.colour = name; showFront(); }, "layer"),
    tick("log-x", "log across", isLog(S.x, S.logX), (on) => { S.logX = on; showFront(); }),
    tick("log-y", "log up", isLog(S.y, S.logY), (on) => { S.logY = on; showFront(); }),
    el("details", { class: "filters", id: "filters", open }, el("summary", {}, "Filter"), el("div", {}, ...filterRows(), clear)));
}
