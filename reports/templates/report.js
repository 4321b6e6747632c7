"use strict";
// Sorting, finding and the trees behind the figures. Data is put in as text only.
const { nodes, months, at } = JSON.parse(document.getElementById("lineage").textContent);

function element(tag, text, name) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (name) made.className = name;
  return made;
}

function key(cell) {
  if (cell.dataset.v !== undefined) return Number(cell.dataset.v);
  return cell.dataset.g || cell.textContent;
}

// Numbers before texts, and cells without either last in both directions.
function compare(a, b, turn) {
  if (a === "" || b === "") return (a === "") - (b === "");
  if (typeof a === "number" && typeof b === "number") return turn * (a - b);
  if (typeof a === "number") return -turn;
  if (typeof b === "number") return turn;
  return turn * a.localeCompare(b, "en", { numeric: true });
}

function sort(head) {
  const table = head.closest("table");
  const place = [...head.parentNode.children].indexOf(head);
  const down = head.getAttribute("aria-sort") === "ascending";
  for (const other of head.parentNode.children) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
  const body = table.tBodies[0];
  const all = [...body.rows];
  const sums = all.filter((row) => row.classList.contains("sum"));
  const rows = all.filter((row) => !sums.includes(row));
  rows.sort((a, b) => compare(key(a.cells[place]), key(b.cells[place]), down ? -1 : 1));
  for (const row of rows) {
    const first = row.cells[0];
    if (!first.textContent && first.dataset.g) first.textContent = first.dataset.g;
  }
  body.append(...rows, ...sums);
}

function find(input) {
  const words = input.value.toLowerCase();
  for (const row of input.parentNode.querySelector("tbody").rows)
    row.hidden = !row.textContent.toLowerCase().includes(words);
}

// `month` is a place in `months`; where it is -1, values are those of the whole plan.
function said(name, month) {
  const line = element("span");
  const value = month >= 0 && at[name] ? at[name][month] : nodes[name].value;
  line.append(element("code", name), " = ", element("strong", value));
  return line;
}

function filled(box, name, month) {
  const node = nodes[name];
  if (node.meaning) box.append(element("p", node.meaning, "m"));
  if (node.formula.length) box.append(element("pre", node.formula.join("\n")));
  if (node.place) box.append(element("p", node.place, "m"));
  for (const [path, value, confidence, place, source] of node.cells) {
    const line = element("div", undefined, "leaf");
    line.append(element("code", path), " = ", element("strong", value), ` ${confidence} `);
    line.append(element("span", [place, source].filter(Boolean).join(" · "), "m"));
    box.append(line);
  }
  if (node.more) box.append(element("p", `... and ${node.more} more`, "m"));
  for (const parent of node.parents || []) box.append(branch(parent, month));
}

function branch(name, month) {
  const box = element("details");
  const summary = element("summary");
  summary.append(said(name, month));
  box.append(summary);
  box.addEventListener("toggle", () => {
    if (box.open && box.childElementCount === 1) filled(box, name, month);
  });
  return box;
}

// The head of the column in which a figure stands; nothing for one in a tile.
function headOf(figure) {
  const row = figure.closest("tr");
  if (!row) return "";
  return row.closest("table").tHead.rows[0].cells[figure.closest("td, th").cellIndex].textContent;
}

// What the figure is called where it stands: the label of its tile, or the first cells of its row.
function called(figure) {
  const tile = figure.closest(".facts > div");
  if (tile) return tile.firstChild.textContent;
  const row = figure.closest("tr");
  const head = headOf(figure);
  const texts = [row.cells[0].dataset.g || row.cells[0].textContent];
  if (row.cells[1] && !row.cells[1].classList.contains("n")) texts.push(row.cells[1].textContent);
  return [...texts.filter((text) => text !== figure.textContent), head].join(", ");
}

function explain(name, figure) {
  const dialog = document.getElementById("why");
  const tree = document.getElementById("tree");
  const head = headOf(figure);
  const month = /^\d{4}$/.test(head) ? months.findIndex((each) => each.startsWith(head)) : -1;
  const when = month < 0 ? "It follows" : `In ${months[month]} it follows`;
  tree.replaceChildren(element("p", `${called(figure)}: ${figure.textContent}. ${when} from:`));
  if (nodes[name]) {
    tree.append(element("h3", ""));
    tree.lastChild.append(said(name, month));
    filled(tree, name, month);
  } else {
    tree.append(element("p", `planner explain says why: ${name}`));
  }
  dialog.showModal();
}

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  const why = target && target.closest(".why");
  const head = target && target.closest("thead th");
  if (why) explain(why.dataset.q, why);
  else if (head) sort(head);
  else if (target && (target.id === "close" || target.id === "why")) document.getElementById("why").close();
});
document.addEventListener("input", (event) => {
  if (event.target.type === "search") find(event.target);
});
