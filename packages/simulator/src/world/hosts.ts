import type { Process } from './process.ts';
import { RelayHost } from './relay-host.ts';
import { ReplicaHost } from './replica-host.ts';
import type { World } from './world.ts';

const GRACE_MS = 100;

/** The processes: which run now, and which come back after they died. */
export class Hosts {
  readonly #world: World;
  readonly #replicas = new Map<string, ReplicaHost>();
  readonly #relays = new Map<string, RelayHost>();
  #incarnations = 0;
  readonly #schemaVersions: number[];

  constructor(world: World) {
    this.#world = world;
    this.#schemaVersions = [...world.plan.schemaVersions];
    for (let index = 0; index < world.plan.relays; index++) this.#start(`relay-${index}`);
    for (let index = 0; index < world.plan.replicas; index++) this.#start(`replica-${index}`);
  }

  get replicas(): ReplicaHost[] {
    return [...this.#replicas.values()];
  }

  replica(index: number): ReplicaHost | undefined {
    return this.#replicas.get(`replica-${index}`);
  }

  process(name: string): Process | undefined {
    return (this.#replicas.get(name) ?? this.#relays.get(name))?.process;
  }

  /** Starts `name` anew if it is dead. */
  restart(name: string): void {
    if (this.process(name)?.alive === false) this.#start(name);
  }

  /** A rolling deploy: the first replica comes up anew with this schema version, the others stay. */
  deploy(schemaVersion: number): void {
    this.#schemaVersions[0] = schemaVersion;
    this.process('replica-0')?.kill();
    this.#start('replica-0');
  }

  /** As on SIGTERM: what it holds is given back. The process is over a little later, whatever it has got done. */
  shutDown(name: string): void {
    const host = this.#replicas.get(name) ?? this.#relays.get(name);
    if (host === undefined) return;
    host.stop().catch(() => {
      // What could not be given back runs out by itself.
    });
    this.#world.scheduler.after(GRACE_MS, () => host.process.kill());
  }

  killRelays(): void {
    for (const { process } of this.#relays.values()) process.kill();
  }

  restartAll(): void {
    for (const name of [...this.#replicas.keys(), ...this.#relays.keys()]) this.restart(name);
  }

  #start(name: string): void {
    const incarnation = this.#incarnations++;
    if (name.startsWith('relay')) this.#relays.set(name, new RelayHost(this.#world, name, incarnation));
    else {
      const schemaVersion = this.#schemaVersions[Number(name.slice('replica-'.length))] ?? 1;
      this.#replicas.set(name, new ReplicaHost(this.#world, name, incarnation, schemaVersion));
    }
  }
}
