import type { Process } from './process.ts';
import { RelayHost } from './relay-host.ts';
import { ReplicaHost } from './replica-host.ts';
import type { World } from './world.ts';

/** The processes: which run now, and which come back after they died. */
export class Hosts {
  readonly #world: World;
  readonly #replicas = new Map<string, ReplicaHost>();
  readonly #relays = new Map<string, RelayHost>();
  #incarnations = 0;
  #schemaVersion = 1;

  constructor(world: World) {
    this.#world = world;
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

  /** A rolling deploy: the next replica comes up with this schema version, the others stay. */
  deploy(schemaVersion: number): void {
    this.#schemaVersion = schemaVersion;
    const [name] = this.#replicas.keys();
    if (name === undefined) return;
    this.process(name)?.kill();
    this.#start(name);
    this.#schemaVersion = 1;
  }

  restartAll(): void {
    for (const name of [...this.#replicas.keys(), ...this.#relays.keys()]) this.restart(name);
  }

  #start(name: string): void {
    const incarnation = this.#incarnations++;
    if (name.startsWith('relay')) this.#relays.set(name, new RelayHost(this.#world, name, incarnation));
    else this.#replicas.set(name, new ReplicaHost(this.#world, name, incarnation, this.#schemaVersion));
  }
}
