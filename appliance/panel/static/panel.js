"use strict";
// The panel: draws each state that the room tells. What was said is set as text, never as markup.
const PHASES = {
  idle: ["Ready", "Say “hey Jarvis”, and ask."],
  listening: ["Listening", ""],
  thinking: ["Thinking", ""],
  speaking: ["Speaking", "Say “stop”, or just speak."],
  asking: ["Your answer?", "It listens without its name."],
  muted: ["Muted", "The microphone is closed."],
  deaf: ["Not hearing", "It is being restarted. Press Talk, or tell IT."],
  failed: ["That failed", "Ask again; tell IT when it lasts."],
  away: ["No contact", "The room's software does not answer. Tell IT."],
};
const STAGES = { endpoint: "waiting for the end", stt: "recognising", gate: "judging", search: "searching", journal: "recording", voice: "voice" };
const $ = (id) => document.getElementById(id);

function make(tag, text, kind) {
  const one = document.createElement(tag);
  if (text) one.textContent = text;
  if (kind) one.className = kind;
  return one;
}

function heard(turn) {
  const line = make("p", "", "heard");
  let from = 0;
  for (const item of [...turn.items].sort((a, b) => a.start - b.start)) {
    if (item.start < from) continue;
    line.append(turn.heard.slice(from, item.start));
    const mark = make("mark", turn.heard.slice(item.start, item.end));
    mark.append(make("small", item.kind));
    line.append(mark);
    from = item.end;
  }
  line.append(turn.heard.slice(from));
  return line;
}

function verdict(turn) {
  const line = make("p", "", "verdict " + (turn.held ? "held" : "clear"));
  line.append(make("span", turn.held ? "Held in this room" : "Free of patient details", "tag"));
  line.append(make("span", turn.why));
  return line;
}

function sentences(turn) {
  const all = make("div", "", "said");
  turn.sentences.forEach((one, at) => {
    const line = make("p", one.text, one.kind);
    if (!turn.over && at === turn.speaking - 1) line.classList.add("now");
    all.append(line);
  });
  return all;
}

function sources(turn) {
  const all = make("div", "", "sources");
  for (const one of turn.sources) {
    const fold = make("details");
    const name = make("summary", one.title + " ");
    name.append(make("small", [one.place, "version " + one.version].filter(Boolean).join(", ")));
    fold.append(name, make("p", one.quote));
    all.append(fold);
  }
  return all;
}

function times(turn) {
  const spent = Object.entries(turn.timings).filter(([, ms]) => ms > 0);
  const whole = spent.reduce((sum, [, ms]) => sum + ms, 0);
  if (!whole) return [];
  const bar = make("div", "", "times");
  bar.setAttribute("aria-hidden", "true");
  for (const [stage, ms] of spent) {
    const part = make("i");
    part.style.flexGrow = ms;
    part.title = `${STAGES[stage] || stage} ${ms} ms`;
    bar.append(part);
  }
  const first = turn.first_ms === null ? "" : `${(turn.first_ms / 1000).toFixed(1)} s to the first sound: `;
  return [bar, make("p", first + spent.map(([stage, ms]) => `${STAGES[stage] || stage} ${ms}`).join(", ") + " ms", "soft")];
}

function body(turn) {
  const parts = [];
  if (turn.heard) parts.push(heard(turn));
  if (turn.heard && turn.held !== null) parts.push(verdict(turn));
  else if (turn.over && turn.why) parts.push(make("p", turn.why, "verdict"));
  if (turn.error) parts.push(make("p", turn.error, "verdict"));
  if (turn.sentences.length) parts.push(sentences(turn));
  if (turn.interrupted) parts.push(make("p", "Interrupted. Say “hey Jarvis, repeat” to hear it again.", "soft"));
  if (turn.sources.length) parts.push(sources(turn));
  return [...parts, ...times(turn)];
}

let drawn = "";
function draw(state) {
  const [word, hint] = PHASES[state.phase] || PHASES.idle;
  document.body.dataset.phase = state.phase;
  if ($("word").textContent !== word) $("word").textContent = word;
  $("hint").textContent = state.online ? hint : (hint + " The hub is away; the room goes on alone.").trim();
  $("mute").setAttribute("aria-pressed", String(state.muted));
  $("mute").querySelector("b").textContent = state.muted ? "Unmute" : "Mute";
  $("mute").querySelector("span").textContent = state.muted ? "open the microphone" : "close the microphone";
  $("problems").replaceChildren(...state.problems.map((line) => make("li", line)));
  const words = JSON.stringify([state.turn, state.before]);
  if (words === drawn) return; // what somebody has unfolded stays so
  drawn = words;
  $("turn").replaceChildren(...(state.turn ? body(state.turn) : []));
  const before = state.before || [];
  $("before").hidden = !before.length && !state.turn;
  $("list").replaceChildren(...before.map((turn) => {
    const item = make("li"), fold = make("details"), name = make("summary", turn.heard || turn.why || "Nothing heard");
    const at = new Date(turn.at * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    name.append(" ", make("small", turn.held ? at + ", held" : at));
    fold.append(name, ...body(turn));
    item.append(fold);
    return item;
  }));
}

function push(name) {
  fetch("/buttons/" + name, { method: "POST" }).catch(away);
}
function away() {
  draw({ phase: "away", online: true, muted: false, problems: [], turn: null, before: [] });
}

$("stop").addEventListener("click", () => push("stop"));
$("clear").addEventListener("click", () => push("clear"));
$("mute").addEventListener("click", () => push($("mute").getAttribute("aria-pressed") === "true" ? "unmute" : "mute"));
$("talk").addEventListener("pointerdown", () => push("press"));
for (const end of ["pointerup", "pointercancel", "pointerleave"]) $("talk").addEventListener(end, () => push("release"));
$("talk").addEventListener("keydown", (key) => { if ((key.key === " " || key.key === "Enter") && !key.repeat) push("press"); });
$("talk").addEventListener("keyup", (key) => { if (key.key === " " || key.key === "Enter") push("release"); });

const stream = new EventSource("/events");
stream.onmessage = (message) => draw(JSON.parse(message.data));
stream.onerror = away; // the browser tries again by itself
