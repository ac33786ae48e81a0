/** `user=*, method:*` → what stands for the stars, each as short as can be, the last one to the end; undefined when it does not fit. */
export function globOf(pattern: string): (text: string) => readonly string[] | undefined {
  const pieces = pattern.split('*');
  return (text) => {
    const found: string[] = [];
    const [first = '', ...rest] = pieces;
    let at = text.indexOf(first);
    if (at === -1) return undefined;
    at += first.length;
    for (const [index, piece] of rest.entries()) {
      const isLast = index === rest.length - 1;
      const to = isLast && piece === '' ? text.length : text.indexOf(piece, at);
      if (to === -1) return undefined;
      found.push(text.slice(at, to));
      at = to + piece.length;
    }
    return found;
  };
}
