// How loud one side really is, on all its tracks: an agent has one for its voice, and others for what bridges a wait.
// States follow this and not what anybody claims: "speaking" is announced before it is heard.
let context;

const shared = () => {
  context ??= new AudioContext();
  if (context.state === "suspended") context.resume().catch(() => {});
  return context;
};

export class Ear {
  constructor() {
    this.sources = [];
    this.analyser = new AnalyserNode(shared(), { fftSize: 512, smoothingTimeConstant: 0.75 });
    this.wave = new Float32Array(512);
    this.bins = new Uint8Array(this.analyser.frequencyBinCount);
    this.heardAt = -Infinity;
    this.level = 0;
  }

  add(track) {
    const source = shared().createMediaStreamSource(new MediaStream([track]));
    source.connect(this.analyser);
    this.sources.push(source);
    return this;
  }

  // 0 to 1, square root of the mean square; remembers when it was last above `threshold`.
  listen(threshold = 0.012) {
    this.analyser.getFloatTimeDomainData(this.wave);
    this.level = Math.sqrt(this.wave.reduce((sum, value) => sum + value * value, 0) / this.wave.length);
    if (this.level > threshold) this.heardAt = performance.now();
    return this.level;
  }

  spectrum() {
    this.analyser.getByteFrequencyData(this.bins);
    return this.bins;
  }

  heardWithin(ms) {
    return performance.now() - this.heardAt < ms;
  }

  close() {
    this.sources.forEach((source) => source.disconnect());
  }
}
