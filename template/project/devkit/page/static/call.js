// One call, from click to hang-up. Emits "phase", "problem", "line" and "track"; knows nothing of the page.
import { ConnectionQuality, ConnectionState, DisconnectReason, Room, RoomEvent, Track } from "/livekit-client.js";
import { connectProblem } from "./problems.js";

const TOKEN_MS = 8_000;
const CONNECT_MS = 20_000;
const JOIN_MS = 10_000;
const READY_MS = 15_000;
const RECONNECT_MS = 20_000;
const FAREWELL_MS = 1_500; // an agent that hangs up leaves before it closes the room
const READY = new Set(["listening", "thinking", "speaking"]);
const AT_END = {
  [DisconnectReason.SERVER_SHUTDOWN]: "maintenance",
  [DisconnectReason.DUPLICATE_IDENTITY]: "elsewhere",
};

class Problem extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

export class Call extends EventTarget {
  phase = "connecting";
  agent = null; // identity: livekit-client forgets the participant before it says that it left
  agentState = "";
  timers = [];
  sounds = [];

  emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  enter(phase) {
    if (this.over || this.phase === phase) return;
    this.phase = phase;
    this.emit("phase", phase);
  }

  get over() {
    return this.phase === "ended" || this.phase === "failed";
  }

  // `microphone` is a MediaStreamTrack, or null to type only.
  async start(microphone) {
    try {
      const { url, token } = await this.invitation();
      if (this.over) return;
      await this.connect(url, token);
      if (this.over) return;
      if (microphone) await this.room.localParticipant.publishTrack(microphone, { source: Track.Source.Microphone, dtx: true });
    } catch (error) {
      this.fail(error instanceof Problem ? error.code : "lost");
      return;
    }
    this.awaitAgent();
  }

  async invitation() {
    try {
      const answer = await fetch("/token", { method: "POST", signal: AbortSignal.timeout(TOKEN_MS) });
      if (answer.ok) return await answer.json();
    } catch {
      // said below
    }
    throw new Problem("token");
  }

  async connect(url, token) {
    this.room = new Room({ disconnectOnPageLeave: true });
    this.watch(this.room);
    let timer;
    // livekit-client has no deadline of its own: it asks a server that answers 404 for ever.
    const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Problem("server")), CONNECT_MS)));
    try {
      await Promise.race([this.room.connect(url, token, { maxRetries: 1 }), late]);
    } catch (error) {
      throw error instanceof Problem ? error : new Problem(connectProblem(error));
    } finally {
      clearTimeout(timer);
    }
  }

  watch(room) {
    const busy = () => this.phase !== "connecting" && this.reconnect();
    room
      .on(RoomEvent.ParticipantConnected, (someone) => this.met(someone))
      .on(RoomEvent.ParticipantDisconnected, (someone) => someone.identity === this.agent && this.later(FAREWELL_MS, () => this.fail("agentLeft")))
      .on(RoomEvent.ParticipantAttributesChanged, (_, someone) => this.met(someone))
      .on(RoomEvent.TrackSubscribed, (track, _, someone) => someone.isAgent && track.kind === "audio" && this.hear(track))
      .on(RoomEvent.ConnectionQualityChanged, (quality, someone) => this.judge(quality, someone))
      .on(RoomEvent.AudioPlaybackStatusChanged, () => this.emit("problem", room.canPlaybackAudio ? null : "sound"))
      .on(RoomEvent.SignalReconnecting, busy)
      .on(RoomEvent.Reconnecting, busy)
      .on(RoomEvent.Reconnected, () => this.enter(this.agent ? "live" : "waiting"))
      .on(RoomEvent.Disconnected, (reason) => this.gone(reason));
    room.registerTextStreamHandler("lk.transcription", (reader, from) => this.read(reader, from.identity));
  }

  reconnect() {
    if (this.phase === "reconnecting") return;
    this.enter("reconnecting");
    const attempt = (this.attempt = {});
    this.later(RECONNECT_MS, () => this.phase === "reconnecting" && this.attempt === attempt && this.fail("lost"));
  }

  awaitAgent() {
    if (this.over || this.phase === "live") return;
    this.enter("waiting");
    this.later(JOIN_MS, () => this.agent || this.fail("noAgent"));
    this.later(READY_MS, () => this.phase === "waiting" && this.fail("notReady"));
    this.room.remoteParticipants.forEach((someone) => this.met(someone));
  }

  met(someone) {
    if (!someone.isAgent || someone.isLocal) return;
    this.agent = someone.identity;
    this.agentState = someone.attributes["lk.agent.state"] ?? "";
    this.emit("state", this.agentState);
    if (READY.has(this.agentState) && this.phase !== "reconnecting" && this.room.state === ConnectionState.Connected) this.enter("live");
  }

  hear(track) {
    this.sounds.push(track.attach());
    this.emit("track", track.mediaStreamTrack);
  }

  judge(quality, someone) {
    if (someone.identity !== this.agent) return;
    const lost = quality === ConnectionQuality.Lost;
    if (lost !== this.agentLost) this.emit("problem", lost ? "agentLost" : null);
    this.agentLost = lost;
  }

  // The user's words come as a new stream each time, the agent's as one that grows.
  async read(reader, identity) {
    const { attributes = {}, id } = reader.info;
    const key = attributes["lk.segment_id"] ?? id;
    const who = identity === this.room.localParticipant.identity ? "you" : "agent";
    let text = "";
    try {
      for await (const piece of reader) {
        text += piece;
        this.emit("line", { key, who, text, final: false });
      }
    } catch {
      // cut off with the connection: what came stands
    }
    const final = who === "agent" || reader.info.attributes?.["lk.transcription_final"] === "true";
    if (text.trim()) this.emit("line", { key, who, text, final });
  }

  async say(text) {
    await this.room.localParticipant.sendText(text, { topic: "lk.chat" });
    this.emit("line", { key: `typed-${performance.now()}`, who: "you", text, final: true });
  }

  later(ms, act) {
    this.timers.push(setTimeout(() => this.over || act(), ms));
  }

  gone(reason) {
    if (this.over) return;
    if (this.phase === "connecting") return; // connect() tells
    if (reason === DisconnectReason.ROOM_DELETED || reason === DisconnectReason.PARTICIPANT_REMOVED) this.finish("ended", "agent");
    else this.fail(AT_END[reason] ?? "lost");
  }

  fail(code) {
    if (this.over) return;
    this.finish("failed", code);
  }

  end() {
    this.finish("ended", "you");
  }

  finish(phase, why) {
    if (this.over) return;
    this.enter(phase);
    this.timers.forEach(clearTimeout);
    this.room?.disconnect().catch(() => {});
    this.sounds.forEach((sound) => sound.remove());
    this.emit("over", why);
  }
}
