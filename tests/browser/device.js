// One device in the test of three browsers: acts through the page's own fields and keys, each time in one go, so that
// nothing that comes from elsewhere is in between. It runs in the page.

(() => {
  const rows = () => [...document.querySelectorAll("main .row")];
  const rowOf = (id) => document.getElementById(`row-${id}`);
  const titleOf = (id) => rowOf(id).querySelector(".title");
  const press = (element, key, more = {}) => element.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }));
  const onRow = (id, key, more) => (titleOf(id).focus(), press(titleOf(id), key, more));
  const into = (field, value) => {
    field.focus();
    field.value = value;
    field.dispatchEvent(new Event("change", { bubbles: true }));
    field.blur();
  };
  const inPanel = (id, field, value) => {
    onRow(id, "h");
    into(document.getElementById(field), value(document.getElementById(field).value));
  };
  const shown = (what) => new Promise((resolve) => {
    const look = () => (what() ? resolve(what()) : requestAnimationFrame(look));
    look();
  });

  const deeds = {
    add: ({ text }) => {
      const line = document.getElementById("add");
      line.value = text;
      line.dispatchEvent(new Event("input", { bubbles: true }));
      line.form.requestSubmit();
    },
    title: ({ id, text }) => (deeds.open({ id, text }), deeds.close()),
    open: ({ id, text }) => {
      onRow(id, "e");
      document.getElementById("edit-title").value = text;
    },
    close: () => {
      const editor = document.getElementById("edit-title");
      if (editor) press(editor, "Enter");
    },
    notes: ({ id, text }) => inPanel(id, "p-notes", () => text),
    tags: ({ id, text, less }) => inPanel(id, "p-tags", (tags) => [...tags.split(" ").slice(less ? 1 : 0), `#${text}`].join(" ")),
    toggle: ({ id }) => rowOf(id).querySelector(".box").click(),
    remove: ({ id }) => onRow(id, "Delete"),
    undo: () => press(document.body, "z"),
    up: ({ id }) => onRow(id, "ArrowUp", { altKey: true }),
    down: ({ id }) => onRow(id, "ArrowDown", { altKey: true }),
  };

  const stored = async () => {
    const name = (await indexedDB.databases()).map((each) => each.name).find((each) => each.startsWith("todo-ledger "));
    const database = await new Promise((resolve) => (indexedDB.open(name).onsuccess = ({ target }) => resolve(target.result)));
    const transaction = database.transaction(["rows", "commands"]);
    const all = (store) => new Promise((resolve) => (transaction.objectStore(store).getAll().onsuccess = ({ target }) => resolve(target.result)));
    const [todos, commands] = await Promise.all([all("rows"), all("commands")]);
    database.close();
    return { todos: todos.filter(({ deleted }) => !deleted), commands };
  };

  globalThis.device = {
    stored,
    rows: () => rows().map((row) => row.id.slice(4)),
    // False where its todo is gone.
    act: (deed) => {
      if (deed.id && !rowOf(deed.id)) return false;
      deeds[deed.kind](deed);
      return true;
    },
    // Chooses in the first row where two edits meet; false where there is none.
    choose: async (mine) => {
      const button = rows().flatMap((row) => [...row.querySelectorAll(".note .link")]).find(({ textContent }) => textContent === "Choose");
      if (!button) return false;
      button.click();
      const dialog = await shown(() => document.querySelector("dialog[open] form"));
      const names = [...new Set([...dialog.querySelectorAll("input[type=radio]")].map(({ name }) => name))];
      names.forEach((name, index) => dialog.querySelector(`input[name=${name}][value=${mine[index % mine.length] ? "mine" : "theirs"}]`).click());
      dialog.querySelector(".main").click();
      await shown(() => !document.querySelector("dialog[open]"));
      return true;
    },
  };
})();
