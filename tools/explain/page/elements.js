// SPDX-License-Identifier: Apache-2.0
//
// Elements made of data. Data gets into the page as text of nodes and as values of attributes named here, never as
// markup: everything in a negotiation may come from a hostile process.

const byId = (id) => document.getElementById(id);

// Attributes and children, which are nodes or texts. `null`, `undefined` and `false` are left out.
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    made.setAttribute(attribute, value === true ? "" : String(value));
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

function symbol(name) {
  const namespace = "http://www.w3.org/2000/svg";
  const picture = document.createElementNS(namespace, "svg");
  picture.setAttribute("class", `symbol ${name}`);
  picture.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(namespace, "use");
  use.setAttribute("href", `#symbol-${name}`);
  picture.append(use);
  return picture;
}

// Characters that are invisible or change the direction of what follows are shown by their numbers.
const kUnseen = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

function visible(text) {
  return text.replace(kUnseen, (character) => {
    const number = character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
    return `⟨U+${number}⟩`;
  });
}

// A text from the file. Its direction stays its own, and a word that no column has room for is broken.
function given(text, kind = "") {
  const isLong = /\S{30}/.test(text);
  return element("span", { class: `given ${kind} ${isLong ? "long" : ""}`.trim(), dir: "auto" }, visible(text));
}

const badge = (state, words) => element("span", { class: `badge ${state}` }, symbol(state), words);

// Shows the element with these children, or hides it if there are none.
function fill(id, ...children) {
  const target = byId(id);
  target.replaceChildren(...children.flat().filter(Boolean));
  target.hidden = target.childNodes.length === 0;
  return target;
}

const plural = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;
