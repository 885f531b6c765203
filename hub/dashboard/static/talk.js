// The page that talks: one socket for what is heard, typed, judged, answered and spoken.
"use strict";

const part = (id) => document.getElementById(id);
const [talk, said, hint, hold, holdText, stop, free, aloud, line, text, problem] = [
  "talk", "said", "hint", "hold", "hold-text", "stop", "free", "aloud", "line", "text", "problem",
].map(part);

let socket = null; // the open connection and how it was opened
let mode = "";
let conversation = "";
let audio = null; // AudioContext, made at the first press: browsers want that
let microphone = null;
let pressed = false;
let playsAt = 0; // when the last sound that was queued ends
let playing = new Set();
let answer = null; // the element of the answer at hand
let question = null;

const show = (state) => { talk.dataset.state = state; };

function fail(message) {
  problem.textContent = message;
  problem.hidden = !message;
}

function entry(kind, words) {
  const item = document.createElement("li");
  item.className = kind;
  item.append(...words);
  said.append(item);
  item.scrollIntoView({ block: "nearest" });
  return item;
}

function element(name, className, words) {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = words;
  return made;
}

function asked(words) {
  if (!question) question = entry("asked", [element("p", "words", "")]);
  question.querySelector(".words").textContent = words;
}

function judged({ held, route }) {
  const mark = held ? "Held: stays on the hub" : route === "cloud" ? "Clear: may be asked outside" : "Clear";
  question?.append(element("span", `status ${held ? "warn" : "good"}`, mark));
}

function told({ text: words, kind, title, place }) {
  if (!answer) answer = entry("answered", []);
  const made = element("p", kind, words);
  if (kind === "quote" || kind === "composed") {
    made.append(" ", element("cite", "", [title, place].filter(Boolean).join(", ")));
  }
  answer.append(made);
  answer.scrollIntoView({ block: "nearest" });
}

function hush() {
  playing.forEach((source) => source.stop());
  playing = new Set();
  playsAt = 0;
}

let speechRate = 22050;
function play(bytes) {
  if (!audio || !aloud.checked) return;
  const pcm = new Int16Array(bytes);
  const buffer = audio.createBuffer(1, pcm.length, speechRate);
  buffer.getChannelData(0).set(Float32Array.from(pcm, (one) => one / 32768));
  const source = new AudioBufferSourceNode(audio, { buffer });
  source.connect(audio.destination);
  playsAt = Math.max(playsAt, audio.currentTime + 0.05);
  source.start(playsAt);
  playsAt += buffer.duration;
  playing.add(source);
  source.onended = () => { playing.delete(source); if (!playing.size && talk.dataset.state === "speaking") show("ready"); };
  show("speaking");
}

const takers = {
  ready: () => show("ready"),
  partial: (message) => asked(message.text + " …"),
  final: (message) => asked(message.text),
  verdict: judged,
  sentence: told,
  speech: (message) => { speechRate = message.rate; },
  stopped: () => { hush(); show("ready"); },
  done: (message) => {
    conversation = message.conversation;
    answer = question = null;
    stop.disabled = !playing.size;
    if (!playing.size) show("ready");
  },
  error: (message) => { fail(message.message); answer = question = null; show("ready"); },
};

function connect(wanted) {
  if (socket && mode === wanted && socket.readyState <= WebSocket.OPEN) return socket.opened;
  socket?.close();
  mode = wanted;
  socket = new WebSocket(`wss://${location.host}/api/v1/voice`);
  socket.binaryType = "arraybuffer";
  const opening = socket;
  socket.opened = new Promise((resolve, reject) => {
    opening.onmessage = ({ data }) => {
      if (data instanceof ArrayBuffer) return play(data);
      const message = JSON.parse(data);
      if (message.type === "ready") resolve(opening);
      takers[message.type]?.(message);
    };
    opening.onclose = ({ code }) => {
      reject(new Error("closed"));
      if (opening !== socket) return;
      socket = null;
      show("off");
      if (code === 4401) location.assign("/sign-in");
      else if (code !== 1000 && problem.hidden) fail("The connection was lost. Ask again to connect anew.");
    };
  });
  opening.onopen = () => opening.send(JSON.stringify({ type: "start", mode: wanted, conversation, speak: aloud.checked }));
  return socket.opened;
}

async function listen() {
  audio ??= new AudioContext();
  await audio.resume();
  if (microphone) return;
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true },
  });
  await audio.audioWorklet.addModule("/static/microphone.js");
  microphone = new AudioWorkletNode(audio, "microphone", { numberOfOutputs: 0 });
  audio.createMediaStreamSource(stream).connect(microphone);
  microphone.port.onmessage = ({ data }) => {
    const wanted = pressed || free.checked;
    if (wanted && socket?.readyState === WebSocket.OPEN) socket.send(data);
  };
}

async function attempt(work) {
  fail("");
  try {
    await work();
  } catch (error) {
    if (error.name === "NotAllowedError") fail("The browser may not use the microphone. Allow it, then try again.");
    else if (error.name === "NotFoundError") fail("This computer has no microphone. Type your question.");
    else if (problem.hidden) fail("The hub does not answer. Try again.");
    show(socket ? "ready" : "off");
  }
}

const press = () => attempt(async () => {
  if (pressed || free.checked) return;
  pressed = true;
  hush();
  question = answer = null;
  hold.setAttribute("aria-pressed", "true");
  holdText.textContent = "Listening";
  await connect("push-to-talk");
  socket.send(JSON.stringify({ type: "stop" }));
  await listen();
  show("listening");
});

function release() {
  if (!pressed) return;
  hold.setAttribute("aria-pressed", "false");
  holdText.textContent = "Hold to talk";
  setTimeout(() => { // what the microphone has not handed on yet
    pressed = false;
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ type: "end" }));
    show("thinking");
    stop.disabled = false;
  }, 200);
}

hold.addEventListener("pointerdown", (event) => { hold.setPointerCapture(event.pointerId); press(); });
hold.addEventListener("pointerup", release);
hold.addEventListener("pointercancel", release);
const spoken = (event) => event.code === "Space" && !/^(INPUT|BUTTON|A|SUMMARY)$/.test(event.target.tagName) || (event.code === "Space" && event.target === hold);
document.addEventListener("keydown", (event) => { if (spoken(event)) { event.preventDefault(); if (!event.repeat) press(); } });
document.addEventListener("keyup", (event) => { if (spoken(event)) { event.preventDefault(); release(); } });

free.addEventListener("change", () => attempt(async () => {
  hold.disabled = free.checked;
  hint.textContent = free.checked
    ? "Speak whenever you like. Speaking stops an answer."
    : "Hold the button, or the space bar, and speak. Audio is recognised here and kept nowhere.";
  if (!free.checked) { socket?.close(1000); return; }
  await connect("hands-free");
  await listen();
  show("listening");
}));

aloud.addEventListener("change", () => { if (!aloud.checked) hush(); socket?.close(1000); });

stop.addEventListener("click", () => {
  hush();
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ type: "stop" }));
  stop.disabled = true;
  show("ready");
});

line.addEventListener("submit", (event) => {
  event.preventDefault();
  const words = text.value.trim();
  if (!words) return;
  attempt(async () => {
    hush();
    if (aloud.checked) { audio ??= new AudioContext(); await audio.resume(); }
    await connect(free.checked ? "hands-free" : "push-to-talk");
    question = answer = null;
    asked(words);
    text.value = "";
    socket.send(JSON.stringify({ type: "ask", text: words }));
    stop.disabled = false;
    show("thinking");
  });
});
