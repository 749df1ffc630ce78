"use strict";
// Makes tables sortable, each heading becoming a button, and unfolds everything at once. Without this script all of the
// page is there: parts unfold one by one, and tables stand as they are.
{
  const parts = Array.from(document.querySelectorAll("details"));
  const unfold = document.createElement("button");
  const label = () => { unfold.textContent = parts.every((each) => each.open) ? "Fold all" : "Unfold all"; };
  unfold.type = "button";
  unfold.className = "unfold";
  unfold.addEventListener("click", () => {
    const open = !parts.every((each) => each.open);
    parts.forEach((each) => { each.open = open; });
  });
  parts.forEach((each) => each.addEventListener("toggle", label));
  label();
  document.querySelector("main > section").before(unfold);

  // Paper cannot be unfolded.
  let folded = [];
  window.addEventListener("beforeprint", () => {
    folded = parts.filter((each) => !each.open);
    folded.forEach((each) => { each.open = true; });
  });
  window.addEventListener("afterprint", () => folded.forEach((each) => { each.open = false; }));

  const order = new Intl.Collator("en", { numeric: true });

  const sort = (table, column, direction) => {
    const body = table.tBodies[0];
    const keyed = Array.from(body.rows, (row) => {
      const cell = row.cells[column];
      const value = cell.dataset.value;
      return { row, number: value === undefined ? null : Number(value), text: cell.textContent };
    });
    keyed.sort((a, b) => {
      // Cells without a number stand last, whichever way the others are sorted.
      if ((a.number === null) !== (b.number === null)) return a.number === null ? 1 : -1;
      return direction * (a.number === null ? order.compare(a.text, b.text) : a.number - b.number);
    });
    body.append(...keyed.map((each) => each.row));
  };

  for (const table of document.querySelectorAll("table.sortable")) {
    const headings = Array.from(table.tHead.rows[0].cells);
    const hint = document.createElement("span");
    hint.className = "unseen";
    hint.textContent = " (headings are buttons that sort)";
    table.caption.firstElementChild.append(hint);
    headings.forEach((heading, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => {
        // Numbers are first sorted from the largest, text from its beginning.
        const first = heading.classList.contains("number") ? "descending" : "ascending";
        const other = first === "ascending" ? "descending" : "ascending";
        const chosen = heading.getAttribute("aria-sort") === first ? other : first;
        headings.forEach((each) => each.removeAttribute("aria-sort"));
        heading.setAttribute("aria-sort", chosen);
        sort(table, column, chosen === "ascending" ? 1 : -1);
      });
    });
  }
}
