/** How many keys a client remembers. */
const REMEMBERED = 64;

/** What one client has written or seen: the highest version of each key that it touched lately. */
export class Session {
  readonly name: string;
  readonly #versions = new Map<string, string>();

  constructor(name: string) {
    this.name = name;
  }

  versionOf(key: string): string | undefined {
    return this.#versions.get(key);
  }

  see(key: string, version: string | null): void {
    if (version === null) return;
    const known = this.#versions.get(key);
    this.#versions.delete(key);
    this.#versions.set(key, known !== undefined && BigInt(known) > BigInt(version) ? known : version);
    if (this.#versions.size <= REMEMBERED) return;
    const [oldest] = this.#versions.keys();
    if (oldest !== undefined) this.#versions.delete(oldest);
  }
}
