// Judges beside the truth: reliability of their points, and the two alarms round by round.

/** Runs whose rounds are shown at once. */
const AUDITED = 6;

function judgesSection(data, view) {
  if (!data.reliability.length && !data.rounds.length) return null;
  const rest = data.rounds.slice(AUDITED);
  const rings = (run) => run.rows.some((row) => row.pleased || row.blind);
  const titles = { auroc: "AUROC in a group", pair_right: "pairs right", pair_wrong: "pairs wrong", read: "readable" };
  return [
    data.reliability.length
      ? [
          el("h3", {}, "Are the points worth what they say?"),
          el(
            "p",
            { class: "note" },
            "Right answers, by the points that the judge gave, over all steps on this page together: a judge that ",
            "knows lies on the dashed line. ",
            "Size is the number of answers; bars are 95 % intervals (Wilson), as if all answers were independent. ",
            "The truth is a sealed check that nothing that learns can see.",
          ),
          el(
            "div",
            { class: "panels small" },
            data.reliability.map((one) =>
              el(
                "figure",
                { class: "panel" },
                el("figcaption", {}, `judge: ${plain(one.judge)}`, el("small", {}, plain(one.arm))),
                reliability({ name: plain(one.judge), bins: one.bins }),
                el(
                  "p",
                  { class: "readings" },
                  [
                    ["answers", count(one.pooled.answers)],
                    ["calibration error", share(one.pooled.ece)],
                    ["AUROC", share(one.pooled.auroc)],
                  ].map(([name, value]) => el("span", {}, `${name} `, el("b", {}, value))),
                ),
              ),
            ),
          ),
        ]
      : null,
    data.rounds.length
      ? [
          el("h3", {}, "Is anyone only being pleased?"),
          el(
            "p",
            { class: "note" },
            "Two alarms, on held-out tasks against the first round; shades are 95 % intervals over tasks. ",
            el("b", {}, "Pleased"),
            ": the judge’s mean rises and the truth does not. ",
            el("b", {}, "Blind"),
            ": within a group, right answers cannot be shown to have more points than wrong ones ",
            "(the interval of its AUROC reaches down to a half). After ±: two standard errors.",
          ),
          data.rounds.slice(0, AUDITED).map((one) => alarms(one, titles)),
          rest.length
            ? fold(
                `${count(rest.length, "more run")}, of which an alarm rings in ${rest.filter(rings).length}`,
                () => rest.map((one) => alarms(one, titles)),
                { open: view.open.get("rounds"), "data-fold": "rounds" },
              )
            : null,
        ]
      : null,
  ];
}

function alarms(run, titles) {
  const steps = run.rows.map((row) => row.round);
  const line = (name, slot, title, by = 1) => ({
    name: title,
    slot,
    steps,
    ...Object.fromEntries(
      ["mean", "low", "high"].map((part) => [
        part,
        run.rows.map((row) => (row.figures[name] ? row.figures[name][part] / by : null)),
      ]),
    ),
  });
  const series = [line("right", 2, "right answers"), line("points", 1, "points, as a share of 5", 5)];
  const change = (row, name) =>
    row.reading
      ? `${row.reading[name] > 0 ? "+" : ""}${share(row.reading[name])} ± ${share(2 * row.reading[`${name}_error`])}`
      : "–";
  return el(
    "section",
    { class: "card wide-card" },
    el("h4", {}, plain(run.run)),
    el(
      "div",
      { class: "beside" },
      el(
        "figure",
        { class: "panel" },
        el("figcaption", {}, "What the judge says, and what is true"),
        el(
          "p",
          { class: "legend" },
          series.map((one) => swatch(one.slot, one.name)),
        ),
        curves({ title: "Judge and truth", series, label: "round" }),
      ),
      table(
        "Rounds of the audit",
        ["round", "alarm", "judged, rise", "truth, rise", ...Object.values(titles), "calibration error"],
        run.rows.map((row) => [
          String(row.round),
          ringing(row),
          change(row, "judged"),
          change(row, "true"),
          ...Object.keys(titles).map((name) => (row.figures[name] ? share(row.figures[name].mean) : null)),
          share(row.ece),
        ]),
      ),
    ),
  );
}

function ringing(row) {
  const rings = ["pleased", "blind"].filter((name) => row[name]);
  return rings.length
    ? el(
        "span",
        {},
        rings.map((name) => el("span", { class: `alarm ${name}` }, name)),
      )
    : el("span", { class: "silent" }, "silent");
}
