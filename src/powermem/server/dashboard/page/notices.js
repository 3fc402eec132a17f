// Short messages at the edge of the page: what was done, how to undo it, what went wrong.

import { button, h } from "./elements.js";

const SHOWN_SECONDS = 10;

const place = () => document.getElementById("notices");

/** Show a message until its time is over, which does not pass while it has the pointer or the focus. */
export function notice(message, { actions = [], kind = "", seconds = SHOWN_SECONDS, ended = () => {} } = {}) {
  let left = seconds;
  const bar = h("span", { class: "notice-left", "aria-hidden": "true" });
  const close = () => {
    clearInterval(timer);
    box.remove();
  };
  const buttons = actions.map(([label, action]) => button(label, () => {
    close();
    action();
  }));
  const box = h("div", { class: `notice ${kind}` }, h("p", {}, message), h("div", { class: "row" }, ...buttons), bar);
  const timer = setInterval(() => {
    if (box.matches(":hover, :focus-within")) return;
    left -= 0.25;
    bar.style.setProperty("--left", Math.max(0, left / seconds));
    if (left <= 0) {
      close();
      ended();
    }
  }, 250);
  place().append(box);
  return close;
}

export function failed(error) {
  if (error.name === "AbortError") return;
  notice(problemText(error), { kind: "bad", seconds: 20, actions: [["Close", () => {}]] });
}

export function problemText(error) {
  const advice = error.advice ? ` ${error.advice}` : "";
  return `${sentence(error.message)}${advice}`;
}

/** A problem in the place of what could not be shown. */
export function problemBox(error, again) {
  return h("div", { class: "problem", role: "alert" },
    h("p", { class: "problem-title" }, sentence(error.message)),
    error.advice && h("p", {}, error.advice),
    error.requestId && h("p", { class: "quiet" }, `Request ${error.requestId}`),
    again && h("p", {}, button("Try again", again)));
}

function sentence(text) {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(begun) ? begun : `${begun}.`;
}
