// The page itself: sections from the data, what is chosen, the address, keys, the theme, and news of runs that go on.

const SECONDS = 3;
const THEMES = ["auto", "light", "dark"];
const SECTIONS = [
  ["scores", "Scores", scoresSection],
  ["runs", "Runs", runsSection],
  ["curves", "Learning", curvesSection],
  ["shortcuts", "Shortcuts", shortcutsSection],
  ["judges", "Judges", judgesSection],
  ["tables", "Tables", tablesSection],
  ["cost", "Cost", costSection],
];

const main = document.getElementById("main");
const choice = { ...NOTHING };
const view = { hidden: new Set(), open: new Map(), current: null, other: null, reading: false };
let data = indexed(JSON.parse(document.getElementById("data").textContent));
let list = null;

function drawAll() {
  const { title, made, left_out: out } = data;
  document.getElementById("title").textContent = plain(title);
  const games = distinct(data.runs.map((run) => run.game).filter(Boolean));
  document.getElementById("facts").textContent = [
    count(data.runs.length, "run"),
    games.map(words).join(", "),
    count(data.episodes.length, "episode") + (out.episodes ? ` of ${count(out.episodes + data.episodes.length)}` : ""),
  ]
    .filter(Boolean)
    .join(" · ");
  document
    .getElementById("footer")
    .replaceChildren(
      el(
        "p",
        {},
        [made.by, made.at].filter(Boolean).map(plain).join(", "),
        made.command ? [" by ", el("code", {}, plain(made.command))] : "",
      ),
    );
  const drawn = SECTIONS.map(([id, name, make]) => [id, name, make(data, view)]).filter(([, , body]) => body);
  const sections = drawn.map(([id, name, body]) => section(id, name, body));
  if (data.episodes.length) {
    drawn.push(["transcripts", "Transcripts"]);
    sections.push(section("transcripts", "Transcripts", browser(out)));
  }
  main.replaceChildren(...sections);
  document
    .getElementById("sections")
    .replaceChildren(...drawn.map(([id, name]) => el("li", {}, el("a", { href: `#${id}` }, name))));
  if (data.episodes.length) filtered();
}

function section(id, name, body) {
  return el(
    "section",
    { id, class: "wide section", "aria-labelledby": `${id}-title` },
    el("h2", { id: `${id}-title` }, name),
    body,
  );
}

/** The transcripts: choices, the list, and the episode that is read. */
function browser(out) {
  list = episodeList((episode, read) => open(episode, read));
  const reader = el("div", {
    class: "reader",
    id: "reader",
    tabindex: "-1",
    role: "region",
    "aria-label": "Transcript",
  });
  const form = el("div", {}, filterForm(data, choice, changed));
  function changed(cleared = false) {
    if (cleared) form.replaceChildren(filterForm(data, choice, changed));
    filtered();
  }
  const left = out.episodes
    ? el(
        "p",
        { class: "note" },
        `${count(out.episodes, "more episode")} were left out, evenly over runs and steps: `,
        el("code", {}, "--episodes 0"),
        " keeps all.",
      )
    : null;
  return [
    left,
    form,
    el(
      "p",
      { class: "hint" },
      el("span", { id: "found", role: "status" }),
      el(
        "span",
        { class: "keys" },
        "Keys: ",
        ["j", "k", "Enter", "Esc", "/"].map((name) => el("kbd", {}, name)),
        " move, read, return, search",
      ),
    ),
    el("div", { class: "browser" }, list.box, reader),
  ];
}

/** Show what passes; keep the episode that is read, if it does, and else read the first. */
function filtered() {
  const found = passing(data, choice);
  document.getElementById("found").textContent = `${count(found.length)} of ${count(data.episodes.length, "episode")}`;
  if (!found.includes(view.current)) [view.current, view.other] = [narrow() ? null : (found[0] ?? null), null];
  list.show(found, choice, view.current);
  read();
}

function narrow() {
  return matchMedia("(max-width: 760px)").matches;
}

/** Make an episode the current one. */
function open(episode, reading) {
  [view.current, view.other] = [episode, null];
  if (reading) view.reading = true;
  read();
  if (reading) focusOnTask();
}

/** Read the next or the one before; what had the focus is drawn anew, so the new task gets it. */
function step(by) {
  list.step(by);
  focusOnTask();
}

/** On a phone the page itself scrolls there; elsewhere the reader begins at its top anyway. */
function focusOnTask() {
  document.getElementById("task-0")?.focus({ preventScroll: !narrow() });
}

/** Draw the current episode, and keep the address. */
function read() {
  const reader = document.getElementById("reader");
  const other = view.other ?? (view.current && choice.beside ? partner(data, view.current, choice.beside) : null);
  reader.closest(".browser").classList.toggle("reading", view.reading && view.current !== null);
  reader.replaceChildren(
    ...(view.current
      ? transcriptView(data, view.current, other, {
          step,
          back,
          compare: (key) => {
            view.other = data.byKey.get(key) ?? null;
            read();
            document.getElementById("other").focus();
          },
          link: async (event) => {
            const button = event.target;
            try {
              await navigator.clipboard.writeText(location.href);
              button.textContent = "Copied";
            } catch {
              button.textContent = "The address bar has it";
            }
          },
        }).filter(Boolean)
      : [el("p", { class: "note" }, "No episode is chosen.")]),
  );
  reader.scrollTop = 0;
  remember(other);
}

function back() {
  view.reading = false;
  document.getElementById("reader").closest(".browser").classList.remove("reading");
  list.box.focus();
}

/** The address says what is chosen, so that it can be sent. */
function remember() {
  const said = new URLSearchParams(Object.entries(choice).filter(([, value]) => value !== ""));
  if (view.current && (view.touched || said.size)) said.set("episode", view.current.key);
  if (view.other) said.set("with", view.other.key);
  if (said.size || location.hash.includes("=")) history.replaceState(null, "", `#${said}`);
}

/** Choose what the address says. */
function recall() {
  const said = new URLSearchParams(location.hash.slice(1));
  if (!location.hash.includes("=")) return false;
  for (const name of Object.keys(NOTHING)) choice[name] = said.get(name) ?? "";
  view.current = data.byKey.get(said.get("episode")) ?? null;
  view.other = data.byKey.get(said.get("with")) ?? null;
  view.reading = view.current !== null;
  view.touched = true;
  return true;
}

addEventListener("hashchange", () => {
  if (recall()) drawAll();
});

main.addEventListener(
  "toggle",
  (event) => {
    const id = event.target.dataset?.fold;
    if (id) view.open.set(id, event.target.open);
  },
  true,
);

// Single letters are keys only where nothing is written, and only while the transcripts have the focus.
main.addEventListener("keydown", (event) => {
  const within = event.target.closest("#transcripts");
  if (!within || event.ctrlKey || event.metaKey || event.altKey) return;
  view.touched = true;
  if (event.key === "Escape" && event.target.closest(".reader")) back();
  else if (event.target.closest("input, select, textarea, .list")) return;
  else if (event.key === "/") document.getElementById("find").focus();
  else if (event.key === "j" || event.key === "k") step(event.key === "j" ? 1 : -1);
  else return;
  event.preventDefault();
});
main.addEventListener("pointerdown", (event) => {
  if (event.target.closest("#transcripts")) view.touched = true;
});

/** Light, dark, or as the system has it; remembered where the browser allows it. */
function theme(wanted) {
  if (wanted === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = wanted;
  document.getElementById("theme").textContent = `Theme: ${wanted}`;
  try {
    localStorage.setItem("selftaught-theme", wanted);
  } catch {
    // A page from a file may not be allowed to remember anything.
  }
}

function themed() {
  let wanted = "auto";
  try {
    wanted = localStorage.getItem("selftaught-theme") ?? "auto";
  } catch {
    // As above.
  }
  theme(THEMES.includes(wanted) ? wanted : "auto");
  document.getElementById("theme").addEventListener("click", () => {
    const now = document.documentElement.dataset.theme ?? "auto";
    theme(THEMES[(THEMES.indexOf(now) + 1) % THEMES.length]);
  });
}

/** Ask for news as long as the page is open; what is chosen and open stays so. */
async function follow() {
  const status = document.getElementById("live");
  status.hidden = false;
  status.textContent = "following";
  let { tag } = document.getElementById("data").dataset;
  for (;;) {
    await new Promise((done) => setTimeout(done, 1000 * SECONDS));
    try {
      const answer = await fetch("data.json", { cache: "no-store", headers: { "If-None-Match": tag } });
      if (answer.status === 304) continue;
      if (!answer.ok) throw new Error(await answer.text());
      const news = await answer.json();
      tag = answer.headers.get("ETag");
      renew(news);
      status.textContent = `following · new at ${new Date().toLocaleTimeString()}`;
    } catch (error) {
      status.textContent = `no news: ${plain(error.message)}`;
    }
  }
}

function renew(news) {
  const [current, other, focused, top] = [view.current?.key, view.other?.key, document.activeElement, scrollY];
  const [rows, reader] = [list?.box.scrollTop ?? 0, document.getElementById("reader")];
  const [caret, place] = [focused.selectionStart, reader?.scrollTop];
  data = indexed(news);
  view.current = data.byKey.get(current) ?? null;
  view.other = data.byKey.get(other) ?? null;
  drawAll();
  if (list) list.box.scrollTop = rows;
  if (reader && current && view.current?.key === current) {
    // An episode never changes: whoever reads it goes on where they are, with what they have opened.
    document.getElementById("reader").replaceWith(reader);
    reader.scrollTop = place;
  }
  const found = focused.isConnected ? focused : document.getElementById(focused.id);
  found?.focus({ preventScroll: true });
  if (typeof caret === "number") found?.setSelectionRange(caret, caret);
  scrollTo(0, top);
}

themed();
const linked = recall();
drawAll();
if (linked) document.getElementById("transcripts")?.scrollIntoView();
if (data.live) follow();
