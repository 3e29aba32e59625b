// SPDX-License-Identifier: Apache-2.0
//
// One tab stop for the whole table: the arrow keys move it, as the ARIA practices for grids say. What the page is told
// is the cell that is focused, and, while the pointer is on another one, that one.

class Grid {
  // `show(cell, isFocus)` is called for the cell whose reason is to be seen, the others for Enter and Escape.
  constructor(table, { show, enter, leave }) {
    this.table = table;
    this.show = show;
    this.current = null;
    table.addEventListener("keydown", (event) => this.#press(event, enter, leave));
    table.addEventListener("focusin", (event) => this.#take(this.#cellOf(event.target)));
    table.addEventListener("click", (event) => this.focus(this.#cellOf(event.target)));
    table.addEventListener("pointerover", (event) => {
      const cell = event.pointerType === "touch" ? null : this.#cellOf(event.target);
      if (cell !== null) this.show(cell, false);
    });
    table.addEventListener("pointerleave", () => this.current && this.show(this.current, false));
  }

  // The tab stop, without taking the focus from where it is.
  place(cell) {
    this.current?.setAttribute("tabindex", "-1");
    this.current = cell;
    cell?.setAttribute("tabindex", "0");
    if (cell) this.show(cell, false);
  }

  focus(cell) {
    if (!cell) return;
    cell.focus({ preventScroll: true });
    cell.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  // The first focus: in the middle of the table, as far as there is something around it.
  open() {
    const scroller = this.table.parentElement;
    if (this.current) {
      const cell = this.current.getBoundingClientRect();
      const box = scroller.getBoundingClientRect();
      scroller.scrollBy(
        cell.x + cell.width / 2 - box.x - box.width / 2,
        cell.y + cell.height / 2 - box.y - box.height / 2,
      );
    }
    this.focus(this.current);
  }

  #take(cell) {
    if (cell === null) return;
    this.place(cell);
    this.show(cell, true);
  }

  #cellOf(target) {
    const cell = target.closest("th, td");
    return cell !== null && subjects.has(cell) ? cell : null;
  }

  // Rows of cells that can be seen; in cards, those of participants that ask nothing cannot.
  #rows() {
    const isSeen = (cell) => subjects.has(cell) && cell.getClientRects().length > 0;
    return [...this.table.rows].map((row) => [...row.cells].filter(isSeen)).filter((cells) => cells.length > 0);
  }

  #press(event, enter, leave) {
    if (this.current === null || event.altKey || event.metaKey) return;
    if (event.key === "Enter" || event.key === " ") enter();
    else if (event.key === "Escape") leave();
    else if (!this.#move(event.key, event.ctrlKey)) return;
    event.preventDefault();
  }

  #move(key, isFar) {
    const rows = this.#rows();
    const row = rows.findIndex((cells) => cells.includes(this.current));
    if (row < 0) return false;
    const column = rows[row].indexOf(this.current);
    const nearest = (index) => {
      const cells = rows[Math.min(Math.max(index, 0), rows.length - 1)];
      const wanted = this.current.cellIndex;
      return cells.reduce((best, cell) =>
        Math.abs(cell.cellIndex - wanted) < Math.abs(best.cellIndex - wanted) ? cell : best,
      );
    };
    const targets = {
      ArrowRight: () => rows[row][column + 1],
      ArrowLeft: () => rows[row][column - 1],
      ArrowDown: () => nearest(row + 1),
      ArrowUp: () => nearest(row - 1),
      PageDown: () => nearest(row + 10),
      PageUp: () => nearest(row - 10),
      Home: () => rows[isFar ? 0 : row].at(0),
      End: () => rows[isFar ? rows.length - 1 : row].at(-1),
    };
    if (!Object.hasOwn(targets, key)) return false;
    this.focus(targets[key]());
    return true;
  }
}
