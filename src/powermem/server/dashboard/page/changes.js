// Changes of a memory, each of which can be undone.

import { patch, pathOf, remove } from "./api.js";
import { shortened } from "./elements.js";
import { failed, notice } from "./notices.js";

const UNDO_SECONDS = 10;

// What is forgotten once its time to undo is over, by the id of the memory.
const leaving = new Map();

export const isLeaving = (id) => leaving.has(id);

/** Forget a memory, after the time in which it can be undone: a deleted memory cannot come back as it was. */
export function forget(memory, { hide, restore }) {
  if (leaving.has(memory.id)) return;
  const finish = async (keepalive = false) => {
    if (!leaving.delete(memory.id)) return;
    close();
    try {
      await remove(pathOf("v1", "memories", memory.id), keepalive);
      notice("It is forgotten.", { seconds: 4 });
    } catch (error) {
      restore();
      failed(error);
    }
  };
  leaving.set(memory.id, finish);
  hide();
  const close = notice(`Forgetting “${shortened(memory.memory)}”`, {
    seconds: UNDO_SECONDS,
    ended: finish,
    actions: [
      ["Undo", () => {
        leaving.delete(memory.id);
        restore();
      }],
      ["Forget now", () => finish()],
    ],
  });
}

// Whoever closes the page has decided.
window.addEventListener("pagehide", () => leaving.forEach((finish) => finish(true)));

/** Change a memory; `changed` is called with the memory as it is then, and again when it is undone. */
export async function change(memory, wanted, changed) {
  const path = pathOf("v1", "memories", memory.id);
  changed(await patch(path, wanted));
  const former = {
    metadata: memory.metadata,
    replace_metadata: true,
    expires_at: memory.expires_at,
    ...("content" in wanted ? { content: memory.memory } : {}),
  };
  notice("It is changed.", {
    seconds: UNDO_SECONDS,
    actions: [["Undo", () => patch(path, former).then(changed).catch(failed)]],
  });
}
