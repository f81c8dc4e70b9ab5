/** The element a selector names, of the kind that has to be there. */
export function find<E extends Element>(root: ParentNode, selector: string, kind: new () => E): E {
  const found = root.querySelector(selector);
  if (found instanceof kind) return found;
  throw new Error(`the page has no ${kind.name} at \`${selector}\``);
}

/** The part of a copied template, or of a section, that carries a name. */
export function part<E extends Element = HTMLElement>(
  root: ParentNode,
  name: string,
  kind = HTMLElement as unknown as new () => E,
): E {
  return find(root, `[data-part="${name}"]`, kind);
}

/** A fresh copy of the one element in a template. */
export function copyOf(template: string): HTMLElement {
  const { content } = find(document, `template#${template}`, HTMLTemplateElement);
  const copy = document.importNode(content, true).firstElementChild;
  if (copy instanceof HTMLElement) return copy;
  throw new Error(`the template \`${template}\` is empty`);
}

/** Writes texts into the parts of an element. As text only, whatever they look like. */
export function write(root: ParentNode, texts: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(texts)) part(root, name).textContent = text;
}
