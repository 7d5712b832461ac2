/** A version as an ETag: `"812"`. */
export function entityTag(version: string): string {
  return `"${version}"`;
}

/** What `If-Match` or `If-None-Match` lists: anything, or these tags. */
export type TagCondition = '*' | readonly EntityTag[];

export interface EntityTag {
  readonly weak: boolean;
  readonly value: string;
}

const oneTag = /\s*(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"\s*(?:,|$)/y;

/** Parses a list of entity tags (RFC 9110, 8.8.3); undefined when it is malformed. */
export function parseTagCondition(header: string): TagCondition | undefined {
  if (header.trim() === '*') return '*';
  const tags: EntityTag[] = [];
  let position = 0;
  while (position < header.length) {
    oneTag.lastIndex = position;
    const match = oneTag.exec(header);
    if (match === null) return undefined;
    tags.push({ weak: match[1] !== undefined, value: match[2] ?? '' });
    position = oneTag.lastIndex;
  }
  return tags.length === 0 ? undefined : tags;
}

/** Strong comparison, for `If-Match`: weak tags never match, and nothing matches what is not there. */
export function matchesStrongly(condition: TagCondition, version: string | null): boolean {
  if (version === null) return false;
  return condition === '*' || condition.some((tag) => !tag.weak && tag.value === version);
}

/** Weak comparison, for `If-None-Match`. */
export function matchesWeakly(condition: TagCondition, version: string | null): boolean {
  if (version === null) return false;
  return condition === '*' || condition.some((tag) => tag.value === version);
}
