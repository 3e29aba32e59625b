// SPDX-License-Identifier: Apache-2.0
//
// The table participants × keys: what each cell shows, and what it is about. A cell is an element with a `subject`:
// the row of the negotiation, the participant, or both.

const kMostInCards = 8; // participants; with more of them a narrow screen shows the table, not a card for each key

// The ends of a GPU's identifier fit into a cell; the whole of it is in the reason.
const shortened = (text) =>
  text.replace(/GPU-([0-9a-f]{4})[0-9a-f]{4}(?:-[0-9a-f]{4}){3}-[0-9a-f]{8}([0-9a-f]{4})/gi, "GPU-$1…$2");

// Characters that a value may have to stand in one line.
const kLineOfAsk = 26;
const kLineOfGranted = 14;

function valueOf(text, most, kind = "") {
  const cut = shortened(text);
  return given(cut, `value ${cut.length <= most ? "line" : ""} ${kind}`.trim());
}

const subjects = new WeakMap();

function cell(name, attributes, subject, ...content) {
  const made = element(name, { tabindex: -1, ...attributes }, ...content);
  subjects.set(made, subject);
  return made;
}

function headOfMatrix({ participants }) {
  const columns = participants.map((participant, index) =>
    cell(
      "th",
      { role: "columnheader", scope: "col", class: "participant" },
      { participant: index },
      given(participant.name),
      participant.peer === ""
        ? null
        : element(
            "span",
            { class: "from" },
            symbol("peer"),
            element("span", { class: "unseen" }, "from "),
            given(participant.peer),
          ),
    ),
  );
  return element(
    "thead",
    { role: "rowgroup" },
    element(
      "tr",
      { role: "row" },
      element("th", { role: "columnheader", scope: "col", class: "key" }, "Key"),
      columns,
      element("th", { role: "columnheader", scope: "col", class: "granted-value" }, "Granted"),
      element("th", { role: "columnheader", scope: "col", class: "decision" }, "Decision"),
    ),
  );
}

function askCell(row, participants, index, ask, isDeciding) {
  if (ask === undefined) {
    return cell(
      "td",
      { role: "gridcell", class: "ask none" },
      { row, participant: index },
      element("span", { class: "unseen" }, "not asked"),
    );
  }
  const isUnmet = ask.state === "refused" || ask.state === "weakened";
  return cell(
    "td",
    { role: "gridcell", class: `ask ${ask.state}${isDeciding ? " deciding" : ""}` },
    { row, participant: index },
    element("span", { class: "who" }, given(participants[index].name)),
    element("span", { class: "what" }, isUnmet ? symbol(ask.state) : null, valueOf(ask.text, kLineOfAsk)),
    isUnmet ? element("span", { class: "unseen" }, `, ${row.word}`) : null,
    isDeciding ? element("span", { class: "mark" }, "decides") : null,
  );
}

function rowOfMatrix(row, { participants, report }, deciding) {
  const asks = new Map(row.asks.map((ask) => [ask.participant, ask]));
  const isDecidingRow = report.deciding === row;
  const noAskDecides = isDecidingRow && deciding === null;
  return element(
    "tr",
    { role: "row", class: `${row.state}${isDecidingRow ? " deciding-row" : ""}` },
    cell(
      "th",
      { role: "rowheader", scope: "row", class: "key", title: visible(row.key) },
      { row },
      given(row.short, "short"),
      row.group === "" ? null : [" ", given(row.group, "group")],
    ),
    participants.map((_, index) =>
      askCell(row, participants, index, asks.get(index), isDecidingRow && deciding?.participant === index),
    ),
    cell(
      "td",
      { role: "gridcell", class: "granted-value" },
      { row },
      element("span", { class: "who", "aria-hidden": "true" }, "granted"),
      valueOf(row.granted || "unset", kLineOfGranted, row.granted === "" || row.granted === "unset" ? "unset" : ""),
    ),
    cell(
      "td",
      { role: "gridcell", class: `decision${noAskDecides ? " deciding" : ""}` },
      { row },
      badge(row.state, row.word),
    ),
  );
}

const kFilters = [
  { name: "problems", words: "Problems", keeps: (row) => row.isProblem },
  { name: "asked", words: "Asked", keeps: (row) => row.asks.length > 0 || row.isProblem },
  { name: "all", words: "All keys", keeps: () => true },
];

// Draws the rows that the filter keeps.
function drawMatrix(negotiation, filter) {
  const deciding = decidingAsk(negotiation.report);
  const rows = negotiation.report.rows.filter(filter.keeps);
  const table = byId("matrix");
  table.className = negotiation.participants.length > kMostInCards ? "many" : "few";
  table.replaceChildren(
    headOfMatrix(negotiation),
    element(
      "tbody",
      { role: "rowgroup" },
      rows.map((row) => rowOfMatrix(row, negotiation, deciding)),
    ),
  );
  table.setAttribute("aria-rowcount", rows.length + 1);
  table.setAttribute("aria-colcount", negotiation.participants.length + 3);
}

// A filter that would show nothing, or the same as the one before, is not offered.
function filtersOf({ report }) {
  return kFilters
    .map((filter) => ({ filter, count: report.rows.filter(filter.keeps).length }))
    .filter(({ count }, index, all) => count > 0 && (index === 0 || count !== all[index - 1].count));
}

// The first view: the problems where there is little room, else what was asked.
function firstFilter(negotiation) {
  const offered = filtersOf(negotiation).map(({ filter }) => filter);
  const wanted = window.matchMedia("(max-width: 40rem)").matches ? "problems" : "asked";
  return offered.find(({ name }) => name === wanted) ?? offered[0] ?? kFilters.at(-1);
}

function drawFilter(negotiation, chosen, choose) {
  const choices = filtersOf(negotiation);
  const legend = byId("filter").firstElementChild;
  byId("filter").replaceChildren(
    legend,
    ...choices.map(({ filter, count }) => {
      const button = element("input", {
        type: "radio",
        name: "filter",
        value: filter.name,
        checked: filter === chosen,
      });
      button.addEventListener("change", () => choose(filter));
      return element(
        "label",
        {},
        button,
        element("span", {}, `${filter.words} `, element("span", { class: "count" }, String(count))),
      );
    }),
  );
  byId("filter").hidden = choices.length < 2;
}

function drawLegend(negotiation) {
  const words = {
    granted: "as asked",
    weakened: "denied",
    refused: "refused",
    quiet: "nobody's wish",
    open: "not decided",
  };
  const seen = Object.keys(words).filter((state) => negotiation.report.rows.some((row) => row.state === state));
  fill(
    "legend",
    seen.map((state) => element("span", { class: `sample ${state}` }, symbol(state), words[state])),
  );
}
