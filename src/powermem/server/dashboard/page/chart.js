// Bars by day, drawn by uPlot (MIT, in uplot/).

import { h, plain } from "./elements.js";

const HEIGHT = 180;
const DAY = 86400;

let loading = null;

// Only the views with charts need it. What could not be loaded is tried again by the next chart.
function load() {
  loading ??= Promise.all([import("./uplot/uPlot.esm.js"), styled()]).then(([module]) => module.default).catch((error) => {
    loading = null;
    throw error;
  });
  return loading;
}

function styled() {
  const sheet = h("link", { rel: "stylesheet", href: new URL("uplot/uPlot.min.css", import.meta.url).href });
  return new Promise((resolve, reject) => {
    sheet.addEventListener("load", resolve);
    sheet.addEventListener("error", () => {
      sheet.remove();
      reject(new Error("The styles of the charts cannot be loaded."));
    });
    document.head.append(sheet);
  });
}

/**
 * Draw a stack of bars for each day, and a line at the limit.
 * `parts` are pairs of a key of a day and its label.
 */
export function barChart(days, parts, limit) {
  const total = parts.reduce((sum, [key]) => sum + days.reduce((all, day) => all + day[key], 0), 0);
  const label = `${parts.map(([, name]) => name).join(" and ")} by day, ${days[0].day} to ${days.at(-1).day}: ${plain(Math.round(total))} in all`;
  const place = h("div", { class: "chart", role: "img", "aria-label": label });
  load().then((UPlot) => {
    let chart = null;
    // The view may be shown long after its chart is made, so the chart is drawn when its place gets a width.
    const watch = new ResizeObserver(() => {
      const width = place.clientWidth;
      if (chart && !place.isConnected) watch.disconnect();
      else if (chart && width > 0) chart.setSize({ width, height: HEIGHT });
      else if (width > 0) chart = draw(UPlot, place, days, parts, limit);
    });
    watch.observe(place);
  }).catch(() => place.append(h("p", { class: "quiet" }, "The chart cannot be drawn now.")));
  return place;
}

function draw(UPlot, place, days, parts, limit) {
  const css = getComputedStyle(document.documentElement);
  const color = (name) => css.getPropertyValue(name).trim();
  const colors = [color("--accent"), color("--accent-2")];
  // A stack: what is drawn later covers the lower part of the sum that is drawn before.
  const stack = parts.map(([key, label], at) => ({
    key, label, color: colors[at],
    sums: days.map((day) => parts.slice(0, at + 1).reduce((sum, [each]) => sum + day[each], 0)),
  })).reverse();
  const most = Math.max(...stack[0].sums, 0);
  const top = Math.max(most, limit && limit < 3 * most ? limit : 0, most === 0 ? 1 : 0) * 1.08;
  const axis = {
    stroke: color("--quiet"), grid: { stroke: color("--line"), width: 1 }, ticks: { show: false },
    font: "12px system-ui, sans-serif",
  };
  const options = {
    width: place.clientWidth, height: HEIGHT, padding: [10, 12, 0, 0],
    tzDate: (seconds) => UPlot.tzDate(new Date(seconds * 1000), "UTC"),
    cursor: { drag: { x: false, y: false }, y: false },
    scales: { x: { range: (_, first, last) => [first - DAY / 2, last + DAY / 2] }, y: { range: [0, top] } },
    axes: [
      { ...axis, grid: { show: false }, size: 28, space: 56, incrs: [DAY, 2 * DAY, 5 * DAY, 10 * DAY, 20 * DAY],
        values: (_, ticks) => ticks.map((tick) => dates.format(tick * 1000)) },
      { ...axis, size: 52, values: (_, ticks) => ticks.map((tick) => compact.format(tick)) },
    ],
    series: [
      { label: "Day", value: (_, tick) => (tick === null ? "–" : dates.format(tick * 1000)) },
      ...stack.map((each) => ({
        label: each.label, stroke: each.color, fill: each.color, width: 0, points: { show: false },
        paths: UPlot.paths.bars({ size: [0.7, 40] }),
        value: (_, value, series, row) => (row === null ? "–" : plain(rounded(days[row][each.key]))),
      })),
    ],
    hooks: { draw: limit ? [(plot) => limitLine(plot, limit, color("--bad"))] : [] },
  };
  const times = days.map((day) => Date.parse(`${day.day}T00:00:00Z`) / 1000);
  return new UPlot(options, [times, ...stack.map((each) => each.sums)], place);
}

const compact = new Intl.NumberFormat("en", { notation: "compact" });
const dates = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", timeZone: "UTC" });
const rounded = (value) => Math.round(value * 100) / 100;

function limitLine(plot, limit, color) {
  const y = Math.round(plot.valToPos(limit, "y", true));
  if (y < plot.bbox.top) return;
  plot.ctx.save();
  plot.ctx.strokeStyle = color;
  plot.ctx.lineWidth = 2;
  plot.ctx.setLineDash([6, 4]);
  plot.ctx.beginPath();
  plot.ctx.moveTo(plot.bbox.left, y);
  plot.ctx.lineTo(plot.bbox.left + plot.bbox.width, y);
  plot.ctx.stroke();
  plot.ctx.restore();
}
