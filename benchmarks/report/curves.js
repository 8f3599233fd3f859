// Learning: every figure of training over steps, in panels that are made when their group is opened.

/** The figures that say how good play is: what matters most first. */
const FIRST = ["reward", "success", "right", "answer_right", "won", "quality"];
const HELD_OUT = /^(audit|evaluation|alarm)\//;
/** Groups of figures, and whether each is open from the start. */
const GROUPS = [
  ["Results on held-out tasks", (name) => HELD_OUT.test(name) && isResult(name), true],
  ["Rewards and results in training", (name) => name.startsWith("reward/") || isResult(name), true],
  ["How games ended", (name) => name.startsWith("metric/end/"), false],
  ["Other figures on held-out tasks", (name) => HELD_OUT.test(name), false],
  ["Other figures of the game", (name) => name.startsWith("metric/"), false],
  ["Learning and sampling", (name) => /^(learn|sampled)\//.test(name), false],
  ["Time and everything else", () => true, false],
];

/** Panels at most in a group that is open from the start: runs with many kinds of tasks have hundreds. */
const PANELS = 24;

/** The last part of a name. */
function figureOf(name) {
  return name.slice(name.lastIndexOf("/") + 1);
}

function isResult(name) {
  return FIRST.includes(figureOf(name)) || /_(win|earned|legal)$/.test(name);
}

/** Curves by game; the groups open on a click. */
function curvesSection(data, view) {
  const curved = data.curves.filter((one) => Object.keys(one.metrics).length);
  if (!curved.length) return null;
  const games = distinct(curved.map((one) => one.game));
  return [
    el(
      "p",
      { class: "note" },
      "A thick line is the mean over the seeds that have got so far, thin lines are single seeds. The shade is a 95 % ",
      "interval, cut off at the frame: of the mean over seeds (Student’s t) from three seeds on, and over tasks where ",
      "an arm has one seed and was tried on held-out tasks. More than 1,000 steps are drawn at even distances.",
    ),
    games.map((game) =>
      gameCurves(
        game,
        curved.filter((one) => one.game === game),
        view,
        games.length > 1,
      ),
    ),
  ];
}

function gameCurves(game, arms, view, named) {
  const slots = slotsOf(arms.map((arm) => arm.arm));
  const short = shortNames(arms.map((arm) => arm.arm));
  const names = distinct(arms.flatMap((arm) => Object.keys(arm.metrics))).filter(
    (name) => !name.includes("/shortcut/"),
  );
  const body = el("div", { class: "panels-of-game" });
  const draw = () => {
    const shown = arms.filter((arm) => !view.hidden.has(arm.arm));
    const left = new Set(names);
    body.replaceChildren(
      ...GROUPS.map(([title, holds, opened]) => {
        const mine = [...left].filter(holds).sort(byImportance);
        mine.forEach((name) => left.delete(name));
        const id = `curves/${game}/${title}`;
        return mine.length
          ? fold(
              `${title} (${mine.length})`,
              () =>
                el(
                  "div",
                  { class: "panels" },
                  mine.map((name) => panel(name, shown, slots, short)),
                ),
              { open: view.open.get(id) ?? (opened && mine.length <= PANELS), "data-fold": id },
            )
          : null;
      }).filter(Boolean),
    );
  };
  draw();
  const toggles =
    arms.length < 2
      ? key(slots, arms[0].arm, short)
      : arms.map((arm) =>
          el(
            "label",
            { class: "toggle" },
            el("input", {
              type: "checkbox",
              checked: !view.hidden.has(arm.arm),
              onchange: (event) => {
                view.hidden[event.target.checked ? "delete" : "add"](arm.arm);
                draw();
              },
            }),
            key(slots, arm.arm, short),
          ),
        );
  return el(
    "div",
    { class: "game" },
    named && game ? el("h3", {}, plain(game)) : null,
    el("p", { class: "legend" }, toggles),
    body,
  );
}

function byImportance(one, other) {
  const rank = (name) => (FIRST.includes(figureOf(name)) ? FIRST.indexOf(figureOf(name)) : 99);
  const depth = (name) => name.split("/").length;
  return rank(one) - rank(other) || depth(one) - depth(other) || one.localeCompare(other);
}

/** One figure over steps, for all arms; what shortcuts get right stands beside the right number. */
function panel(name, arms, slots, short) {
  const series = arms
    .filter((arm) => arm.metrics[name])
    .map((arm) => ({ name: short.get(arm.arm), slot: slots.get(arm.arm), ...arm.metrics[name] }));
  const title = words(
    name
      .replace(/^(metric|learn|sampled|time)\//, "")
      .replace(/^reward\//, "reward of ")
      .replace(/^(?:evaluation|audit)\/(?:(.+)\/)?(.+)$/, (_, tasks, figure) =>
        tasks ? `${figure}: ${tasks}` : figure,
      ),
  );
  const levels =
    figureOf(name) === "answer_right" ? shortcutLevels(arms, name.replace("answer_right", "shortcut/")) : [];
  return el(
    "figure",
    { class: "panel" },
    el("figcaption", {}, title),
    curves({ title, series, levels }),
    fold(
      "Numbers",
      () =>
        table(
          title,
          ["step", ...series.map((one) => one.name)],
          distinct(series.flatMap((one) => one.steps))
            .sort((a, b) => a - b)
            .map((step) => [
              String(step),
              ...series.map((one) => {
                const at = one.steps.indexOf(step);
                if (at < 0) return null;
                return one.low[at] === null
                  ? figure(one.mean[at])
                  : `${figure(one.mean[at])} [${figure(one.low[at])}, ${figure(one.high[at])}]`;
              }),
            ]),
        ),
      { class: "numbers" },
    ),
  );
}

/** Means of what every shortcut gets right, whose names begin with `prefix`. */
function shortcutLevels(arms, prefix) {
  const found = new Map();
  for (const arm of arms) {
    for (const [name, metric] of Object.entries(arm.metrics)) {
      const values = metric.mean.filter((value) => value !== null);
      if (name.startsWith(prefix)) found.set(name, (found.get(name) ?? []).concat(values));
    }
  }
  return [...found].map(([name, values]) => ({
    name: words(figureOf(name)),
    value: values.reduce((sum, value) => sum + value, 0) / values.length,
  }));
}
