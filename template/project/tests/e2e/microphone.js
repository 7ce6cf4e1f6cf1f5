// Runs before the page: a microphone that says what the test hands it, and an ear on whatever the page receives.
(() => {
  const heard = (window.__heard = { now: 0, loudest: 0, samples: [], spokeFrom: 0, microphones: [] });
  let context, way, ear;
  const open = () => {
    context ??= new AudioContext({ sampleRate: 48000 });
    way ??= context.createMediaStreamDestination();
    context.resume();
    return way;
  };
  navigator.mediaDevices.getUserMedia = async () => {
    if (window.__microphoneError) throw new DOMException("", window.__microphoneError);
    const stream = open().stream.clone();
    heard.microphones.push(...stream.getTracks());
    return stream;
  };
  window.__say = async (base64) => {
    open();
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const source = context.createBufferSource();
    source.buffer = await context.decodeAudioData(bytes.buffer);
    source.connect(way);
    const ended = new Promise((resolve) => (source.onended = resolve));
    source.start();
    heard.spokeFrom = performance.now();
    await ended;
  };
  const Connection = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Connection {
    constructor(...given) {
      super(...given);
      this.addEventListener("track", ({ track }) => track.kind === "audio" && listen(track));
    }
  };
  const listen = (track) => {
    open();
    const first = !ear;
    ear ??= new AnalyserNode(context, { fftSize: 512 });
    context.createMediaStreamSource(new MediaStream([track])).connect(ear);
    if (!first) return; // all that is heard is one sound
    const wave = new Float32Array(512);
    setInterval(() => {
      ear.getFloatTimeDomainData(wave);
      heard.now = Math.sqrt(wave.reduce((sum, value) => sum + value * value, 0) / wave.length);
      heard.loudest = Math.max(heard.loudest, heard.now);
      heard.samples.push([performance.now(), heard.now]);
    }, 20);
  };
})();
