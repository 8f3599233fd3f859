// Sections above the transcripts: scores, runs, shortcuts, tables, cost. Each makes its elements from the data, or
// returns null where there is nothing to show.

/** Rows of runs that are shown at once. */
const ROWS = 12;

function scoresSection(data) {
  if (!data.scores.length) return null;
  const slots = slotsOf(data.scores.map(trained));
  const names = distinct(data.scores.flatMap((row) => Object.keys(row.references)));
  const rows = data.scores.map((row, place) => [
    row.item === data.scores[place - 1]?.item ? el("span", { class: "again" }, plain(row.item)) : plain(row.item),
    key(slots, trained(row)),
    strip({
      estimate: row.score,
      seeds: row.seeds.length > 1 ? row.seeds : [],
      references: row.references,
      slot: slots.get(trained(row)),
    }),
    interval(row.score),
    ...names.map((name) => (row.references[name] ? share(row.references[name].mean) : null)),
  ]);
  const legend = names.map((name) =>
    el("span", {}, svg("svg", { viewBox: "-8 -8 16 16", class: "key" }, sign(name, 0, 0)), name),
  );
  return [
    el(
      "p",
      { class: "note" },
      "Scores are from 0 to 1, on held-out tasks. A dot is the mean, the bar its 95 % interval over tasks; ",
      "small dots are single seeds. Hollow signs are the game’s references on the same tasks.",
    ),
    el("p", { class: "legend" }, legend),
    table(
      "Scores by item and policy, beside the references",
      ["item", "policy", "from 0 to 1", "score", ...names],
      rows,
    ),
  ];
}

function trained(row) {
  return [row.policy, row.algorithm === "none" ? "" : row.algorithm, row.bench].filter(Boolean).join(", ");
}

function runsSection(data) {
  if (!data.runs.length) return null;
  const rows = data.runs.map((run) => [
    plain(run.name),
    plain(run.game),
    plain([run.players, run.algorithm].filter(Boolean).join("; ")),
    run.steps ? count(run.steps) : "–",
    count(run.episodes),
    el(
      "ul",
      { class: "plain" },
      run.rewards.map((one) =>
        el(
          "li",
          {},
          `${plain(one.seat)} `,
          el("b", {}, "first" in one ? `${signed(one.first)} → ${signed(one.last)}` : interval(one)),
        ),
      ),
    ),
    ends(run),
  ]);
  const settings = data.runs.filter((run) => run.settings);
  const heads = ["run", "game", "players", "steps", "episodes", "mean reward", "ends"];
  return [
    manyRuns("Rewards and ends of every run", heads, rows),
    el(
      "p",
      { class: "note" },
      "Rewards: at the first and the last step where something was learned; otherwise the mean over the ",
      "episodes on this page, with its 95 % interval over tasks. Ends: of the episodes on this page.",
    ),
    settings.length
      ? fold("Settings of every run", () =>
          settings.map((run) => fold(plain(run.name), () => el("pre", {}, visible(run.settings)))),
        )
      : null,
  ];
}

/** A table of runs, of which the first are shown at once. */
function manyRuns(caption, heads, rows) {
  const rest = rows.slice(ROWS);
  return [
    table(caption, heads, rows.slice(0, ROWS)),
    rest.length ? fold(count(rest.length, "more run"), () => table(`${caption}, continued`, heads, rest)) : null,
  ];
}

/** How a run's games ended, as a bar in parts; the text says the same. */
function ends(run) {
  const all = Object.values(run.ends).reduce((sum, some) => sum + some, 0);
  const parts = Object.entries(run.ends);
  const said = parts.map(([end, some]) => `${words(end)} ${Math.round((100 * some) / all)}\u00a0%`);
  const shown = said.slice(0, 3).join(", ") + (said.length > 3 ? `, ${said.length - 3} more` : "");
  return el("span", { class: "ends", title: said.join(", ") }, shown);
}

function shortcutsSection(data) {
  if (!data.shortcuts.length) return null;
  return [
    el(
      "p",
      { class: "note" },
      "What known wrong procedures get right on the very tasks that were played, over all steps on this page ",
      "together. Filled dots are the run’s own; ",
      "a right number that is no better than a shortcut’s need not have been worked out.",
    ),
    el(
      "div",
      { class: "cards" },
      data.shortcuts.map((one) =>
        el(
          "section",
          { class: "card" },
          el("h3", {}, plain(one.arm)),
          table(
            `Shortcuts beside ${plain(one.arm)}`,
            ["procedure", "from 0 to 1", "share"],
            one.rows.map((row) => [
              words(row.name),
              strip({ estimate: row, own: row.own, name: words(row.name) }),
              interval(row),
            ]),
          ),
        ),
      ),
    ),
  ];
}

function tablesSection(data) {
  if (!data.tables.length) return null;
  return data.tables.map((one) =>
    fold(
      plain(one.title),
      () =>
        table(
          plain(one.title),
          [...one.heads, ...one.estimates].map(words),
          one.rows.map((row) => [
            ...one.heads.map((head) => ((row[head] ?? null) === null ? null : told(row[head]))),
            ...one.estimates.map((name) => (row[name] ? interval(row[name]) : null)),
          ]),
        ),
      { open: data.tables.length === 1 },
    ),
  );
}

/** What names a row: whole numbers and words as they are, other numbers in few digits. */
function told(value) {
  return typeof value === "number" && !Number.isInteger(value) ? figure(value) : plain(String(value));
}

function costSection(data) {
  const known = data.runs.filter((run) => Object.keys(run.cost).length);
  if (!known.length) return null;
  const names = distinct(known.flatMap((run) => Object.keys(run.cost)));
  const cell = (value) => (typeof value === "number" ? figure(value) : null);
  const rows = known.map((run) => [plain(run.name), ...names.map((name) => cell(run.cost[name]))]);
  return [
    manyRuns("What every run took, as far as it is known", ["run", ...names.map(words)], rows),
    names.includes("cells_of_training")
      ? el(
          "p",
          { class: "note" },
          "What a cell took is its evaluation and the whole training before it. Where cells share a training, ",
          "“cells of training” says how many: it was paid once, so do not add them up.",
        )
      : null,
  ];
}

/** A colour for every name, in their order. */
function slotsOf(names) {
  return new Map(distinct(names).map((name, place) => [name, place % SLOTS]));
}

/** Names without the folders that all of them share. */
function shortNames(names) {
  const parts = names.map((name) => name.split("/"));
  let shared = 0;
  while (names.length > 1 && parts.every((some) => some.length > shared + 1 && some[shared] === parts[0][shared]))
    shared += 1;
  return new Map(names.map((name, place) => [name, plain(parts[place].slice(shared).join("/"))]));
}

function key(slots, name, short = new Map()) {
  return swatch(slots.get(name), short.get(name) ?? plain(name));
}

function swatch(slot, name) {
  return el(
    "span",
    { class: "swatch" },
    svg(
      "svg",
      { viewBox: "0 0 22 8", class: "key long" },
      svg("g", { class: `series s${slot}` }, svg("line", { class: "line", x1: 0, x2: 22, y1: 4, y2: 4 })),
    ),
    name,
  );
}
