// Elements from plain values, and numbers as text. Text goes into the page as text alone: nothing here parses HTML.

const SVG = "http://www.w3.org/2000/svg";

/** An element; `properties` are attributes, or listeners where the name begins with "on". Children are nodes, text. */
function el(name, properties = {}, ...children) {
  return filled(document.createElement(name), properties, children);
}

/** The same for SVG. */
function svg(name, properties = {}, ...children) {
  return filled(document.createElementNS(SVG, name), properties, children);
}

function filled(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

// Control characters, marks of direction and of nothing at all, and halves of surrogate pairs: a text must show them,
// for they could hide or turn round what stands beside them.
const UNSEEN = new RegExp(
  "[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e" +
    "\\u115f\\u1160\\u2060-\\u206f\\u3164\\ufe00-\\ufe0e\\ufeff\\uffa0\\ufff9-\\ufffb]" +
    "|\\udb40[\\udc00-\\udfff]|[\\ud800-\\udbff](?![\\udc00-\\udfff])|(?<![\\ud800-\\udbff])[\\udc00-\\udfff]",
  "g",
);

/** A text as nodes, in which every character that cannot be seen is spelled out. */
function visible(text) {
  const nodes = [];
  let from = 0;
  for (const found of text.matchAll(UNSEEN)) {
    if (found.index > from) nodes.push(text.slice(from, found.index));
    nodes.push(el("span", { class: "unseen", title: "a character that cannot be seen" }, spelled(found[0])));
    from = found.index + found[0].length;
  }
  if (from < text.length) nodes.push(text.slice(from));
  return nodes;
}

/** The same as one string. */
function plain(text) {
  return text.replace(UNSEEN, spelled);
}

function spelled(sign) {
  return `U+${sign.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
}

/** A number in few digits, with a true minus. */
function figure(value, digits = 3) {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  const few =
    size >= 1000
      ? Math.round(value).toLocaleString("en-US")
      : size >= 0.001 || size === 0
        ? String(Number(value.toPrecision(digits)))
        : value.toExponential(1);
  return few.replace("-", "−");
}

/** A share or reward with two decimals. */
function share(value) {
  return value === null || value === undefined ? "–" : value.toFixed(2).replace("-", "−");
}

/** A reward with its sign. */
function signed(value) {
  return value > 0 ? `+${figure(value, 2)}` : figure(value, 2);
}

/** A whole number with commas. */
function count(value, noun = "") {
  const said = value.toLocaleString("en-US");
  return noun ? `${said} ${noun}${value === 1 ? "" : "s"}` : said;
}

/** A mean with its interval. */
function interval(estimate) {
  const { mean, low, high } = estimate;
  return `${share(mean)} [${share(low)}, ${share(high)}]`;
}

/** Words of a name: "answer_right" is "answer right". */
function words(name) {
  return plain(name).replaceAll("_", " ");
}

/** Values that differ, in their order. */
function distinct(values) {
  return [...new Set(values)];
}

/** A table in a frame of its own, which alone scrolls sideways. Cells are nodes or text; the first heads its row. */
function table(caption, heads, rows, properties = {}) {
  const numeric = (place) => rows.length && rows.every((row) => row[place] === null || isNumeric(row[place]));
  const wide = heads.map((_, place) => (place && numeric(place) ? "number" : null));
  return el(
    "div",
    { class: "frame", tabindex: "0", role: "region", "aria-label": caption, ...properties },
    el(
      "table",
      {},
      el("caption", {}, caption),
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          heads.map((head, place) => el("th", { scope: "col", class: wide[place] }, head)),
        ),
      ),
      el(
        "tbody",
        {},
        rows.map((row) =>
          el(
            "tr",
            {},
            row.map((cell, place) =>
              place ? el("td", { class: wide[place] }, cell ?? "") : el("th", { scope: "row" }, cell ?? ""),
            ),
          ),
        ),
      ),
    ),
  );
}

function isNumeric(cell) {
  return typeof cell === "string" && /^[−+]?[\d.,]+(e[−-]?\d+)?%?( \[.*\]| ± .*)?$|^–?$/.test(cell);
}

/** What opens on a click, made only then. */
function fold(summary, make, properties = {}) {
  const details = el("details", properties, el("summary", {}, summary));
  let made = false;
  const fill = () => {
    if (details.open && !made) {
      made = true;
      details.append(...[make()].flat());
    }
  };
  details.addEventListener("toggle", fill);
  fill();
  return details;
}
