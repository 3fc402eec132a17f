// Long lists, page by page: a page is fetched when it is asked for, and nothing is fetched twice.

import { button, h } from "./elements.js";
import { failed } from "./notices.js";

/**
 * Show a list that grows by pages.
 * `fetchPage(cursor)` returns `{results, total, next_cursor}`; `item(record, page)` returns an element.
 */
export async function pagedList(fetchPage, item, { label, nothing, told = () => {} }) {
  const list = h("ul", { class: "list", "aria-label": label });
  const foot = h("p", { class: "more" });
  let shown = 0;
  const add = async (cursor) => {
    const page = await fetchPage(cursor);
    const added = page.results.map((record) => item(record, page));
    list.append(...added);
    shown += added.length;
    told(page.total ?? shown);
    foot.replaceChildren();
    if (page.next_cursor) {
      foot.append(button(`Show more (${shown.toLocaleString("en")} of ${page.total.toLocaleString("en")})`, async () => {
        try {
          const [first] = await add(page.next_cursor);
          first?.querySelector("a, button")?.focus();
        } catch (error) {
          failed(error);
        }
      }));
    }
    return added;
  };
  await add(null);
  return shown ? h("div", {}, list, foot) : nothing();
}
