// The page: shows a call and hands on what is clicked. What is heard decides what is shown.
import { Call } from "./call.js";
import { Orb } from "./orb.js";
import { PROBLEMS, microphoneProblem } from "./problems.js";
import { Ear } from "./sound.js";

const $ = (id) => document.getElementById(id);
const MIC = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
const HANGOVER_MS = 350; // a pause between two words is not silence
const THINKING_AFTER_MS = 200;
const SLOW_AFTER_MS = 5_000;
const SILENT_AFTER_MS = 12_000;
const PILL = { idle: "Ready", connecting: "Connecting", waiting: "Waiting", live: "Live", reconnecting: "Reconnecting", ended: "Ended", failed: "Failed" };

const orb = new Orb($("orb"));
let facts, call, spoken, microphone, mine, theirs, muted, notice, startedAt, waitingSince, thinkingSince, quietSince;

const show = (phase) => {
  document.body.dataset.phase = phase;
  $("pill-text").textContent = PILL[phase];
  const busy = phase !== "idle" && phase !== "ended" && phase !== "failed";
  $("card").hidden = busy;
  $("end").disabled = !busy;
  $("mute").disabled = !busy || !microphone;
  $("text").disabled = $("send").disabled = phase !== "live";
};

// One notice at a time, in one place. A null takes it away.
const tell = (code, act, tone = "bad") => {
  notice = code;
  $("notice").hidden = !code;
  if (!code) return;
  const [title, text, button] = PROBLEMS[code];
  $("notice").dataset.tone = tone;
  $("notice").dataset.code = code;
  $("notice-title").textContent = title;
  $("notice-text").textContent = text;
  $("notice-action").hidden = !act;
  $("notice-action").textContent = button ?? "";
  $("notice-action").onclick = act ?? null;
};

const say = (text) => {
  if ($("state").textContent === text) return;
  $("state").textContent = text;
  document.title = text ? `${text} · ${facts.project}` : facts.project;
};

const openMicrophone = async () => {
  if (microphone?.readyState === "live") return;
  const stream = await navigator.mediaDevices.getUserMedia({ audio: MIC });
  microphone = stream.getAudioTracks()[0];
  microphone.onended = () => call && !call.over && tell("micLost", null, "warn");
  mine = new Ear().add(microphone);
};

const closeMicrophone = () => {
  mine?.close();
  microphone?.stop();
  microphone = mine = undefined;
};

const check = async () => {
  try {
    await openMicrophone();
    tell(null);
    $("checked").hidden = false;
    $("check-text").textContent = microphone.label || "Say something";
  } catch (error) {
    offerTyping(microphoneProblem(error));
  }
};

const offerTyping = (code) => {
  tell(code, () => start(true));
  $("start").textContent = "Go on by typing";
  $("start").onclick = () => start(false);
  $("start").focus();
};

const start = async (aloud) => {
  spoken = aloud;
  tell(null);
  reset();
  try {
    if (spoken) await openMicrophone();
  } catch (error) {
    offerTyping(microphoneProblem(error));
    return;
  }
  call = new Call();
  call.addEventListener("phase", ({ detail }) => entered(detail));
  call.addEventListener("line", ({ detail }) => write(detail));
  call.addEventListener("track", ({ detail }) => (theirs ??= new Ear()).add(detail));
  call.addEventListener("over", ({ detail }) => over(detail));
  call.addEventListener("problem", ({ detail }) => tell(detail, detail === "sound" ? () => call.room.startAudio() : null, "warn"));
  waitingSince = performance.now();
  entered("connecting");
  $("state").focus();
  await call.start(spoken ? microphone : null);
};

const reset = () => {
  $("lines").replaceChildren();
  delete document.body.dataset.spoken;
  $("caption").textContent = $("clock").textContent = "";
  startedAt = thinkingSince = undefined;
  if (muted) mute();
};

const entered = (phase) => {
  show(phase);
  if (phase === "live") {
    startedAt ??= performance.now();
    quietSince = performance.now();
  }
};

const over = (why) => {
  closeMicrophone();
  theirs?.close();
  theirs = undefined;
  $("caption").textContent = "";
  say("");
  $("lines").querySelectorAll("[data-final=false]").forEach((line) => (line.dataset.final = "true"));
  $("card-title").textContent = why === "agent" ? "The agent ended the call" : "Call ended";
  $("card-text").textContent = startedAt ? `It lasted ${length(startedAt)}.` : facts.about;
  $("ideas").hidden = Boolean(startedAt);
  $("save").hidden = $("lines").childElementCount === 0;
  $("start").textContent = "Call again";
  $("start").onclick = () => start(spoken);
  $("checked").hidden = $("check").hidden = true;
  show(call.phase);
  if (call.phase === "failed") {
    tell(why, () => start(spoken));
    $("notice-action").focus();
  } else {
    tell(null);
    $("start").focus();
  }
};

const mute = () => {
  muted = !muted;
  if (microphone) microphone.enabled = !muted;
  $("mute").setAttribute("aria-pressed", String(muted));
};

const write = ({ key, who, text, final }) => {
  const list = $("lines");
  let line = [...list.children].find((one) => one.dataset.key === key);
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
  if (!line) {
    line = document.createElement("li");
    line.dataset.key = key;
    line.dataset.who = who;
    line.append(document.createElement("small"), document.createElement("span"));
    line.firstChild.textContent = `${who === "you" ? "You" : "Agent"} · ${length(startedAt ?? performance.now())}`;
    list.append(line);
    document.body.dataset.spoken = "";
  }
  line.dataset.final = String(final);
  line.lastChild.textContent = text;
  if (who === "you" && notice === "micSilent") tell(null);
  if (who === "agent") $("caption").textContent = text;
  if (atEnd) list.scrollTop = list.scrollHeight;
};

const length = (since) => {
  const seconds = Math.floor((performance.now() - since) / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
};

// What is said of the call, from what is heard in it.
const judge = (now) => {
  if (call.phase === "connecting") return ["quiet", "Connecting…"];
  if (call.phase === "reconnecting") return ["quiet", "Connection lost. Reconnecting…"];
  if (call.phase === "waiting") return ["quiet", now - waitingSince > 4000 ? "The agent takes longer than usual…" : "The agent is joining…"];
  if (call.agentLost) return ["quiet", "Waiting for the agent…"];
  if (theirs?.heardWithin(HANGOVER_MS)) return ["agent", "The agent speaks"];
  if (!muted && mine?.heardWithin(HANGOVER_MS)) return ["you", "You speak"];
  thinkingSince = call.agentState === "thinking" ? (thinkingSince ?? now) : undefined;
  if (thinkingSince && now - thinkingSince > SLOW_AFTER_MS) return ["quiet", "Still working on it…"];
  if (thinkingSince && now - thinkingSince > THINKING_AFTER_MS) return ["quiet", "Thinking…"];
  if (muted) return ["quiet", "Your microphone is muted"];
  return ["quiet", microphone ? "Listening. Go ahead." : "Type your question below."];
};

const frame = () => {
  const now = performance.now();
  const loud = mine?.listen() ?? 0;
  theirs?.listen();
  $("level").value = Math.min(1, loud * 6);
  $("mute").style.setProperty("--level", muted ? 0 : Math.min(1, loud * 8).toFixed(2));
  let who = "quiet";
  if (call && !call.over) {
    const [speaker, text] = judge(now);
    who = speaker;
    say(text);
    if (startedAt) $("clock").textContent = length(startedAt);
    if (!microphone || muted || who === "agent" || loud > 0.004) quietSince = now;
    if (notice === "micSilent" && loud > 0.01) tell(null);
    if (!notice && call.phase === "live" && now - quietSince > SILENT_AFTER_MS) tell("micSilent", null, "warn");
  }
  const idle = document.body.dataset.phase === "idle" || (call?.over && call.phase === "ended");
  orb.draw(idle ? "agent" : who, who === "agent" ? theirs : mine, Boolean(thinkingSince));
  requestAnimationFrame(frame);
};

const save = () => {
  const text = [...$("lines").children].map((line) => `${line.firstChild.textContent}: ${line.lastChild.textContent}`).join("\n");
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(new Blob([text])), download: "transcript.txt" });
  link.click();
  URL.revokeObjectURL(link.href);
};

const send = async (event) => {
  event.preventDefault();
  const text = $("text").value.trim();
  if (!text || call?.phase !== "live") return;
  try {
    await call.say(text);
    $("text").value = "";
    if (notice === "unsent") tell(null);
  } catch {
    tell("unsent", null, "warn");
  }
};

const about = () => {
  const heard = facts.hears ? "" : " Spoken words are not recognised here in this language: type, or use real providers.";
  return `It greets you with “${facts.greeting}”${heard}`;
};

const prepare = async () => {
  facts = await (await fetch("/facts")).json();
  facts.about = about();
  document.title = $("project").textContent = facts.project;
  $("organisation").textContent = facts.organisation;
  $("card-title").textContent = `Talk to ${facts.project}`;
  $("card-text").textContent = facts.about;
  $("caption").lang = $("lines").lang = $("suggestions").lang = facts.language;
  $("suggestions").replaceChildren(...facts.suggestions.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
  $("ideas-title").textContent = facts.hears ? "You can say" : "You can type";
  $("privacy").textContent = facts.emulated
    ? "Nothing leaves this machine: recognition, model and voice are emulated here."
    : "Your voice and words go to the providers whose keys are in .env.";
  $("start").onclick = () => start(true);
  $("check").onclick = check;
  $("mute").onclick = mute;
  $("end").onclick = () => call.end();
  $("save").onclick = save;
  $("type").onsubmit = send;
  addEventListener("keydown", (event) => event.key.toLowerCase() === "m" && event.target !== $("text") && !$("mute").disabled && mute());
  show("idle");
  requestAnimationFrame(frame);
};

prepare().catch(() => tell("token", () => location.reload()));
