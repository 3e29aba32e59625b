// SPDX-License-Identifier: Apache-2.0
//
// The panel that says why: of a key, of what one participant asks for it, or of a participant.

const kMostNamed = 6; // participants that are named for one value; the others are counted

// Equal asks together: each text with the participants that ask it.
function groupsOfAsks(row, participants) {
  const groups = new Map();
  for (const ask of row.asks) groups.set(ask.text, [...(groups.get(ask.text) ?? []), ask.participant]);
  return [...groups].map(([text, indices]) => ({ text, names: indices.map((index) => participants[index].name) }));
}

function namesOf(names) {
  const shown = names.slice(0, kMostNamed).flatMap((name, index) => [index === 0 ? null : ", ", given(name)]);
  return names.length > kMostNamed ? [...shown, ` and ${names.length - kMostNamed} more`] : shown;
}

const kSuggestionStates = new Map([
  ["verified", { state: "granted", words: "tried: then it reconciles" }],
  ["not_enough", { state: "weakened", words: "not enough" }],
  ["needs_value", { state: "value", words: "needs a value from you" }],
]);

function stateOfSuggestion({ state, then }) {
  const { state: mark, words } = kSuggestionStates.get(state) ?? { state: "open", words: "not tried" };
  const made = element("span", { class: `badge ${mark}` }, symbol(mark), words);
  if (then === "") return [made];
  const verb = state === "verified" ? "and the key becomes " : "then ";
  return [made, element("span", { class: "then" }, verb, given(then))];
}

// A list that is left apart is negotiated for itself, whatever it asks; the key is only why.
function changeInWords({ kind, key, text }) {
  const named = element("code", {}, given(key));
  if (kind === "leave_apart") return "negotiate its list apart from the others";
  if (kind === "leave_out") return ["leave out ", named];
  return ["set ", named, text === "" ? null : [" to ", element("code", {}, given(text))]];
}

// Equal changes together.
function changesOf(suggestion, participants) {
  if (suggestion.changes.length === 0) return null;
  const groups = new Map();
  for (const change of suggestion.changes) {
    const words = JSON.stringify([change.kind, change.key, change.text]);
    const names = groups.get(words)?.names ?? [];
    groups.set(words, { change, names: [...names, participants[change.participant].name] });
  }
  return element(
    "ul",
    { class: "edits" },
    [...groups.values()].map(({ change, names }) =>
      element("li", {}, element("span", { class: "who" }, namesOf(names)), ": ", changeInWords(change)),
    ),
  );
}

const term = (word, ...content) => [element("dt", {}, word), element("dd", {}, ...content)];

function askOf(row, index, { participants }) {
  const ask = row.asks.find((one) => one.participant === index);
  const name = given(participants[index].name, "who");
  if (ask === undefined) return element("p", { class: "asked" }, name, " does not ask for this key.");
  return element("p", { class: "asked" }, name, " asks ", given(ask.text, "value"));
}

// The reason of a conflict is who asks what and the rule, which stand below it.
function reasonInWords(row) {
  if (row.reasonCode === "conflict" && row.asks.length > 0 && row.rule !== "") return null;
  return element("p", { class: "why" }, given(row.reason || kWithoutReason[row.word] || "No reason was recorded."));
}

function reasonOfRow({ row, participant }, negotiation) {
  const groups = groupsOfAsks(row, negotiation.participants);
  return [
    element("div", { class: "outcome" }, element("h3", {}, titleOfKey(row)), badge(row.state, row.word)),
    participant === undefined ? null : askOf(row, participant, negotiation),
    reasonInWords(row),
    element(
      "dl",
      { class: "derivation" },
      row.ruleText === "" && row.rule === "" ? null : term("Rule", given(row.ruleText || row.rule)),
      groups.length === 0
        ? term("Asked", "by nobody")
        : term(
            "Asked",
            element(
              "ul",
              {},
              groups.map(({ text, names }) => element("li", {}, given(text, "value"), " by ", namesOf(names))),
            ),
          ),
      row.granted === "" ? null : term("Granted", given(row.granted, "value")),
      term("Key", given(row.key, "value")),
    ),
    row.suggestions.map((suggestion, index) =>
      element(
        "div",
        { class: "suggestion" },
        element("h4", {}, index === 0 ? "To change" : "Or"),
        element("p", {}, given(suggestion.text)),
        changesOf(suggestion, negotiation.participants),
        element("p", {}, stateOfSuggestion(suggestion)),
      ),
    ),
  ];
}

// For decisions that come without words of their own.
const kWithoutReason = {
  "as asked": "Granted as asked.",
  adjusted: "Granted in another form.",
  default: "Nobody asked; this is the default.",
  computed: "Nobody asked; this follows from the other keys.",
  "not decided": "Nothing has been decided about this key.",
};

function reasonOfParticipant({ participant: index }, { participants, report }) {
  const { name, peer } = participants[index];
  const asked = report.rows.flatMap((row) =>
    row.asks.filter((ask) => ask.participant === index).map((ask) => ({ row, ask })),
  );
  return [
    element(
      "div",
      { class: "outcome" },
      element("h3", {}, given(name)),
      element("span", { class: "badge" }, `participant ${index + 1} of ${participants.length}`),
    ),
    peer === ""
      ? null
      : element("p", {}, "Its list came from another process, by the endpoint ", given(peer, "value"), "."),
    element(
      "p",
      { class: "why" },
      asked.length === 0 ? "It asks for nothing." : `It asks for ${plural(asked.length, "key")}.`,
    ),
    element(
      "dl",
      { class: "derivation" },
      asked.map(({ row, ask }) => term(titleOfKey(row), given(ask.text, "value"))),
    ),
  ];
}

function drawReason(subject, negotiation) {
  const content = subject.row ? reasonOfRow(subject, negotiation) : reasonOfParticipant(subject, negotiation);
  byId("reason-text").replaceChildren(...content.flat().filter(Boolean));
}

// What a screen reader says beside the cell itself.
function spokenReason({ row }) {
  if (row === undefined) return "";
  return visible(`${titleOfKey(row)}, ${row.word}. ${row.reason || kWithoutReason[row.word] || ""}`);
}
