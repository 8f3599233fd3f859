// Which episodes are shown: the choices, what they let through, and the list, of which only the visible part exists.

/** Every choice with its value where nothing is chosen; the address holds those that differ. */
const NOTHING = { text: "", game: "", run: "", seat: "", agent: "", end: "", low: "", high: "", order: "", beside: "" };
const ORDERS = { "": "as played", best: "highest reward", worst: "lowest reward", long: "most turns" };
const SIDE = { run: "run", agent: "agent" };

/** What is looked up often, made once for the data. */
function indexed(data) {
  const { episodes } = data;
  const tasks = new Map();
  episodes.forEach((episode, place) => {
    const name = `${episode.game}\n${episode.task}\n${episode.public}`;
    episode.place = place;
    episode.same = tasks.get(name) ?? [];
    episode.same.push(episode);
    tasks.set(name, episode.same);
    episode.agents = distinct(episode.turns.map((turn) => turn.agent));
    episode.seats = Object.keys(episode.rewards);
    episode.opening = openingOf(data, episode);
  });
  return { ...data, byKey: new Map(episodes.map((episode) => [episode.key, episode])), lowered: null };
}

/** What an episode is about, as far as one text tells it: the first thing that was asked, or else said. */
function openingOf(data, { turns: [first] }) {
  if (!first) return { text: "", asked: false };
  const asked = first.read.length > 1 && data.texts[first.read.at(-1)].length > 20;
  const place = asked ? first.read.at(-1) : first.text;
  return { place, asked, text: data.texts[place] };
}

/** The values that each choice may take. */
function choicesOf(data) {
  const all = (of) => distinct(data.episodes.flatMap(of)).sort((a, b) => String(a).localeCompare(String(b)));
  const runs = distinct(data.episodes.map((episode) => episode.run)).map((place) => data.runs[place].name);
  return {
    game: all((episode) => [episode.game]),
    run: runs,
    seat: all((episode) => episode.seats),
    agent: all((episode) => episode.agents),
    end: all((episode) => [episode.end]),
  };
}

/** The reward that counts: of the chosen seat, or of the first. */
function rewardOf(episode, choice) {
  const seat = choice.seat || episode.seats[0];
  return Object.hasOwn(episode.rewards, seat ?? "") ? episode.rewards[seat] : null;
}

/** The episodes that pass all choices, in the chosen order. */
function passing(data, choice) {
  const texts = choice.text ? textsWith(data, choice.text.toLowerCase()) : null;
  const low = choice.low === "" ? -Infinity : Number(choice.low);
  const high = choice.high === "" ? Infinity : Number(choice.high);
  const found = data.episodes.filter((episode) => {
    if (choice.game && episode.game !== choice.game) return false;
    if (choice.run && data.runs[episode.run].name !== choice.run) return false;
    if (choice.end && episode.end !== choice.end) return false;
    if (choice.seat && !Object.hasOwn(episode.rewards, choice.seat)) return false;
    if (choice.low !== "" || choice.high !== "") {
      const reward = rewardOf(episode, choice);
      if (reward === null || reward < low || reward > high) return false;
    }
    const turns = choice.seat ? episode.turns.filter((turn) => turn.seat === choice.seat) : episode.turns;
    if (choice.agent && !turns.some((turn) => turn.agent === choice.agent)) return false;
    if (
      texts &&
      !turns.some((turn) => texts[turn.text]) &&
      (choice.seat || !(texts[episode.public] || texts[episode.reason] || has(episode.id, choice.text)))
    )
      return false;
    return !choice.beside || partner(data, episode, choice.beside) !== null;
  });
  const by = {
    best: (a, b) => (rewardOf(b, choice) ?? -Infinity) - (rewardOf(a, choice) ?? -Infinity),
    worst: (a, b) => (rewardOf(a, choice) ?? Infinity) - (rewardOf(b, choice) ?? Infinity),
    long: (a, b) => b.turns.length - a.turns.length,
  }[Object.hasOwn(ORDERS, choice.order) ? choice.order : ""];
  return by ? found.sort((a, b) => by(a, b) || a.place - b.place) : found;
}

/** Of every text whether it has the words in it: every text is looked at once, however many episodes it is in. */
function textsWith(data, lowered) {
  data.lowered ??= data.texts.map((text) => text.toLowerCase());
  return data.lowered.map((text) => text.includes(lowered));
}

function has(text, part) {
  return text.toLowerCase().includes(part.toLowerCase());
}

/** Another episode of the same task, by whom `beside` names ("run:..." or "agent:..."); null if there is none. */
function partner(data, episode, beside) {
  const [kind, name] = [beside.slice(0, beside.indexOf(":")), beside.slice(beside.indexOf(":") + 1)];
  return (
    episode.same.find(
      (other) =>
        other !== episode && (kind === "run" ? data.runs[other.run].name === name : other.agents.includes(name)),
    ) ?? null
  );
}

/** The controls; `changed` is called with nothing after every change of `choice`. */
function filterForm(data, choice, changed) {
  const choices = choicesOf(data);
  const select = (name, label, options, all) =>
    options.length < 2 && !choice[name]
      ? null
      : el(
          "label",
          {},
          el("span", {}, label),
          el(
            "select",
            { name, id: `choice-${name}`, onchange: (event) => set(name, event.target.value) },
            all === null ? null : el("option", { value: "" }, all),
            options.map(([value, said]) => el("option", { value, selected: choice[name] === value }, said)),
          ),
        );
  const set = (name, value) => {
    choice[name] = value;
    changed();
  };
  const plainly = (values) => values.map((value) => [value, words(value)]);
  const number = (name, label) =>
    el("input", {
      type: "number",
      step: "any",
      name,
      id: `choice-${name}`,
      value: choice[name],
      "aria-label": label,
      placeholder: label,
      oninput: (event) => set(name, event.target.value),
    });
  const sides = [
    ...(choices.run.length > 1 ? choices.run.map((name) => [`run:${name}`, `run ${plain(name)}`]) : []),
    ...(choices.agent.length > 1 ? choices.agent.map((name) => [`agent:${name}`, `agent ${plain(name)}`]) : []),
  ];
  const narrowing = ["game", "run", "seat", "agent", "end", "low", "high", "order", "beside"];
  return el(
    "form",
    {
      class: "filters",
      role: "search",
      "aria-label": "Filter transcripts",
      onsubmit: (event) => event.preventDefault(),
    },
    el(
      "label",
      { class: "find" },
      el("span", {}, "Text"),
      el("input", {
        type: "search",
        id: "find",
        name: "text",
        value: choice.text,
        placeholder: "words in a reply, task or id",
        oninput: (event) => set("text", event.target.value),
      }),
    ),
    el(
      "button",
      {
        type: "button",
        class: "more",
        "aria-expanded": String(narrowing.some((name) => choice[name])),
        "aria-controls": "choices",
        onclick: (event) =>
          event.target.setAttribute("aria-expanded", String(event.target.getAttribute("aria-expanded") !== "true")),
      },
      "Filters",
    ),
    el(
      "div",
      { class: "choices", id: "choices" },
      select("game", "Game", plainly(choices.game), "all games"),
      select(
        "run",
        "Run",
        choices.run.map((name) => [name, plain(name)]),
        "all runs",
      ),
      select("seat", "Seat", plainly(choices.seat), "any seat"),
      select(
        "agent",
        "Policy",
        choices.agent.map((name) => [name, plain(name)]),
        "anyone",
      ),
      select("end", "Outcome", plainly(choices.end), "any end"),
      el(
        "div",
        { class: "range", role: "group", "aria-label": "Reward" },
        el("span", {}, "Reward"),
        number("low", "from"),
        number("high", "to"),
      ),
      select("order", "Order", Object.entries(ORDERS), null),
      sides.length ? select("beside", "Side by side with", sides, "nobody") : null,
      el(
        "button",
        {
          type: "reset",
          class: "quiet",
          onclick: () => {
            Object.assign(choice, NOTHING);
            setTimeout(() => changed(true));
          },
        },
        "Clear",
      ),
    ),
  );
}

/**
 * A list of which only the rows in sight are in the page. It is a listbox: one row is active, arrows and j and k move.
 * `chosen` is called with an episode, and whether it was meant to be read at once.
 */
function episodeList(chosen) {
  const spacer = el("div", { class: "spacer", role: "presentation" });
  const box = el(
    "div",
    { class: "list", id: "list", role: "listbox", tabindex: "0", "aria-label": "Episodes" },
    spacer,
  );
  let [found, choice, active, row] = [[], NOTHING, -1, 56];
  const draw = () => {
    const from = Math.max(0, Math.floor(box.scrollTop / row) - 5);
    const to = Math.min(found.length, Math.ceil((box.scrollTop + box.clientHeight) / row) + 5);
    const places = new Set([...Array(Math.max(0, to - from)).keys()].map((at) => at + from));
    if (active >= 0) places.add(active);
    spacer.style.height = `${found.length * row}px`;
    spacer.replaceChildren(...[...places].sort((a, b) => a - b).map((at) => option(found[at], at)));
    if (active >= 0) box.setAttribute("aria-activedescendant", `option-${active}`);
    else box.removeAttribute("aria-activedescendant");
  };
  const option = (episode, at) => {
    const earned = choice.seat ? [rewardOf(episode, choice)] : Object.values(episode.rewards);
    const item = el(
      "div",
      {
        class: "option",
        id: `option-${at}`,
        role: "option",
        "aria-selected": String(at === active),
        "aria-setsize": found.length,
        "aria-posinset": at + 1,
        onclick: () => move(at, true),
      },
      el("span", { class: "task" }, el("b", {}, plain(episode.task)), ` ${plain(episode.opening.text.slice(0, 80))}`),
      el(
        "span",
        { class: "reward" },
        earned.map((reward) => el("span", { class: tone(reward) }, signed(reward))),
      ),
      el("span", { class: "under" }, `${words(episode.end)} · ${plain(episode.agents.join(", "))}`),
    );
    item.style.top = `${at * row}px`;
    return item;
  };
  const move = (at, read = false) => {
    if (!found.length) return;
    active = Math.min(found.length - 1, Math.max(0, at));
    const [top, bottom] = [active * row, (active + 1) * row];
    if (top < box.scrollTop) box.scrollTop = top;
    else if (bottom > box.scrollTop + box.clientHeight) box.scrollTop = bottom - box.clientHeight;
    draw();
    chosen(found[active], read);
  };
  const page = () => Math.max(1, Math.floor(box.clientHeight / row) - 1);
  const keys = {
    ArrowDown: () => active + 1,
    j: () => active + 1,
    ArrowUp: () => active - 1,
    k: () => active - 1,
    PageDown: () => active + page(),
    PageUp: () => active - page(),
    Home: () => 0,
    End: () => found.length - 1,
  };
  box.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in keys) move(keys[event.key]());
    else if (event.key === "Enter" || event.key === " ") move(Math.max(0, active), true);
    else return;
    event.preventDefault();
  });
  box.addEventListener("scroll", () => requestAnimationFrame(draw));
  new ResizeObserver(draw).observe(box);
  return {
    box,
    step: (by) => move(active + by),
    show: (episodes, now, current) => {
      [found, choice, active] = [episodes, { ...now }, current ? episodes.indexOf(current) : -1];
      const top = active * row;
      if (active >= 0 && (top < box.scrollTop || top > box.scrollTop + box.clientHeight - row))
        box.scrollTop = top - row;
      draw();
    },
  };
}

/** Good, bad or neither. */
function tone(reward) {
  return reward > 0 ? "good" : reward < 0 ? "bad" : "";
}
