// One figure for whoever speaks: closed curves that the sound itself bends. Still, when motion is not wanted.
const COLOURS = { agent: ["#5b6cff", "#16b8a6"], you: ["#f28a3c", "#e5487d"], quiet: ["#7f8bb0", "#9aa6c8"] };
const POINTS = 30;
const still = matchMedia("(prefers-reduced-motion: reduce)");

export class Orb {
  constructor(canvas) {
    this.canvas = canvas;
    this.pen = canvas.getContext("2d");
    this.level = 0;
  }

  draw(who, ear, busy) {
    const size = this.canvas.clientWidth * devicePixelRatio;
    if (!size) return;
    if (this.canvas.width !== Math.round(size)) this.canvas.width = this.canvas.height = Math.round(size);
    const target = ear && who !== "quiet" ? Math.min(1, ear.level * 5) : 0;
    this.level += (target - this.level) * (target > this.level ? 0.45 : 0.12);
    const time = still.matches ? 0 : performance.now() / 1000;
    const bins = ear && !still.matches ? ear.spectrum() : null;
    this.pen.clearRect(0, 0, size, size);
    for (const layer of [2, 1, 0]) this.curve(size, who, bins, time * (busy ? 3.2 : 1), layer);
  }

  curve(size, who, bins, time, layer) {
    const { pen, level } = this;
    const middle = size / 2;
    const base = size * (0.27 + layer * 0.035 + level * (0.05 + layer * 0.03));
    const corners = Array.from({ length: POINTS }, (_, point) => {
      const angle = (point / POINTS) * 2 * Math.PI;
      const bin = bins ? bins[3 + Math.round(Math.abs(((angle / Math.PI + layer * 0.4) % 2) - 1) * 42)] / 255 : 0;
      const breath = Math.sin(angle * (2 + layer) + time * (0.9 + layer * 0.35)) * (0.012 + layer * 0.008);
      const radius = base * (1 + breath + bin * level * (0.2 + layer * 0.12));
      return [middle + Math.cos(angle) * radius, middle + Math.sin(angle) * radius];
    });
    pen.beginPath(); // through the middles between corners, so that no corner is seen
    corners.forEach(([x, y], point) => {
      const [nextX, nextY] = corners[(point + 1) % POINTS];
      const between = [(x + nextX) / 2, (y + nextY) / 2];
      if (point === 0) pen.moveTo((x + corners.at(-1)[0]) / 2, (y + corners.at(-1)[1]) / 2);
      pen.quadraticCurveTo(x, y, ...between);
    });
    const paint = pen.createLinearGradient(size * 0.2, size * 0.15, size * 0.8, size * 0.85);
    COLOURS[who].forEach((colour, index) => paint.addColorStop(index, colour));
    pen.fillStyle = paint;
    pen.globalAlpha = [1, 0.28, 0.13][layer];
    pen.fill();
    pen.globalAlpha = 1;
  }
}
