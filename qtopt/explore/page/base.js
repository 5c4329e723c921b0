// What everything else uses: elements, numbers as text, colours of the theme, figures.

const S = {
  data: JSON.parse(document.getElementById("data").textContent),
  x: "", y: "", colour: "", logX: null, logY: null, hidden: new Set(), filters: {}, sort: null,
  chosen: null, pinned: null, tab: "", map: "", cut: null,
};
const byId = (id) => document.getElementById(id);

/** An element; texts become text nodes, so that nothing in the data is ever read as markup. */
function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

function fill(parent, ...children) {
  parent.replaceChildren(...children.filter((child) => child !== null && child !== undefined));
}

/** Six significant digits, as in the tables that qtopt prints. */
function number(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e-4 && size < 1e6) return String(Number(value.toPrecision(6)));
  const [mantissa, exponent] = value.toExponential(5).split("e");
  return `${Number(mantissa)}e${Number(exponent)}`;
}

/** A cell of a table with a number, which carries it with all its digits. */
function cell(value, tag = "td") {
  const known = value !== null && value !== undefined;
  return el(tag, { class: "number", "data-value": known ? value : null, title: known ? value : null }, number(value));
}

/** Text for plotly, which reads a little markup. */
function escaped(text) {
  return String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

// Colours ------------------------------------------------------------------------------------------------

const LIGHT = ["#0072B2", "#D55E00", "#009E73", "#B5548F", "#A87400", "#4A4A4A"];
const DARK = ["#5EB8F5", "#FF9A57", "#36D6A6", "#F0A6CF", "#F5C542", "#D0D4DA"];
const SYMBOLS = ["circle", "square", "triangle-up", "diamond", "cross", "x"];
const DASHES = ["solid", "dash", "dot", "dashdot"];
let printing = false;

function isDark() {
  return !printing && document.documentElement.dataset.theme === "dark";
}

function colourOf(index) {
  const colours = isDark() ? DARK : LIGHT;
  return colours[index % colours.length];
}

function css(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

// Figures --------------------------------------------------------------------------------------------------

const CONFIG = {
  displaylogo: false, responsive: true, showLink: false, plotlyServerURL: "",
  modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"], toImageButtonOptions: { scale: 3 },
};

function axis(title, more = {}) {
  return {
    title: { text: title, standoff: 8 }, gridcolor: css("--grid"), zerolinecolor: css("--line"), linecolor: css("--line"),
    showline: true, ticks: "outside", tickcolor: css("--line"), automargin: true, exponentformat: "power", ...more,
  };
}

/** Draw or redraw a figure; what was zoomed stays zoomed while `revision` is the same. */
function draw(target, traces, layout, revision = "", bar = true) {
  const narrow = window.innerWidth < 520;
  const whole = {
    paper_bgcolor: css("--paper"), plot_bgcolor: css("--paper"), font: { color: css("--ink"), size: narrow ? 11 : 12 },
    margin: { l: 62, r: 14, t: 28, b: 48 }, hovermode: "closest", dragmode: narrow ? false : "zoom", uirevision: revision,
    legend: { orientation: "h", y: -0.2, x: 0, yanchor: "top" }, hoverlabel: { align: "left" }, ...layout,
  };
  return Plotly.react(target, traces, whole, { ...CONFIG, displayModeBar: bar ? "hover" : false });
}
