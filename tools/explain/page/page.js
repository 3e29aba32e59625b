// SPDX-License-Identifier: Apache-2.0
//
// The page: reads what the file has, draws one negotiation, and opens on the cell that decides.

let negotiations = [];
let shown = null; // one of them
let filter = kFilters[1];

const grid = new Grid(byId("matrix"), {
  show(cell, isFocus) {
    for (const marked of document.querySelectorAll("#matrix .explained")) marked.classList.remove("explained");
    cell.classList.add("explained");
    drawReason(subjects.get(cell), shown);
    if (isFocus) byId("spoken").textContent = spokenReason(subjects.get(cell));
  },
  enter() {
    fold(false);
    byId("reason").focus();
  },
  leave() {
    fold(true);
  },
});

// On a narrow screen the reason covers the end of the table, unless it is folded to its first line.
function fold(isFolded) {
  byId("reason").classList.toggle("folded", isFolded);
  byId("fold").setAttribute("aria-expanded", String(!isFolded));
  byId("fold").textContent = isFolded ? "More" : "Less";
}

byId("reason").addEventListener("keydown", (event) => {
  if (event.key === "Escape") grid.focus(grid.current);
});
byId("fold").addEventListener("click", () => fold(!byId("reason").classList.contains("folded")));

// The cell that decides, or the first one.
const firstCell = () =>
  document.querySelector("#matrix .deciding") ??
  document.querySelector("#matrix td.ask:not(.none)") ??
  [...document.querySelectorAll("#matrix td, #matrix th")].find((cell) => subjects.has(cell)) ??
  null;

function chooseFilter(chosen) {
  filter = chosen;
  const before = grid.current && subjects.get(grid.current);
  drawMatrix(shown, filter);
  const same = [...document.querySelectorAll("#matrix td, #matrix th")].find((cell) => {
    const subject = subjects.get(cell);
    return before && subject && subject.row === before.row && subject.participant === before.participant;
  });
  grid.place(same ?? firstCell());
}

// Goes to the row, of which the filter may keep nothing now.
function showRow(row) {
  if (!filter.keeps(row)) {
    drawFilter(shown, kFilters[2], chooseFilter);
    chooseFilter(kFilters[2]);
  }
  const cells = [...document.querySelectorAll("#matrix td, #matrix th")].filter(
    (cell) => subjects.get(cell)?.row === row,
  );
  grid.focus(cells.find((cell) => cell.classList.contains("deciding")) ?? cells.at(-1));
}

function show(index) {
  shown = negotiations[index];
  filter = firstFilter(shown);
  drawNegotiations(negotiations, index, choose);
  drawHeader(shown);
  drawChanges(shown, showRow);
  drawFilter(shown, filter, chooseFilter);
  drawLegend(shown);
  drawMatrix(shown, filter);
  drawPlaces(shown);
  drawInsights(shown);
  drawLayout(shown);
  drawPrinted(shown);
  drawText(shown);
  grid.place(null);
  grid.place(firstCell());
}

// Another one of the list: the address of the page names it, so that it can be opened again.
function choose(index) {
  history.replaceState(null, "", `#${index + 1}`);
  show(index);
  document.querySelector("#negotiations [aria-current]").focus();
}

function start() {
  negotiations = listOf(JSON.parse(byId("data").textContent)).map(readNegotiation);
  if (negotiations.length === 0) {
    fill("notice", "The file has no negotiation.");
    byId("asks").hidden = true;
    return;
  }
  const named = Number(location.hash.slice(1)) - 1;
  const first = (outcome) => negotiations.findIndex(({ report }) => report.outcome === outcome);
  const wanted = [negotiations[named] ? named : -1, first("refused"), first("weakened"), 0];
  show(wanted.find((index) => index >= 0));
  document.querySelector("#negotiations [aria-current]")?.scrollIntoView({ block: "nearest" });
  grid.open();
}

start();
