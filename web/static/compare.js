/* Lines between the columns of the side-by-side view: where each passage went. */

const SVG = "http://www.w3.org/2000/svg";

const middle = (element, frame) => {
  const box = element.getBoundingClientRect();
  return { left: box.left - frame.left, right: box.right - frame.left, y: box.top - frame.top + Math.min(18, box.height / 2) };
};

/** Draw the lines anew. */
export const drawMoves = (answer) => {
  const compared = answer.querySelector(".compared");
  if (!compared) return;
  compared.querySelector("svg")?.remove();
  const columns = [...compared.querySelectorAll("section")];
  const frame = compared.getBoundingClientRect();
  if (columns.length < 2 || columns[1].offsetTop !== columns[0].offsetTop) return; // one beneath another
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("width", String(frame.width));
  svg.setAttribute("height", String(frame.height));
  columns.slice(1).forEach((column, at) => {
    for (const item of column.querySelectorAll("li")) {
      const other = columns[at].querySelector(`li[data-passage="${CSS.escape(item.dataset.passage)}"]`);
      if (!other) continue;
      const from = middle(other, frame);
      const to = middle(item, frame);
      const line = document.createElementNS(SVG, "path");
      const bend = (to.left - from.right) / 2;
      line.setAttribute(
        "d",
        `M${from.right} ${from.y} C${from.right + bend} ${from.y} ${to.left - bend} ${to.y} ${to.left} ${to.y}`,
      );
      svg.append(line);
    }
  });
  compared.prepend(svg);
};
