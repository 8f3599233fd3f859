// One episode, turn by turn, with what its stretches mean; or two of the same task side by side.

const MEANINGS = {
  thought: "a thought",
  secret: "what only one seat was told",
  rationale: "reasons",
  read: "the line that the game read",
  unread: "the game could read nothing here",
  breach: "against the rules, or said what must not be said",
  right: "right",
  partly: "partly right",
  wrong: "wrong",
  about: "what it is about",
};
/** Games whose replies are code or forms, which a fixed width suits. */
const FIXED = ["graph_plan", "graph_questions", "hardware", "sequence"];
/** Characters of a text that are drawn at first. */
const SHOWN = 4000;

/** The episode, and the other one beside it if there is one. */
function transcriptView(data, episode, other, handlers) {
  const both = other ? [episode, other] : [episode];
  return [
    toolbar(data, episode, other, handlers),
    el(
      "div",
      { class: other ? "pair" : "single" },
      both.map((one, place) => oneEpisode(data, one, place)),
    ),
    legendOf(both),
  ];
}

function toolbar(data, episode, other, { step, back, compare, link }) {
  const others = episode.same.filter((one) => one !== episode);
  return el(
    "div",
    { class: "toolbar" },
    el("button", { type: "button", class: "back", onclick: back }, "← All episodes"),
    el("button", { type: "button", onclick: () => step(-1), "aria-label": "Previous episode" }, "←"),
    el("button", { type: "button", onclick: () => step(1), "aria-label": "Next episode" }, "→"),
    others.length
      ? el(
          "label",
          {},
          el("span", {}, "Beside it"),
          el(
            "select",
            { id: "other", onchange: (event) => compare(event.target.value) },
            el("option", { value: "" }, `nothing (${count(others.length, "other")} of this task)`),
            others
              .slice(0, 200)
              .map((one) =>
                el(
                  "option",
                  { value: one.key, selected: one === other },
                  `${plain(data.runs[one.run].name)} · ${plain(one.agents.join(", "))} · ${words(one.end)}`,
                ),
              ),
          ),
        )
      : null,
    el("button", { type: "button", class: "quiet", onclick: link }, "Copy link"),
  );
}

function oneEpisode(data, episode, place) {
  const seats = new Map(episode.seats.map((seat, at) => [seat, at % SLOTS]));
  const run = data.runs[episode.run];
  const { opening } = episode;
  return el(
    "article",
    { class: "episode", "aria-labelledby": `task-${place}` },
    el(
      "header",
      {},
      el("h3", { id: `task-${place}`, tabindex: "-1" }, plain(episode.task)),
      el("p", { class: "where" }, [episode.game, run.name, episode.at].filter(Boolean).map(plain).join(" · ")),
      el(
        "p",
        { class: "outcome" },
        el("b", {}, words(episode.end)),
        data.texts[episode.reason] ? [": ", ...visible(data.texts[episode.reason])] : null,
      ),
      el(
        "ul",
        { class: "rewards" },
        Object.entries(episode.rewards).map(([seat, reward]) =>
          el("li", { class: tone(reward) }, `${plain(seat)} `, el("b", {}, signed(reward))),
        ),
      ),
    ),
    opening.asked
      ? el(
          "div",
          { class: opening.text.includes("```") ? "asked fixed" : "asked" },
          said(opening.text, [], leftOut(data, opening.place), 600),
        )
      : null,
    fold("The task", () =>
      [
        half(data, episode.public),
        data.texts[episode.sealed]
          ? el("div", {}, el("h4", {}, "Sealed: no seat and no reward ever saw it"), half(data, episode.sealed))
          : null,
      ].filter(Boolean),
    ),
    el(
      "ol",
      { class: `turns ${FIXED.includes(episode.game) ? "fixed" : ""}` },
      episode.turns.map((turn, at) => oneTurn(data, episode, turn, at, seats)),
    ),
    fold(`Figures of this game (${Object.keys(episode.metrics).length})`, () =>
      table(
        "Figures",
        ["figure", "value"],
        Object.entries(episode.metrics).map(([name, value]) => [plain(name), figure(value)]),
      ),
    ),
  );
}

/** Half a task: its fields, where it is an object. */
function half(data, place) {
  const text = data.texts[place];
  let fields;
  try {
    fields = JSON.parse(text);
  } catch {
    return el("pre", {}, visible(text), leftOut(data, place));
  }
  return el(
    "dl",
    { class: "task" },
    Object.entries(fields).map(([name, value]) => [
      el("dt", {}, words(name)),
      el("dd", {}, visible(typeof value === "string" ? value : JSON.stringify(value))),
    ]),
  );
}

function oneTurn(data, episode, turn, at, seats) {
  const text = data.texts[turn.text];
  const marks = turn.marks ?? [];
  const whole = marks.filter(([, , start, end]) => start === end);
  const prompt = el("div", { class: "prompt", hidden: true });
  return el(
    "li",
    { class: `turn s${seats.get(turn.seat) ?? 6}` },
    el(
      "div",
      { class: "who" },
      el("b", {}, plain(turn.seat)),
      el("span", {}, plain(turn.agent)),
      whole.map(([kind, note]) => el("span", { class: `chip ${kind}` }, chip(kind, note))),
      turn.cut ? el("span", { class: "chip" }, "cut short") : null,
      turn.failed ? el("span", { class: "chip failed" }, "no reply: the server failed") : null,
      turn.credit === undefined || turn.credit === null
        ? null
        : el("span", { class: "worth" }, `worth ${figure(turn.credit, 2)}`),
      turn.reward ? el("span", { class: "worth" }, `paid ${signed(turn.reward)}`) : null,
      turn.tokens ? el("span", { class: "worth" }, count(turn.tokens, "token")) : null,
      turn.read.length > 1
        ? opener(turn.read[0] ? "prompt since" : "prompt", prompt, () => readings(data, turn.read))
        : null,
    ),
    prompt,
    said(
      text,
      marks.filter(([, , start, end]) => start < end),
      leftOut(data, turn.text),
    ),
  );
}

/** A button that shows and hides what the seat had read; it is made when first asked for. */
function opener(name, box, make) {
  return el(
    "button",
    {
      type: "button",
      class: "quiet open",
      "aria-expanded": "false",
      onclick: (event) => {
        if (!box.hasChildNodes()) box.append(...make());
        box.hidden = !box.hidden;
        event.currentTarget.setAttribute("aria-expanded", String(!box.hidden));
      },
    },
    name,
  );
}

function chip(kind, note) {
  const told = { right: "✓ ", wrong: "✗ ", partly: "≈ ", breach: "✗ ", unread: "? " }[kind] ?? "";
  return told + (note ? plain(note) : kind);
}

function readings(data, read) {
  const found = [];
  for (let at = 1; at < read.length; at += 2) {
    found.push(
      el(
        "div",
        { class: "message" },
        el("b", {}, ["system", "user", "assistant"][read[at]]),
        said(data.texts[read[at + 1]], [], leftOut(data, read[at + 1])),
      ),
    );
  }
  return found;
}

function leftOut(data, place) {
  const more = data.left_out.characters[place];
  return more ? el("span", { class: "cut" }, ` … ${count(more, "character")} more are not on this page`) : null;
}

/** A text with its marks; a long one is drawn in part until it is asked for. */
function said(text, marks, ending, most = SHOWN) {
  if (!text && !ending) return el("p", { class: "said empty" }, "(nothing)");
  const box = el("div", { class: "said", dir: "auto" });
  const draw = (upto) =>
    box.replaceChildren(
      ...stretches(text.slice(0, upto), marks),
      ...(upto < text.length
        ? [
            el(
              "button",
              { type: "button", class: "quiet more", onclick: () => draw(text.length) },
              `Show ${count(text.length - upto, "more character")}`,
            ),
          ]
        : ending
          ? [ending]
          : []),
    );
  draw(text.length > most * 1.5 ? most : text.length);
  return box;
}

/** Nodes of a text, cut wherever a mark begins or ends; a mark's note stands after its last part. */
function stretches(text, marks) {
  const edges = distinct([0, text.length, ...marks.flatMap(([, , start, end]) => [start, end])])
    .filter((edge) => edge <= text.length)
    .sort((a, b) => a - b);
  return edges.slice(1).flatMap((end, place) => {
    const start = edges[place];
    const over = marks.filter((mark) => mark[2] <= start && end <= mark[3]);
    const nodes = visible(text.slice(start, end));
    if (!over.length) return nodes;
    const notes = over
      .filter((mark) => mark[3] === end && (mark[1] || mark[0] === "unread"))
      .map((mark) => chip(mark[0], mark[1]));
    return [
      el(
        "mark",
        {
          class: distinct(over.map((mark) => mark[0])).join(" "),
          "data-note": notes.join(", ") || null,
          title: over.map((mark) => MEANINGS[mark[0]] + (mark[1] ? `: ${plain(mark[1])}` : "")).join("; "),
        },
        nodes,
      ),
    ];
  });
}

/** What the marks in sight mean. */
function legendOf(episodes) {
  const kinds = distinct(
    episodes.flatMap((episode) =>
      episode.turns.flatMap((turn) =>
        (turn.marks ?? []).filter(([, , start, end]) => start < end).map(([kind]) => kind),
      ),
    ),
  );
  return kinds.length
    ? el(
        "p",
        { class: "legend marks" },
        "Marks: ",
        kinds.map((kind) => el("mark", { class: kind }, MEANINGS[kind])),
      )
    : null;
}
