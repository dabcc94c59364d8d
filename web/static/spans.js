/* Marks spans of a text in the HTML that shows it. Offsets count code points, as the engine does. */

/** The text nodes of an element, in order. */
export const textNodes = (element) => {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  const nodes = [];
  while (walker.nextNode()) nodes.push(walker.currentNode);
  return nodes;
};

/** Put what stands at start…end (UTF-16 offsets in the element's text) into elements of a class. */
export const wrap = (element, start, end, className, title) => {
  let at = 0;
  for (const node of textNodes(element)) {
    const length = node.data.length;
    const from = Math.max(start - at, 0);
    const to = Math.min(end - at, length);
    at += length;
    if (from >= to || !node.data.slice(from, to).trim()) continue;
    const inside = node.splitText(from);
    inside.splitText(to - from);
    const marked = document.createElement("span");
    marked.className = className;
    if (title) marked.title = title;
    inside.replaceWith(marked);
    marked.append(inside);
  }
};

/** An offset in code points as one in UTF-16 units. */
export const inUnits = (text, points) => {
  let units = 0;
  for (const character of text) {
    if (points-- <= 0) break;
    units += character.length;
  }
  return units;
};
