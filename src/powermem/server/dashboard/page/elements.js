// Elements and texts. Everything that comes from a memory is set as text, never as markup.

/** Make an element: attributes, listeners below `on`, and children that are elements or texts. */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (attribute === "on") {
      for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    } else if (attribute === "value") {
      element.value = value;
    } else if (value === true) {
      element.setAttribute(attribute, "");
    } else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(attribute, value);
    }
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const numbers = new Intl.NumberFormat("en");
const days = new Intl.DateTimeFormat("en", { dateStyle: "medium" });
const moments = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const STEPS = [
  ["year", 31536000], ["month", 2592000], ["week", 604800], ["day", 86400], ["hour", 3600], ["minute", 60],
];

export const count = (number, one, many = `${one}s`) => `${numbers.format(number)} ${number === 1 ? one : many}`;
export const plain = (number) => numbers.format(number);

export function percent(share) {
  const value = share * 100;
  return value > 0 && value < 1 ? "< 1 %" : `${Math.round(value)} %`;
}

export function money(amount) {
  return amount > 0 && amount < 0.01 ? "< 0.01" : amount.toFixed(2);
}

/** A moment, such as "3 days ago", with the whole of it as a hint; or the day, or day and time. */
export function time(iso, form = "moment") {
  const at = new Date(iso);
  const written = form === "day" ? days.format(at) : form === "ago" ? ago(at) : moments.format(at);
  return h("time", { datetime: iso, title: moments.format(at) }, written);
}

export const dayOf = (iso) => days.format(new Date(iso));

function ago(at) {
  const seconds = (at.getTime() - Date.now()) / 1000;
  const step = STEPS.find(([, size]) => Math.abs(seconds) >= size);
  return step ? relative.format(Math.trunc(seconds / step[1]), step[0]) : "just now";
}

export function shortened(text, most = 80) {
  return text.length > most ? `${text.slice(0, most - 1).trimEnd()}…` : text;
}

/** The address of a view. What stands in it is never a key. */
export function address(view, id = null, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  const path = id === null ? `#/${view}` : `#/${view}/${encodeURIComponent(id)}`;
  return given.length ? `${path}?${new URLSearchParams(given)}` : path;
}

/** Make a button whose action is not begun again while it is under way. */
export function button(label, action, attributes = {}) {
  const made = h("button", { type: "button", ...attributes, on: { click: () => once(made, action) } }, label);
  return made;
}

/** Run an action of a button unless one is under way. A button that is `disabled` would lose the focus. */
export async function once(pressed, action) {
  if (pressed.ariaDisabled === "true") return;
  pressed.ariaDisabled = "true";
  try {
    await action();
  } finally {
    pressed.ariaDisabled = null;
  }
}

export function badge(label, kind = "") {
  return h("span", { class: `badge ${kind}` }, label);
}

/** What is shown where there is nothing. */
export function empty(title, ...advice) {
  return h("div", { class: "empty" }, h("p", { class: "empty-title" }, title), advice.map((each) => h("p", {}, each)));
}

let fields = 0;

/** A control with its label, and a hint that describes it. */
export function field(label, control, hint = null) {
  fields += 1;
  control.id = `field-${fields}`;
  if (hint) control.setAttribute("aria-describedby", `hint-${fields}`);
  return h("div", { class: "field" },
    h("label", { for: control.id }, label), control, hint && h("small", { id: `hint-${fields}` }, hint));
}

export function choice(options, chosen, attributes = {}) {
  const select = h("select", attributes, options.map(([value, label]) => h("option", { value }, label)));
  select.value = chosen;
  return select;
}

export function facts(pairs) {
  return h("dl", { class: "facts" }, pairs.filter(([, value]) => value !== null && value !== undefined && value !== "")
    .map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

export function section(title, ...children) {
  return h("section", { class: "card" }, h("h2", {}, title), ...children);
}
