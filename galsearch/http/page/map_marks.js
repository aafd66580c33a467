/** What is drawn over a map: the query, its neighbours, the chosen galaxy and the lasso. */

import { colour } from "./theme.js";

const WHOLE_TURN = 2 * Math.PI;

/** Draw on a canvas of the size of the map. `marks` has `neighbours`, `query`, `chosen`, `lasso`. */
export function drawMarks(canvas, camera, marks) {
  const context = canvas.getContext("2d");
  const ratio = canvas.width / camera.width;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, camera.width, camera.height);
  for (const place of marks.neighbours) ring(context, camera.toScreen(place), 5, colour("card"), colour("query"), 2);
  if (marks.query) star(context, camera.toScreen(marks.query));
  if (marks.chosen) ring(context, camera.toScreen(marks.chosen), 9, null, colour("ink"), 2);
  if (marks.lasso?.length) outline(context, marks.lasso.map((place) => camera.toScreen(place)), marks.isDone);
}

function ring(context, [x, y], radius, ground, ink, width) {
  context.beginPath();
  context.arc(x, y, radius, 0, WHOLE_TURN);
  if (ground) {
    context.lineWidth = width + 2;
    context.strokeStyle = ground;
    context.stroke();
  }
  context.lineWidth = width;
  context.strokeStyle = ink;
  context.stroke();
}

function star(context, [x, y]) {
  context.beginPath();
  for (let i = 0; i < 10; i++) {
    const radius = i % 2 ? 4 : 10;
    const angle = (i * WHOLE_TURN) / 10 - WHOLE_TURN / 4;
    context.lineTo(x + radius * Math.cos(angle), y + radius * Math.sin(angle));
  }
  context.closePath();
  context.lineWidth = 3;
  context.strokeStyle = colour("card");
  context.stroke();
  context.fillStyle = colour("query");
  context.fill();
}

function outline(context, places, isDone) {
  context.beginPath();
  for (const [x, y] of places) context.lineTo(x, y);
  if (isDone) context.closePath();
  context.fillStyle = colour("accent");
  context.globalAlpha = 0.12;
  context.fill();
  context.globalAlpha = 1;
  context.lineWidth = 2;
  context.strokeStyle = colour("accent");
  context.setLineDash(isDone ? [] : [6, 4]);
  context.stroke();
  context.setLineDash([]);
}
