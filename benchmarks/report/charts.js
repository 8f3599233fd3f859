// Figures as SVG: curves with intervals, dots with whiskers, and reliability. Colours and dashes come from the style.

const SLOTS = 7;

/** Even values that cover a range, at most about `most`. */
function ticks(low, high, most = 4) {
  const rough = (high - low) / most || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
  const found = [];
  for (let at = Math.ceil(low / step - 1e-9) * step; at <= high + step * 1e-9; at += step) {
    found.push(Number(at.toPrecision(12)));
  }
  return found;
}

/** From values of a range to places of another. */
function scale([low, high], [first, last]) {
  return (value) => first + ((value - low) / (high - low || 1)) * (last - first);
}

/** The least and the greatest of any number of values. */
function extent(values) {
  return values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
}

/** The least and the greatest of some values, with a little room; all shares keep the frame from 0 to 1. */
function range(values) {
  let [low, high] = extent(values);
  if (low >= 0 && high <= 1 && (high - low > 0.25 || low === high)) return [0, 1];
  if (low === high) [low, high] = [low - 0.5 * (Math.abs(low) || 1), high + 0.5 * (Math.abs(high) || 1)];
  const room = 0.06 * (high - low);
  return [low >= 0 && low < room * 4 ? 0 : low - room, high + room];
}

/** A path through points, broken where a value is missing. */
function path(points) {
  let pen = "M";
  return points
    .map(([x, y]) => {
      if (y === null) {
        pen = "M";
        return "";
      }
      const said = `${pen}${x.toFixed(1)} ${y.toFixed(1)}`;
      pen = "L";
      return said;
    })
    .join("");
}

/**
 * Curves over steps. A series has `name`, `slot`, `steps`, `mean`, and maybe `low`, `high` and `runs` (single seeds).
 * `levels` are dashed lines of comparison, each with `name` and `value`.
 */
function curves({ title, series, levels = [], label = "step" }) {
  const [width, height, left, right, top, bottom] = [360, 190, 40, 12, 10, 26];
  // The interval of a few seeds may be far wider than the seeds themselves: it is cut off at the frame.
  const drawn = series.flatMap((one) => [
    ...one.mean,
    ...(one.runs?.length > 1 ? one.runs.flat() : [...(one.low ?? []), ...(one.high ?? [])]),
  ]);
  const shown = [...drawn, ...levels.map((level) => level.value)].filter((value) => value !== null);
  const steps = series.flatMap((one) => one.steps);
  const reach = extent(steps);
  const xs = scale(reach, [left, width - right]);
  const limits = range(shown);
  const ys = scale(limits, [height - bottom, top]);
  const inside = (value) => Math.min(limits[1], Math.max(limits[0], value));
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": spoken(title, series) });
  for (const at of ticks(...limits)) {
    picture.append(
      svg("line", { class: "grid", x1: left, x2: width - right, y1: ys(at), y2: ys(at) }),
      svg("text", { class: "tick", x: left - 6, y: ys(at) + 4, "text-anchor": "end" }, figure(at)),
    );
  }
  for (const at of ticks(...reach, 5).filter(Number.isInteger)) {
    picture.append(svg("text", { class: "tick", x: xs(at), y: height - 9, "text-anchor": "middle" }, figure(at)));
  }
  picture.append(svg("text", { class: "tick", x: left - 6, y: height - 9, "text-anchor": "end" }, label));
  for (const level of levels) {
    picture.append(
      svg(
        "line",
        { class: "level", x1: left, x2: width - right, y1: ys(level.value), y2: ys(level.value) },
        svg("title", {}, `${level.name}: ${figure(level.value)}`),
      ),
    );
  }
  for (const one of series) picture.append(drawnSeries(one, xs, ys, inside));
  let beneath = -Infinity;
  for (const level of [...levels].sort((a, b) => ys(a.value) - ys(b.value))) {
    // Names of lines that lie close together are put one under the other.
    beneath = Math.max(ys(level.value) - 3, beneath + 10);
    picture.append(svg("text", { class: "name", x: width - right, y: beneath, "text-anchor": "end" }, level.name));
  }
  return picture;
}

function drawnSeries(one, xs, ys, inside) {
  const group = svg("g", { class: `series s${one.slot % SLOTS}` });
  const place = (values) =>
    one.steps.map((step, at) => [xs(step), values[at] === null ? null : ys(inside(values[at]))]);
  if (one.low && one.low.some((value) => value !== null)) {
    const known = one.steps.map((_, at) => at).filter((at) => one.low[at] !== null);
    const upper = known.map((at) => [xs(one.steps[at]), ys(inside(one.high[at]))]);
    const lower = known.map((at) => [xs(one.steps[at]), ys(inside(one.low[at]))]).reverse();
    group.append(svg("path", { class: "band", d: `${path([...upper, ...lower])}Z` }));
  }
  if (one.runs && one.runs.length > 1) {
    group.append(...one.runs.map((values) => svg("path", { class: "thin", d: path(place(values)) })));
  }
  group.append(svg("path", { class: "line", d: path(place(one.mean)) }));
  const last = place(one.mean)
    .filter(([, y]) => y !== null)
    .at(-1);
  if (last) group.append(svg("circle", { class: "end", cx: last[0], cy: last[1], r: 3.2 }));
  return group;
}

/** What a figure says, for who does not see it. */
function spoken(title, series) {
  const said = series.map((one) => {
    const known = one.mean.filter((value) => value !== null);
    return `${one.name}: from ${figure(known[0])} to ${figure(known.at(-1))}`;
  });
  return `${title}. ${said.join("; ")}.`;
}

/**
 * A score with its interval on a line from 0 to 1. `seeds` are small dots; `references` are signs by name.
 */
function strip({ estimate, seeds = [], references = {}, own = true, slot = 0, name = "score" }) {
  if (estimate.mean === null) return null;
  const [width, height, middle] = [220, 26, 13];
  const xs = scale([0, 1], [8, width - 8]);
  const said = [
    `${name} ${interval(estimate)}`,
    ...Object.entries(references).map(([of, one]) => `${of} ${share(one.mean)}`),
  ];
  const picture = svg("svg", {
    class: "strip",
    viewBox: `0 0 ${width} ${height}`,
    role: "img",
    "aria-label": said.join(", "),
  });
  picture.append(svg("line", { class: "grid", x1: xs(0), x2: xs(1), y1: middle, y2: middle }));
  for (const at of [0, 0.5, 1]) picture.append(svg("line", { class: "grid", x1: xs(at), x2: xs(at), y1: 9, y2: 17 }));
  for (const [of, one] of Object.entries(references)) {
    picture.append(sign(of, xs(clip(one.mean)), middle));
  }
  const group = svg("g", { class: own ? `series s${slot}` : "series other" });
  group.append(
    svg("line", { class: "whisker", x1: xs(clip(estimate.low)), x2: xs(clip(estimate.high)), y1: middle, y2: middle }),
    ...seeds.map((seed) => svg("circle", { class: "seed", cx: xs(clip(seed.mean)), cy: middle, r: 2.2 })),
    svg("circle", { class: "dot", cx: xs(clip(estimate.mean)), cy: middle, r: 5 }),
  );
  picture.append(group);
  return picture;
}

function clip(value) {
  return Math.min(1, Math.max(0, value));
}

const SIGNS = {
  random: "M-4.5 -4.5H4.5V4.5H-4.5Z",
  scripted: "M0 -6L6 0L0 6L-6 0Z",
  shortcut: "M0 -6L6 5H-6Z",
  oracle: "M-5 -5L5 5M-5 5L5 -5",
};

/** The sign of a reference. */
function sign(name, x, y) {
  return svg(
    "path",
    {
      class: `sign ${Object.hasOwn(SIGNS, name) ? name : ""}`,
      d: SIGNS[Object.hasOwn(SIGNS, name) ? name : "scripted"],
      transform: `translate(${x} ${y})`,
    },
    svg("title", {}, name),
  );
}

/** Share of right answers by the points that they were given; a judge that knows lies on the diagonal. */
function reliability({ name, bins, slot = 0 }) {
  const [size, left, bottom, top] = [266, 40, 40, 12];
  const xs = scale([0, 1], [left, size - 10]);
  const ys = scale([0, 1], [size - bottom, top]);
  const most = Math.max(...bins.map((bin) => bin.count));
  const said = bins.map((bin) => `${share(bin.points)} points: ${share(bin.right)} right of ${bin.count}`);
  const picture = svg("svg", {
    viewBox: `0 0 ${size} ${size}`,
    role: "img",
    "aria-label": `${name}. ${said.join("; ")}`,
  });
  for (const at of [0, 0.2, 0.4, 0.6, 0.8, 1]) {
    picture.append(
      svg("line", { class: "grid", x1: xs(0), x2: xs(1), y1: ys(at), y2: ys(at) }),
      // As far from the axes as the greatest dot reaches.
      svg("text", { class: "tick", x: left - 12, y: ys(at) + 4, "text-anchor": "end" }, figure(at)),
      svg("text", { class: "tick", x: xs(at), y: size - bottom + 20, "text-anchor": "middle" }, figure(at * 5)),
    );
  }
  picture.append(
    svg("text", { class: "tick", x: xs(1), y: size - 4, "text-anchor": "end" }, "points given"),
    svg("line", { class: "level", x1: xs(0), y1: ys(0), x2: xs(1), y2: ys(1) }),
  );
  const group = svg("g", { class: `series s${slot} counted` });
  for (const bin of bins) {
    group.append(
      svg(
        "circle",
        { class: "dot", cx: xs(bin.points), cy: ys(bin.right), r: 2.5 + 7 * Math.sqrt(bin.count / most) },
        svg("title", {}, `${count(bin.count, "answer")}`),
      ),
      svg("line", { class: "whisker", x1: xs(bin.points), x2: xs(bin.points), y1: ys(bin.low), y2: ys(bin.high) }),
    );
  }
  picture.append(group);
  return picture;
}
