// The energy flows of a machine: bands from what gives energy, through the machine, to what takes it.

const SVG = "http://www.w3.org/2000/svg";

function shape(tag, attributes, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function flowColour(flow, flows) {
  if (flow.kind === "work") return colourOf(2);
  const hottest = Math.max(...flows.filter(({ kind }) => kind === "heat").map(({ temperature }) => temperature));
  return flow.temperature === hottest ? colourOf(1) : colourOf(0);
}

/** Bands of one side from the top on: centre of each, as thick as its share of the whole. */
function stacked(side, scale, height) {
  const gap = 46;
  const thick = side.map(({ value }) => Math.max(Math.abs(value) * scale, 1.5));
  const whole = thick.reduce((a, b) => a + b, 0) + gap * Math.max(side.length - 1, 0);
  let top = (height - whole) / 2;
  return side.map((flow, k) => {
    const band = { flow, thick: thick[k], y: top + thick[k] / 2 };
    top += thick[k] + gap;
    return band;
  });
}

function flowPicture(flows, title) {
  const moving = flows.filter(({ value }) => value);
  const [given, taken] = [moving.filter(({ value }) => value > 0), moving.filter(({ value }) => value < 0)];
  const most = Math.max(...[given, taken].map((side) => side.reduce((sum, { value }) => sum + Math.abs(value), 0)), 1e-300);
  const rows = Math.max(given.length, taken.length, 1);
  const [width, body] = [window.innerWidth < 520 ? 370 : 520, 84];
  const height = body + 46 * rows + 20;
  const scale = body / most;
  const [left, right] = [width / 2 - 16, width / 2 + 16];
  const picture = shape("svg", { class: "flow", viewBox: `0 0 ${width} ${height}`, role: "img" });
  const words = flows.map(({ name, value }) => `${name}: ${value > 0 ? "gives" : "takes"} ${number(Math.abs(value))}`);
  picture.append(shape("title", {}, `${title}. ${words.join("; ")}`));
  const sides = [[given, 0.19 * width, left, 1], [taken, 0.81 * width, right, -1]];
  for (const [side, outer, inner, sign] of sides) {
    let top = (height - side.reduce((sum, { value }) => sum + Math.max(Math.abs(value) * scale, 1.5), 0)) / 2;
    for (const { flow, thick, y } of stacked(side, scale, height)) {
      const end = top + thick / 2;
      top += thick;
      const middle = (outer + inner) / 2;
      const edge = (a, b) => `C ${middle} ${a}, ${middle} ${b}, ${inner} ${b}`;
      const path = `M ${outer} ${y - thick / 2} ${edge(y - thick / 2, end - thick / 2)} L ${inner} ${end + thick / 2} ` +
        `C ${middle} ${end + thick / 2}, ${middle} ${y + thick / 2}, ${outer} ${y + thick / 2} Z`;
      picture.append(shape("path", { d: path, fill: flowColour(flow, flows), "fill-opacity": 0.75 }));
      const anchor = sign > 0 ? "start" : "end";
      const x = sign > 0 ? 4 : width - 4;
      const above = y - thick / 2 - 20;
      picture.append(shape("text", { x, y: above, "text-anchor": anchor }, flow.name),
        shape("text", { x, y: above + 15, "text-anchor": anchor, class: "amount", "data-flow": flow.name, "data-value": flow.value }, number(Math.abs(flow.value))));
    }
  }
  picture.append(shape("rect", { class: "machine", x: left, y: (height - body) / 2 - 3, width: right - left, height: body + 6, rx: 4 }));
  const still = flows.filter(({ value }) => !value).map(({ name }) => name);
  const note = `In units of ħ ω²: from the left into the machine, to the right out of it.${still.length ? ` Nothing flows: ${still.join(", ")}.` : ""}`;
  return el("div", {}, picture, el("p", { class: "note" }, note));
}
