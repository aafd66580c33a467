/** Drawing of a map with WebGL 2: cells from afar, points from nearby. */

import { LAST } from "./map_data.js";

const CELLS = {
  vertex: `#version 300 es
    uniform vec4 view; out vec2 place;
    void main() {
      place = vec2(gl_VertexID & 1, gl_VertexID >> 1);
      gl_Position = vec4(place * view.xy + view.zw, 0.0, 1.0);
    }`,
  fragment: `#version 300 es
    precision highp float;
    uniform sampler2D cells; uniform sampler2D palette; uniform float opacity;
    in vec2 place; out vec4 colour;
    void main() {
      vec4 cell = texture(cells, place);
      if (cell.b < 0.5) discard;
      float strength = opacity * (0.3 + 0.7 * cell.r);
      colour = vec4(texture(palette, vec2((cell.g * 255.0 + 0.5) / 256.0, 0.5)).rgb, 1.0) * strength;
    }`,
};
const POINTS = {
  vertex: `#version 300 es
    layout(location = 0) in vec2 position; layout(location = 1) in float level;
    uniform vec4 view; uniform float size; uniform sampler2D palette; out vec3 ink;
    void main() {
      gl_Position = vec4(position * view.xy + view.zw, 0.0, 1.0);
      gl_PointSize = size;
      ink = texelFetch(palette, ivec2(int(level * 255.0 + 0.5), 0), 0).rgb;
    }`,
  fragment: `#version 300 es
    precision highp float;
    uniform float opacity; uniform float size; in vec3 ink; out vec4 colour;
    void main() {
      float far = length(gl_PointCoord - 0.5) * size;
      float strength = opacity * clamp(size * 0.5 - far + 0.5, 0.0, 1.0);
      if (strength <= 0.0) discard;
      colour = vec4(ink * strength, strength);
    }`,
};

/** The drawing surface of one map on one canvas. */
export class MapPoints {
  constructor(canvas) {
    const gl = canvas.getContext("webgl2", { antialias: false, alpha: true, powerPreference: "high-performance" });
    if (!gl) throw new Error("This browser has no WebGL 2, with which the map is drawn.");
    Object.assign(this, { canvas, gl, programs: [CELLS, POINTS].map((source) => linked(gl, source)) });
    this.nothing = gl.createVertexArray();
    this.buffers = [gl.createBuffer(), gl.createBuffer()];
    this.points = gl.createVertexArray();
    gl.bindVertexArray(this.points);
    this.attribute(0, this.buffers[0], 2, gl.UNSIGNED_SHORT);
    this.attribute(1, this.buffers[1], 1, gl.UNSIGNED_BYTE);
    this.textures = [0, 1].map((unit) => nearestTexture(gl, unit));
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  }

  attribute(location, buffer, size, kind) {
    const { gl } = this;
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.enableVertexAttribArray(location);
    gl.vertexAttribPointer(location, size, kind, true, 0, 0);
  }

  /** Use other galaxies (`MapGalaxies`) and their cells (`densityCells`). */
  load(galaxies, { side, cells }) {
    const { gl } = this;
    this.galaxies = galaxies;
    [galaxies.xy, galaxies.level].forEach((values, i) => {
      gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers[i]);
      gl.bufferData(gl.ARRAY_BUFFER, values, gl.STATIC_DRAW);
    });
    this.fillTexture(0, side, side, cells);
  }

  setPalette(bytes) {
    this.fillTexture(1, 256, 1, bytes);
  }

  fillTexture(unit, width, height, bytes) {
    const { gl } = this;
    gl.activeTexture(gl.TEXTURE0 + unit);
    gl.bindTexture(gl.TEXTURE_2D, this.textures[unit]);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, width, height, 0, gl.RGBA, gl.UNSIGNED_BYTE, bytes);
  }

  /** Draw what a camera sees; points have an opacity and a diameter in CSS pixels. */
  draw(camera, { cells, points, size }) {
    const { gl, canvas } = this;
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    if (!this.galaxies) return;
    const scale = [2 / (camera.width * camera.step), 2 / (camera.height * camera.step)];
    const view = [LAST * scale[0], LAST * scale[1], -camera.x * scale[0], -camera.y * scale[1]];
    if (cells > 0) {
      this.use(0, view, cells);
      gl.bindVertexArray(this.nothing);
      gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
    }
    if (points > 0) {
      const program = this.use(1, view, points);
      gl.uniform1f(gl.getUniformLocation(program, "size"), (size * canvas.width) / camera.width);
      gl.bindVertexArray(this.points);
      for (const [first, end] of this.galaxies.ranges(camera.box)) gl.drawArrays(gl.POINTS, first, end - first);
    }
  }

  use(number, view, opacity) {
    const { gl } = this;
    const program = this.programs[number];
    gl.useProgram(program);
    gl.uniform4fv(gl.getUniformLocation(program, "view"), view);
    gl.uniform1f(gl.getUniformLocation(program, "opacity"), opacity);
    ["cells", "palette"].forEach((name, unit) => gl.uniform1i(gl.getUniformLocation(program, name), unit));
    return program;
  }
}

function linked(gl, { vertex, fragment }) {
  const program = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error("The map cannot be drawn by this browser.");
  return program;
}

function nearestTexture(gl, unit) {
  const texture = gl.createTexture();
  gl.activeTexture(gl.TEXTURE0 + unit);
  gl.bindTexture(gl.TEXTURE_2D, texture);
  for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, name, gl.NEAREST);
  for (const name of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, name, gl.CLAMP_TO_EDGE);
  return texture;
}
